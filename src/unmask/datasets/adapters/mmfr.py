"""MMFR (Gao et al. 2025): generated pictures of ten models, and reasons why they look so."""

from __future__ import annotations

from unmask.datasets.places import FolderAdapter, Place


class MMFR(FolderAdapter):
    """Training pictures of DiffusionDB and LAION; ten sets of evaluation, one a generator."""

    name = "mmfr"
    title = "MMFR"
    licence = "none stated; DiffusionDB: CC0; LAION: pictures as their owners say"
    citation = (
        "Gao, Chang, Yu, Qin, Chen, Liang, Ma: FakeReasoning: Towards Generalizable Forgery "
        "Detection and Reasoning. arXiv 2503.21210, 2025"
    )
    url = "https://huggingface.co/datasets/AnnaGao/MMFR-Dataset"
    kinds = ("image",)
    splits = "evaluation_sets is test; the rest is train, of which validation is split off"
    layout = """
        diffusiondb/part-000001/*.png (forged)
        laion/00000/*.jpg (real)
        evaluation_sets/GENERATOR/0_real/* and evaluation_sets/GENERATOR/1_fake/*
    """
    carves_val = True
    places = (
        Place("diffusiondb/**", 1, {"generator": "DiffusionDB", "family": "generated",
                                    "source": "DiffusionDB", "split": "train"}),
        Place("laion/**", 0, {"source": "LAION", "split": "train"}),
        Place("evaluation_sets/{generator}/1_fake/**", 1,
              {"family": "generated", "source": "MMFR", "split": "test"}),
        Place("evaluation_sets/{set}/0_real/**", 0, {"source": "MMFR {set}", "split": "test"}),
    )  # fmt: skip
