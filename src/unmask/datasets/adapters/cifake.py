"""CIFAKE (Bird and Lotfi 2024): pictures of CIFAR-10 against copies by Stable Diffusion."""

from __future__ import annotations

from unmask.datasets.places import FolderAdapter, Place

_REAL = {"source": "CIFAR-10"}
_FAKE = {"source": "CIFAKE", "generator": "Stable Diffusion 1.4", "family": "generated"}


class Cifake(FolderAdapter):
    """Pictures of 32 by 32 pixels.

    The fakes were made large and shrunk, the reals are as CIFAR-10 has them: a detector may learn
    how a picture was resized and nothing else.
    """

    name = "cifake"
    title = "CIFAKE"
    licence = "MIT as its page says; CIFAR-10: its authors' terms"
    citation = (
        "Bird, Lotfi: CIFAKE: Image Classification and Explainable Identification of AI-Generated "
        "Synthetic Images. IEEE Access 2024"
    )
    url = "https://www.kaggle.com/datasets/birdy654/cifake-real-and-ai-generated-synthetic-images"
    kinds = ("image",)
    splits = "the folders train and test; validation is split off training"
    layout = """
        train/REAL/*.jpg and train/FAKE/*.jpg (50,000 each)
        test/REAL/*.jpg and test/FAKE/*.jpg (10,000 each)
    """
    carves_val = True
    places = (
        Place("train/REAL/*", 0, {**_REAL, "split": "train"}, whole=50000),
        Place("train/FAKE/*", 1, {**_FAKE, "split": "train"}, whole=50000),
        Place("test/REAL/*", 0, {**_REAL, "split": "test"}, whole=10000),
        Place("test/FAKE/*", 1, {**_FAKE, "split": "test"}, whole=10000),
    )
