"""D3 (Baraldi et al. 2024): pictures of LAION, and four of diffusion models for each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from unmask.datasets.manifest import Item
from unmask.datasets.places import FolderAdapter, Place

_TAIL = re.compile(r"_(real|gen\d)$")


class ElsaD3(FolderAdapter):
    """Folders of the test archive, with and without the authors' transformations.

    ``gen_0`` to ``gen_3`` are the slots of the four models (Stable Diffusion 1.4, 2.1 and XL,
    DeepFloyd IF); which model filled which slot stands in the parquet files and not in the
    archive, so that the slot is the generator here. Training pictures are read where they were
    written as ``train/real`` and ``train/gen_0`` …; their reals are links that the user follows.
    """

    name = "d3"
    title = "D3 (ELSA)"
    licence = "CC BY 4.0 as its page says; real pictures as their owners say"
    citation = (
        "Baraldi, Cocchi, Cornia, Baraldi, Nicolosi, Cucchiara: Contrasting Deepfakes Diffusion "
        "via Contrastive Learning and Global-Local Similarities. ECCV 2024"
    )
    url = "https://huggingface.co/datasets/elsaEU/ELSA_D3"
    kinds = ("image",)
    splits = "d3_test is test; train and val where they are there"
    layout = """
        d3_test/no_augm/{real|gen_0|gen_1|gen_2|gen_3}/* (d3_test.tar)
        d3_test/augm/{real|gen_0|gen_1|gen_2|gen_3}/* (the same, transformed)
        train/real, train/gen_0 …, val/real, val/gen_0 … (optional)
    """
    places = (
        Place("d3_test/{condition}/real/**", 0, {"source": "LAION", "split": "test"},
              {"condition": {"no_augm": "clean"}}),
        Place("d3_test/{condition}/{generator}/**", 1,
              {"source": "D3", "family": "generated", "split": "test"},
              {"condition": {"no_augm": "clean"}}, ("real",)),
        Place("train/real/**", 0, {"source": "LAION", "split": "train"}, optional=True),
        Place("train/{generator}/**", 1, {"source": "D3", "family": "generated",
              "split": "train"}, but=("real",), optional=True),
        Place("val/real/**", 0, {"source": "LAION", "split": "val"}, optional=True),
        Place("val/{generator}/**", 1, {"source": "D3", "family": "generated", "split": "val"},
              but=("real",), optional=True),
    )  # fmt: skip

    def adjust(self, item: Item, caught: Mapping[str, str]) -> Item:
        """A picture and what was made after its caption are one group."""
        stem = item.path.rpartition("/")[2].rpartition(".")[0]
        return replace(item, group=_TAIL.sub("", stem))
