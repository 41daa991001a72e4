"""SAMM (Shen et al. 2025): news pictures and captions that were forged to fit each other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.news_pairs import forged_face, forged_words, pairs
from unmask.datasets.on_disk import DatasetFolder

_TYPES = {
    "orig": (),
    "swap_manipulation": ("face_swap", "text"),
    "attribute_manipulation": ("face_attribute", "text"),
}


class SAMM(Adapter):
    """Pairs by the three lists; ``box`` is the forged face, ``tokens`` the forged words.

    The lists were issued again on 24 July 2025. What they quote of the portfolio of celebrities
    (names, pictures, lives) is not read: no gallery of people is made.
    """

    name = "samm"
    title = "SAMM (semantic-coordinated manipulations)"
    licence = "Apache-2.0 for the code; pictures and captions of news as their owners say"
    citation = (
        "Shen, Wang, Chen, Pu, Zhong: Beyond Artificial Misalignment: Detecting and Grounding "
        "Semantic-Coordinated Multimodal Manipulations. ACM Multimedia 2025"
    )
    url = "https://huggingface.co/datasets/SJJ0854/SAMM"
    kinds = ("imagetext",)
    splits = "jsons/train.json, val.json and test.json"
    layout = """
        jsons/train.json, val.json, test.json
        orig_output/*.jpg, emotion_jpg/*.jpg, swap_jpg/*.jpg
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a pair; the number of the news is its group."""
        for split, number, row in pairs(folder, "jsons"):
            yield self._item(row, split, number)

    @staticmethod
    def _item(row: dict[str, Any], split: str, number: int) -> Item:
        kind = str(row["fake_cls"])
        types = _TYPES[kind]
        return Item(
            item_id=f"{split}:{number}",
            media_id=f"{split}:{number}",
            path=str(row["image"]),
            kind="imagetext",
            label=int(bool(types)),
            family=kind if types else "",
            source="SAMM",
            group=str(row["id"]),
            split=split,
            language="en",
            types=types,
            box=forged_face(row) if types else (),
            text=str(row["text"]),
            tokens=forged_words(row),
        )
