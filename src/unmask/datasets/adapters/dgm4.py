"""DGM4 (Shao et al. 2023): news pictures and captions, either or both forged."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.news_pairs import forged_face, forged_words, pairs
from unmask.datasets.on_disk import DatasetFolder


class DGM4(Adapter):
    """Pairs by the metadata; ``box`` is the forged face, ``tokens`` the forged words."""

    name = "dgm4"
    title = "DGM4"
    licence = "as its page says; the pictures by the terms of VisualNews"
    citation = "Shao, Wu, Liu: Detecting and Grounding Multi-Modal Media Manipulation. CVPR 2023"
    url = "https://huggingface.co/datasets/rshaojimmy/DGM4"
    kinds = ("imagetext",)
    splits = "metadata/train.json, val.json and test.json"
    layout = """
        DGM4/metadata/train.json, val.json, test.json
        DGM4/origin/{bbc|gardian|usa_today|washington_post}/…/*.jpg
        DGM4/manipulation/{simswap|infoswap|HFGI|StyleCLIP}/*.jpg
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a pair; the news number is its group."""
        for split, number, row in pairs(folder, "DGM4/metadata"):
            yield self._item(row, split, number)

    @staticmethod
    def _item(row: dict[str, Any], split: str, number: int) -> Item:
        image, kind = str(row["image"]), str(row["fake_cls"])
        folders = image.split("/")
        forged = folders[1] == "manipulation"
        return Item(
            item_id=f"{split}:{number}",
            media_id=f"{split}:{number}",
            path=image,
            kind="imagetext",
            label=int(kind != "orig"),
            family="" if kind == "orig" else kind,
            generator=folders[2] if forged else "",
            source="" if forged else folders[2],
            group=str(row["id"]),
            split=split,
            language="en",
            types=() if kind == "orig" else tuple(kind.split("&")),
            box=forged_face(row),
            text=str(row["text"]),
            tokens=forged_words(row),
        )
