"""The files that the head is fitted on: pictures and clips as they were found, by source."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from unmask.bench.whole.listing import Whole, family_of, listed
from unmask.errors import DataError


def material(data: Path, more: Path | None, most: int) -> list[Whole]:
    """All pictures and clips of ``data/manifest.jsonl`` and of the further sources under ``more``.

    Of no source more than ``most`` of a class are taken, which ones depends on their names alone.
    Raises DataError when there is no manifest.
    """
    found = {one.item: one for one in _of_manifest(data)}
    found |= {one.item: one for one in listed(data, more) if one.kind != "audio"}
    taken: Counter[tuple[str, str, str]] = Counter()
    chosen = []
    for one in sorted(found.values(), key=lambda one: _drawn(one.item)):
        key = (one.source, one.label, one.kind)
        taken[key] += 1
        if taken[key] <= most:
            chosen.append(one)
    return sorted(chosen, key=lambda one: one.item)


def _drawn(item: str) -> str:
    return hashlib.sha256(item.encode()).hexdigest()


def _of_manifest(data: Path) -> Iterator[Whole]:
    """Also the files that the small models were trained on: the head knows nothing of that."""
    manifest = data / "manifest.jsonl"
    if not manifest.exists():
        raise DataError(f"There is no {manifest}. Give a folder that holds manifest.jsonl.")
    for line in manifest.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == "audio":
            continue
        yield Whole(
            path=data / row["path"],
            item=row["path"],
            kind=row["kind"],
            label=row["label"],
            source=row["source"],
            group=f"{row['source']}:{row.get('group') or row.get('subject') or row['path']}",
            part="fit",
            family=family_of(row) if row["label"] == "fake" else "",
            maker=str(row.get("method") or ""),
        )
