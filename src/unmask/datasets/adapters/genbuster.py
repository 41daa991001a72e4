"""GenBuster (Wen et al. 2025): real and generated videos, and a bench of three parts."""

from __future__ import annotations

from unmask.datasets.places import FolderAdapter, Place

_TRACKS = ("id", "ood", "wild")


class GenBuster(FolderAdapter):
    """GenBuster-200K trains, GenBuster-Bench tests; ``condition`` is its part (id, ood, wild).

    Which program made a training video is not told.
    """

    name = "genbuster"
    title = "GenBuster"
    licence = "gated on Hugging Face; code BSD-3-Clause"
    citation = (
        "Wen, He, Huang, Li, Yu, Huang, Qi, Wu, Li, Cheng: BusterX: MLLM-Powered AI-Generated "
        "Video Forgery Detection and Explanation. arXiv 2505.12620, 2025"
    )
    url = "https://huggingface.co/datasets/l8cv/GenBuster-200K"
    kinds = ("video",)
    splits = "train is train, the bench is test; validation is split off training"
    layout = """
        train/real/**, train/fake/** (GenBuster-200K or -mini)
        GenBuster-Bench/{id|ood|wild}/real/**
        GenBuster-Bench/{id|ood|wild}/fake/GENERATOR/**
    """
    carves_val = True
    places = (
        Place("train/real/**", 0, {"split": "train", "source": "GenBuster-200K"}),
        Place("train/fake/**", 1, {"split": "train", "source": "GenBuster-200K",
                                   "family": "generated"}),
        *(Place(f"GenBuster-Bench/{track}/real/**", 0,
                {"split": "test", "condition": track, "source": f"GenBuster-Bench {track}"})
          for track in _TRACKS),
        *(Place(f"GenBuster-Bench/{track}/fake/{{generator}}/**", 1,
                {"split": "test", "condition": track, "source": f"GenBuster-Bench {track}",
                 "family": "generated"})
          for track in _TRACKS),
    )  # fmt: skip
