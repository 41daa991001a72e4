"""Pictures with captions as DGM4 lists them, and sets that follow it: a JSON list a split."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from unmask.datasets.on_disk import DatasetFolder


def pairs(folder: DatasetFolder, lists: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Split, number in its list and row of every pair whose picture is there.

    ``lists``: the folder of ``train.json``, ``val.json`` and ``test.json``.
    """
    for split in ("train", "val", "test"):
        if not folder.part(f"{lists}/{split}.json"):
            continue
        rows = folder.json(f"{lists}/{split}.json")
        there = set(folder.present(sorted({row["image"] for row in rows}), f"{split} pictures"))
        for number, row in enumerate(rows):
            if row["image"] in there:
                yield split, number, row


def forged_face(row: dict[str, Any]) -> tuple[float, ...]:
    """The forged face: left, top, width and height; empty where the row names no corners."""
    corners = [float(value) for value in row.get("fake_image_box") or ()]
    if len(corners) != 4:
        return ()
    return corners[0], corners[1], corners[2] - corners[0], corners[3] - corners[1]


def forged_words(row: dict[str, Any]) -> tuple[int, ...]:
    """Numbers of the forged words of the caption."""
    return tuple(int(place) for place in row.get("fake_text_pos") or ())
