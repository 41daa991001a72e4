"""TwinSynths (Gye et al. 2025): real pictures, and forged ones that look nearly the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_FAMILY = {"family": {"TwinSynths_GAN": "gan", "TwinSynths_DM": "diffusion"}}


class TwinSynths(FolderAdapter):
    """Two halves, of a GAN and of a diffusion model; twins have the same name."""

    name = "twinsynths"
    title = "TwinSynths"
    licence = "none stated"
    citation = (
        "Gye, Ko, Shon, Kwon, Kim: SFLD: Reducing the content bias for AI-generated Image "
        "Detection. WACV 2025"
    )
    url = "https://huggingface.co/datasets/koooooooook/TwinSynths"
    kinds = ("image",)
    splits = "none exist; everything is test, as in the paper"
    layout = """
        TwinSynths_GAN/0_real/* and TwinSynths_GAN/1_fake/*
        TwinSynths_DM/0_real/* and TwinSynths_DM/1_fake/*
    """
    places = (
        Place("TwinSynths_GAN/0_real/**", 0, {"source": "TwinSynths_GAN", "split": "test"}),
        Place("TwinSynths_GAN/1_fake/**", 1, {"source": "TwinSynths_GAN", "split": "test",
              "generator": "TwinSynths_GAN", "family": "TwinSynths_GAN"}, _FAMILY),
        Place("TwinSynths_DM/0_real/**", 0, {"source": "TwinSynths_DM", "split": "test"}),
        Place("TwinSynths_DM/1_fake/**", 1, {"source": "TwinSynths_DM", "split": "test",
              "generator": "TwinSynths_DM", "family": "TwinSynths_DM"}, _FAMILY),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """Twins are one group."""
        stem = item.path.rpartition("/")[2].rpartition(".")[0]
        return replace(item, group=f"{item.source}/{stem}")
