"""Mirage-Test (Guo et al. 2025): recent generators, in five domains of content."""

from __future__ import annotations

from unmask.datasets.places import FolderAdapter, Place

_DOMAINS = ("Human", "Animal", "Object", "Scene", "Anime")


class Mirage(FolderAdapter):
    """The test part alone: the training part is not public.

    Domains are the folders, and the source of reals; which generator made a picture is not told.
    """

    name = "mirage"
    title = "Mirage-Test"
    licence = "MIT as its repository's badge says"
    citation = (
        "Guo, Ye, Zhang, Kang, Fu, He, Li: OmniAID: Decoupling Semantic and Artifacts for "
        "Universal AI-Generated Image Detection in the Wild. arXiv 2511.08423, 2025"
    )
    url = "https://huggingface.co/datasets/Yunncheng/Mirage-Test"
    kinds = ("image",)
    splits = "everything is test"
    layout = """
        {Human|Animal|Object|Scene|Anime}/0_real/**
        {Human|Animal|Object|Scene|Anime}/1_fake/**
    """
    places = tuple(
        Place(
            f"{domain}/{side}/**",
            label,
            {"source": f"Mirage {domain}", "split": "test"}
            | ({"family": "generated", "generator": "Mirage"} if label else {}),
        )
        for domain in _DOMAINS
        for label, side in enumerate(("0_real", "1_fake"))
    )
