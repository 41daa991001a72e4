"""AEGIS (Li et al. 2025): the hard test set, videos of Kling and Sora against real ones."""

from __future__ import annotations

from unmask.datasets.places import FolderAdapter, Place


class Aegis(FolderAdapter):
    """The videos of AEGIS-Full as they lie in their folders; all are test."""

    name = "aegis"
    title = "AEGIS (hard test set)"
    licence = "none stated"
    citation = (
        "Li, Zhang, Zhou: AEGIS: Authenticity Evaluation Benchmark for AI-Generated Video "
        "Sequences. ACM Multimedia 2025"
    )
    url = "https://huggingface.co/datasets/Clarifiedfish/AEGIS-Full"
    kinds = ("video",)
    splits = "everything is test"
    layout = """
        test_data/ai_gen/{kling|sora}/*.mp4 (111 and 107)
        test_data/real/{dvf|youtube}/*.mp4 (109 each)
    """
    places = (
        Place("test_data/ai_gen/kling/*", 1, {"generator": "kling", "family": "generated",
              "split": "test", "source": "AEGIS"}, whole=111),
        Place("test_data/ai_gen/sora/*", 1, {"generator": "sora", "family": "generated",
              "split": "test", "source": "AEGIS"}, whole=107),
        Place("test_data/real/dvf/*", 0, {"split": "test", "source": "DVF"}, whole=109),
        Place("test_data/real/youtube/*", 0, {"split": "test", "source": "YouTube"}, whole=109),
    )  # fmt: skip
