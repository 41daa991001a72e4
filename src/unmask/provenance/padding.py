"""The room beside a signature that nobody signs.

A signature is written with spare bytes, filled with zeros, in a part of its box that the signature
does not cover (C2PA specification 2.2, section 13.2, "pad"). No library looks at them, so that a
change there, or something hidden there, passes as valid.
"""

from __future__ import annotations

import re

from unmask.provenance.boxes import Box
from unmask.provenance.find import Store
from unmask.provenance.store import in_file

_PAD = re.compile(rb"[\x63\x64]pad2?([\x40-\x5b])")
_MOST = 4
_LONG = {0x58: 1, 0x59: 2, 0x5A: 4, 0x5B: 8}


def padding(store: Store, boxes: dict[str, Box]) -> list[tuple[int, int]]:
    """Where the padding of signatures is not zeros: first and last byte in the file."""
    data = store.data
    found: list[tuple[int, int]] = []
    for path, box in boxes.items():
        if not path.endswith("/c2pa.signature"):
            continue
        for hit in _PAD.finditer(data, box.start, box.end):
            start, end = _content(data, hit.end(), hit[1][0])
            spare = data[start : min(end, box.end)]
            first, last = len(spare) - len(spare.lstrip(b"\0")), len(spare.rstrip(b"\0"))
            if first < last:
                found.append(in_file(store.pieces, start + first, start + last))
    return found[:_MOST]


def _content(data: bytes, at: int, head: int) -> tuple[int, int]:
    """Begin and end of a CBOR byte string whose first byte is ``head``."""
    wide = _LONG.get(head)
    if wide is None:
        return at, at + head - 0x40
    return at + wide, at + wide + int.from_bytes(data[at : at + wide], "big")
