"""RAID (Eddoubi et al. 2025): pictures of D3 changed so that seven detectors err."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place


class Raid(FolderAdapter):
    """Originals and adversarial copies; ``condition`` is "clean" or the budget ("epsilon32").

    A copy holds its change in eight-bit pixels: whatever is resized or saved again before it is
    judged is another, weaker attack. A picture is called forged for its generator, not for the
    attack: copies of real pictures stay real.
    """

    name = "raid"
    title = "RAID"
    licence = "CC BY 4.0 for D3; real pictures as their owners say"
    citation = (
        "Eddoubi, Ricker, Cocchi, Baraldi et al.: RAID: A Dataset for Testing the Adversarial "
        "Robustness of AI-Generated Image Detectors. arXiv 2506.03988, 2025"
    )
    url = "https://huggingface.co/datasets/aimagelab/RAID"
    kinds = ("image",)
    splits = "none exist; everything is test, as in the paper"
    layout = """
        original/{real|gen_0|gen_1|gen_2|gen_3}/*
        epsilon32/{real|gen_0|gen_1|gen_2|gen_3}/* (the same names)
    """
    places = (
        Place("original/real/*", 0, {"condition": "clean", "source": "LAION"}),
        Place("{condition}/real/*", 0, {"source": "LAION"}, but=("original",)),
        Place("original/{generator}/*", 1, {"condition": "clean", "source": "D3",
              "family": "generated"}, but=("real",)),
        Place("{condition}/{generator}/*", 1, {"source": "D3", "family": "generated"},
              but=("real", "original")),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """A picture, its copy and what else was made of it are one group."""
        stem = item.path.rpartition("/")[2].rpartition(".")[0]
        return replace(item, split="test", group=stem.split("_gen")[0].split("_real")[0])
