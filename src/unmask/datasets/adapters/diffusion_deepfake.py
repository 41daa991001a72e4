"""Diffusion Deepfake (Bhattacharyya et al. 2024): faces among pictures made after texts."""

from __future__ import annotations

from dataclasses import replace

from unmask.datasets.listed import ListedAdapter
from unmask.datasets.manifest import Item

_MODELS = {"DiffusionDB-Face": "Stable Diffusion", "JourneyDB-Face": "Midjourney"}


class DiffusionDeepfake(ListedAdapter):
    """Pictures by the user's table; ``source`` is the set, and says what made its forged pictures.

    94,120 real pictures; 24,794 of DiffusionDB and 87,833 of JourneyDB. The layout of the download
    is in no page that could be read.
    """

    name = "diffusion-deepfake"
    title = "Diffusion Deepfake"
    licence = "none found; DiffusionDB: CC0; JourneyDB: its own terms"
    citation = "Bhattacharyya, Wang, Zhang, Kim, Zhu: Diffusion Deepfake. arXiv 2404.01579, 2024"
    url = "https://surrey-uplab.github.io/research/diffusion_deepfake/"
    kinds = ("image",)
    needed = ("source",)
    allowed = {  # noqa: RUF012
        "source": tuple(_MODELS),
        "generator": tuple(_MODELS.values()),
    }
    layout = """
        items.csv, written by you: path, label, generator (Stable Diffusion or Midjourney), \
split, source (DiffusionDB-Face or JourneyDB-Face)
        the pictures, wherever the table says
    """

    def adjust(self, item: Item) -> Item:
        """Raises ValueError where set and generator do not go together."""
        if item.label and _MODELS[item.source] != item.generator:
            raise ValueError(f"{item.path}: pictures of {item.source} are not of {item.generator}")
        return replace(item, family="generated" if item.label else "")
