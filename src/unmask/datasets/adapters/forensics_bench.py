"""Forensics-Bench (Wang et al. 2025): choice questions on 112 kinds of forgery."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.adapter import Adapter
from unmask.datasets.manifest import Item
from unmask.datasets.on_disk import DatasetFolder

_LETTERS = "ABCDEFGH"
_TYPE = "Forgery Types"
_REAL = "Real media without being forged"
_NEEDED = ("index", "image", "question", "answer", _TYPE)


class ForensicsBench(Adapter):
    """Rows of ``ForensicsBench.tsv``, taken apart by ``unmask data unpack``.

    A cell without a picture names the row whose picture it shares. Videos stand as one picture
    of their frames, as published. ``family`` is the type of forgery.
    """

    name = "forensics-bench"
    title = "Forensics-Bench"
    licence = "Apache-2.0 for the code; media by the terms of their datasets"
    citation = (
        "Wang, Lv, Li, Dong, Li, Yao, Li, Shao, Luo: Forensics-Bench: A Comprehensive Forgery "
        "Detection Benchmark Suite for Large Vision Language Models. CVPR 2025"
    )
    url = "https://huggingface.co/datasets/Forensics-bench/Forensics-bench"
    kinds = ("image",)
    splits = "everything is test"
    layout = """
        ForensicsBench/rows.jsonl and ForensicsBench/image/* (unmask data unpack ForensicsBench.tsv)
    """

    def items(self, folder: DatasetFolder) -> Iterator[Item]:
        """One item a question."""
        rows = list(folder.json_lines("ForensicsBench/rows.jsonl", "unpack ForensicsBench.tsv"))
        if lacking := [name for name in _NEEDED if rows and name not in rows[0]]:
            raise folder.error(f"ForensicsBench.tsv has no column {lacking[0]!r}")
        at = {str(row["index"]): str(row["image"]) for row in rows}
        places = {}
        for row in rows:
            told = str(row["image"])
            places[str(row["index"])] = f"ForensicsBench/{told if '/' in told else at[told]}"
        there = set(folder.present(sorted(set(places.values())), "pictures"))
        for row in rows:
            path = places[str(row["index"])]
            if path in there:
                yield self._item(row, path)

    @staticmethod
    def _item(row: dict[str, Any], path: str) -> Item:
        kind = str(row[_TYPE])
        letters = [letter for letter in _LETTERS if str(row.get(letter) or "").strip()]
        choices = tuple(str(row[letter]) for letter in letters)
        return Item(
            item_id=str(row["index"]),
            media_id=path,
            path=path,
            kind="image",
            label=int(kind != _REAL),
            family="" if kind == _REAL else kind,
            source="Forensics-Bench",
            group=path,
            split="test",
            question=str(row["question"]),
            choices=choices,
            answer=choices[letters.index(str(row["answer"]).strip())],
        )
