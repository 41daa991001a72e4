"""What must be sound in a HEIC file before its library may see it.

The library hands the types of a picture's items on as text and dies where one is none, so they are
looked at first (ISO/IEC 23008-12, section 9; ISO/IEC 14496-12, section 8.11.6).
"""

from __future__ import annotations

import os
from typing import BinaryIO

from unmask.errors import UnreadableMedia
from unmask.media.containers.iso import boxes
from unmask.media.containers.part import file_at

_MOST_BOXES = 1_000
_MOST_BYTES = 8_000_000
_ENTRY = b"infe"


def check_items(file: BinaryIO, name: str) -> None:
    """Raises UnreadableMedia when the type or the name of an item is no text; rewinds the file."""
    table = _meta(file)
    place = table.find(_ENTRY)
    while place >= 4:
        size = int.from_bytes(table[place - 4 : place])
        entry = table[place + 4 : place - 4 + max(size, 8)]
        if len(entry) > 4 and entry[0] in (2, 3):
            try:
                entry[8 if entry[0] == 2 else 10 :].decode()
            except UnicodeDecodeError:
                raise UnreadableMedia(
                    f"{name} is a damaged HEIC file: the type of one of its items is no text. "
                    "Get it from its source again."
                ) from None
        place = table.find(_ENTRY, place + 4)
    file.seek(0)


def _meta(file: BinaryIO) -> bytes:
    """The table that lists the items, as far as it is read; empty when there is none."""
    at = file_at(file)
    for box in boxes(at, 0, file.seek(0, os.SEEK_END), _MOST_BOXES):
        if box.kind == b"meta":
            return at(box.begin, min(box.length, _MOST_BYTES))
    return b""
