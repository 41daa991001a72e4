"""Pictures that are variants of a few: saved again, scaled, cropped, mirrored, edited.

Eighty crops of nine photographs are nine photographs: a count of files says little about what a
detector was trained or tested on. Every picture is looked for among those before it that showed
something new, by the search of ``unmask.index``.
"""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.datasets.manifest import Item
from unmask.errors import MediaError
from unmask.index.item import pictures_from_bytes
from unmask.index.keys import Taken, take
from unmask.index.pictures import Pictures
from unmask.index.store import Entry
from unmask.media import probe, read_image
from unmask.types import Pixels

MOST = 100
"""Pictures of a class that are looked through; each may take a second."""
Say = Callable[[int, int], None]


def contents(items: Sequence[Item], file: Callable[[Item], Path], say: Say) -> list[list[Item]]:
    """Pictures sorted by what they show, the most frequent first. Unreadable ones are left out."""
    entries: list[Entry] = []
    kept: list[Pixels] = []
    shown: list[list[Item]] = []
    known = Pictures(entries)
    for number, item in enumerate(items, 1):
        path = file(item)
        try:
            pixels = read_image(path)
            found = known.find(pixels, lambda owner: kept[owner], most=1)
        except MediaError:
            continue
        finally:
            say(number, len(items))
        if found:
            shown[found[0].owner].append(item)
            continue
        taken = take(path, probe(path))
        entries.append(Entry(taken.item, taken.keys, None))
        kept.append(_small(taken))
        shown.append([item])
        known = Pictures(entries)
    return sorted(shown, key=len, reverse=True)


def _small(taken: Taken) -> Pixels:
    with Image.open(io.BytesIO(pictures_from_bytes(taken.pictures)[0]), formats=["JPEG"]) as image:
        return np.asarray(image.convert("RGB"))


def by_class(items: Sequence[Item]) -> dict[int, list[Item]]:
    """Up to ``MOST`` pictures of each class, one a group: what is known to belong together is no
    surprise."""
    first: dict[tuple[int, str], Item] = {}
    for item in items:
        if item.kind == "image":
            first.setdefault((item.label, item.group or item.media_id), item)
    found: dict[int, list[Item]] = defaultdict(list)
    for item in first.values():
        if len(found[item.label]) < MOST:
            found[item.label].append(item)
    return dict(found)
