"""FineFake (Zhou et al. 2024): news with pictures, true or false, and what makes them false."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.closed_pickle import pickled_rows
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder
from unmask.errors import DataError

_COLUMNS = ("text", "image_path", "topic", "label", "fine-grained label", "platform", "author")
_FINE = (
    "", "text-image-inconsistency", "content-knowledge-inconsistency", "text-based",
    "image-based", "other-false-news",
)  # fmt: skip
_HINT = (
    "If you trust the file, write these columns with pandas into FineFake.csv beside it, which is "
    "read instead: " + ", ".join(_COLUMNS)
)


class FineFake(Adapter):
    """Pictures with texts by one table. In the table 1 is true and 0 false; here 1 is forged.

    ``family``: what is false of it. A false piece of news may hold an untouched picture and an
    honest sentence: "image-based" alone speaks of the picture. Over two thousand rows repeat a
    text: its hash is the group. Short texts are mostly false and long ones mostly true, by where
    they come from. The table is a pickle; only the parts of a table may stand in it.
    """

    name = "finefake"
    title = "FineFake"
    licence = "none stated; texts and pictures as their owners say"
    citation = (
        "Zhou, Zhang, Zhang, Liu, Wang, Liu, Zhang, Li, Yu: FineFake: A Knowledge-Enriched Dataset "
        "for Fine-Grained Multi-Domain Fake News Detection. arXiv 2404.01336, 2024"
    )
    url = "https://github.com/Accuser907/FineFake"
    kinds = ("imagetext",)
    splits = "none exist; texts are split by a hash"
    layout = """
        FineFake.pkl (or FineFake.csv: the same columns)
        Image/… (as the column image_path says)
    """
    official = False

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a row whose picture the table names."""
        place = folder.one_of("FineFake.csv", "FineFake.pkl")
        rows = list(self._rows(folder, place))
        named = {row["image_path"]: None for row in rows if isinstance(row["image_path"], str)}
        if blind := sum(not isinstance(row["image_path"], str) for row in rows):
            folder.notes.append(f"{blind} rows without a picture are left out.")
        there = set(folder.present(named, f"pictures of {place}"))
        for number, row in enumerate(rows):
            if row["image_path"] in there:
                yield self._item(folder, place, number, row)

    @staticmethod
    def _rows(folder: DatasetFolder, place: str) -> Iterator[dict[str, Any]]:
        if place.endswith(".csv"):
            yield from folder.table(place, _COLUMNS)
            return
        try:
            yield from pickled_rows(folder.root / place, _COLUMNS)
        except DataError as error:
            raise folder.error(f"{str(error).rstrip('.')}. {_HINT}") from None

    @staticmethod
    def _item(folder: DatasetFolder, place: str, number: int, row: dict[str, Any]) -> Item:
        label, fine = str(row["label"]), str(row["fine-grained label"])
        if label not in ("0", "1") or fine not in "012345" or (label == "1") != (fine == "0"):
            raise folder.error(f"{place}: labels of row {number} are {label!r} and {fine!r}")
        return Item(
            item_id=f"news-{number}",
            media_id=f"news-{number}",
            path=row["image_path"],
            kind="imagetext",
            label=int(label == "0"),
            family=_FINE[int(fine)],
            source=f"FineFake {row['platform']}",
            group=hashlib.sha256(str(row["text"]).strip().lower().encode()).hexdigest()[:16],
            language="en",
            text=str(row["text"]),
        )
