"""The records of an index: length, checksum and tag, then the payload; and the way past damage.

Each item is a record of its pictures (P) followed by one of its keys (K). Where a record is
damaged, the next whole one is looked for by its checksum, so that one bad byte costs one record.
"""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import mmap

    from unmask.vault import Lock

HEAD = struct.Struct("<IIc")
PICTURES, KEYS = b"P", b"K"
_TAGS = re.compile(rb"[PK]")
_LARGEST = 1 << 30
_BLOCK = 1 << 20
_TRIED = 64


@dataclass(frozen=True, slots=True)
class Record:
    """A record: where it begins, its tag, its payload's begin and end, and its checksum."""

    at: int
    tag: bytes
    start: int
    end: int
    checksum: int

    def whole(self, data: mmap.mmap) -> bool:
        """True if the payload is what was written."""
        return zlib.crc32(memoryview(data)[self.start : self.end]) == self.checksum


@dataclass(frozen=True, slots=True)
class Couple:
    """The records of one item; ``pictures`` is None where theirs is damaged.

    ``place`` is the number of the keys' record in the file, at least; after damage it is not known
    how many records went before (``counted`` is then False).
    """

    keys: Record
    pictures: Record | None
    place: int
    counted: bool


@dataclass(slots=True)
class Walk:
    """Goes through the records of an index from byte ``end`` on.

    ``damaged``: where records begin that were left out. ``end``: behind the last whole item, or
    behind what is damaged there. ``places``: how many records there are up to ``end``, at least.
    """

    data: mmap.mmap
    end: int
    damaged: list[int] = field(default_factory=list)
    places: int = 0
    counted: bool = True
    _place: int = 0

    def items(self) -> Iterator[Couple]:
        """Every item whose keys are whole. An item that was cut off at the end is passed over."""
        at = self.end
        pictures: Record | None = None
        while at < len(self.data):
            here = self._at(at)
            sound = here is not None and (here.tag == PICTURES or here.whole(self.data))
            if here is None or not sound:
                # A wrong length of the pictures before leads to a wrong place for the keys.
                misled = pictures is not None and not pictures.whole(self.data)
                first = pictures.at if pictures and misled else at
                found = self._next(first + 1)
                if found is None and here is None and self._cut_off(at):
                    return
                self.damaged.append(first)
                self.counted, pictures = False, None
                self._place += 0 if misled else 1
                at = len(self.data) if found is None else found
                self.end, self.places = at, self._place
                continue
            at, self._place = here.end, self._place + 1
            if here.tag == PICTURES:
                if pictures is not None:  # no keys follow them
                    self.damaged.append(pictures.at)
                pictures = here
                continue
            yield Couple(here, pictures, self._place - 1, self.counted)
            pictures = None
            self.end, self.places = at, self._place

    def settle(self, place: int) -> None:
        """The last item given has this place: it is known again how many records went before."""
        self._place, self.counted = place + 1, True

    def _at(self, at: int) -> Record | None:
        """The record that begins at a byte, if its header can be true."""
        start = at + HEAD.size
        if start > len(self.data):
            return None
        length, checksum, tag = HEAD.unpack_from(self.data, at)
        if tag not in (PICTURES, KEYS) or length > _LARGEST or start + length > len(self.data):
            return None
        return Record(at, tag, start, start + length, checksum)

    def _next(self, at: int) -> int | None:
        """Where the next whole record begins, by its checksum and by what follows it."""
        back = HEAD.size - 1
        while at < len(self.data):
            block = self.data[at + back : at + back + _BLOCK]
            for hit in _TAGS.finditer(block):
                found = self._at(at + hit.start())
                if found and self._goes_on(found.end) and found.whole(self.data):
                    return found.at
            at += _BLOCK
        return None

    def _goes_on(self, at: int) -> bool:
        tag = at + HEAD.size - 1
        return at == len(self.data) or (
            tag < len(self.data) and self.data[tag : tag + 1] in (PICTURES, KEYS)
        )

    def _cut_off(self, at: int) -> bool:
        """True if a record ends too early because writing it was stopped, not because of damage."""
        start = at + HEAD.size
        if start > len(self.data):
            return True
        length, checksum, tag = HEAD.unpack_from(self.data, at)
        if tag not in (PICTURES, KEYS) or length > _LARGEST:
            return False
        return zlib.crc32(memoryview(self.data)[start:]) != int(checksum)


def opened(
    lock: Lock | None, payload: bytes, checksum: int, tag: bytes, place: int
) -> bytes | None:
    """The content of a record; None if it was altered, or moved in an encrypted index."""
    if zlib.crc32(payload) != checksum:
        return None
    return payload if lock is None else lock.unseal(payload, tag + place.to_bytes(8, "little"))


def opened_somewhere(lock: Lock | None, payload: bytes, couple: Couple) -> tuple[bytes | None, int]:
    """The content of an item's keys and its place, which is sought upwards after damage."""
    tries = range(couple.place, couple.place + (1 if couple.counted or lock is None else _TRIED))
    for place in tries:
        content = opened(lock, payload, couple.keys.checksum, KEYS, place)
        if content is not None:
            return content, place
    return None, couple.place


def record(lock: Lock | None, content: bytes, tag: bytes, place: int) -> bytes:
    """A record as it is written."""
    payload = content if lock is None else lock.seal(content, tag + place.to_bytes(8, "little"))
    return HEAD.pack(len(payload), zlib.crc32(payload), tag) + payload
