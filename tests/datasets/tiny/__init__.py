"""A tiny copy of every known dataset, in its real layout; a module each, named as its adapter.

``make(root)`` writes it. ``COUNT``: how many items it holds. ``EXPECTED``: fields of some items by
path or ``item_id``. ``MISSING``: a file or folder, and what the error says when it is not there.
``SHARED``: whether its official splits share identities. Media are a few bytes: adapters decode
none.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path


def files(root: Path, *places: str) -> None:
    for place in places:
        path = root / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"tiny")


def text(root: Path, place: str, lines: Iterable[str]) -> None:
    path = root / place
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def dump(root: Path, place: str, value: object) -> None:
    text(root, place, [json.dumps(value)])
