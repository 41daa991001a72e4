"""The files that the head is fitted on: pictures and clips as they were found, by source."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

from unmask.datasets.whole_files.listing import Whole, listed


def material(data: Path, more: Path | None, most: int) -> list[Whole]:
    """All pictures and clips of ``data/manifest.jsonl`` and of the further sources under ``more``.

    Of no source more than ``most`` of a class are taken, which ones depends on their names alone.
    Raises DataError when there is no manifest.
    """
    # Also the files that the small models were trained on: the head knows nothing of that.
    found = [one for one in listed(data, more, every=True) if one.kind != "audio"]
    taken: Counter[tuple[str, str, str]] = Counter()
    chosen = []
    for one in sorted(found, key=lambda one: _drawn(one.item)):
        key = (one.source, one.label, one.kind)
        taken[key] += 1
        if taken[key] <= most:
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.item)


def _drawn(item: str) -> str:
    return hashlib.sha256(item.encode()).hexdigest()
