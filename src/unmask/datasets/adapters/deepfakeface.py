"""DeepFakeFace (Song et al. 2023): celebrities of IMDB-WIKI, and three forgeries of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place


class DeepFakeFace(FolderAdapter):
    """The same relative path names a photograph and what was made of it.

    The first part of a name is the person's number at Wikipedia, and the group.
    """

    name = "deepfakeface"
    title = "DeepFakeFace"
    licence = "Apache-2.0 in its repository, OpenRAIL on Hugging Face; photographs: IMDB-WIKI"
    citation = (
        "Song, Huang, Dong, Tu: Robustness and Generalizability of Deepfake Detection: A Study "
        "with Diffusion Models. arXiv 2309.02218, 2023"
    )
    url = "https://huggingface.co/datasets/OpenRL/DeepFakeFace"
    kinds = ("image",)
    splits = "none exist; persons are split by a hash"
    layout = """
        wiki/00/10049200_1891-09-16_1958.jpg (real)
        inpainting/00/…, insight/00/…, text2img/00/… (the same names)
    """
    official = False
    places = (
        Place("wiki/**", 0, {"source": "IMDB-WIKI"}, whole=30000),
        Place("inpainting/**", 1, {"generator": "Stable Diffusion Inpainting",
                                   "family": "inpainting", "source": "DeepFakeFace"}, whole=30000),
        Place("insight/**", 1, {"generator": "InsightFace", "family": "face-swap",
                                "source": "DeepFakeFace"}, whole=30000),
        Place("text2img/**", 1, {"generator": "Stable Diffusion 1.5", "family": "generated",
                                 "source": "DeepFakeFace"}, whole=30000),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """The person is the first part of the name."""
        person = item.path.rpartition("/")[2].split("_")[0]
        return replace(item, group=person, subject=person)
