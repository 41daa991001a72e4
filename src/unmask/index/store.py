"""The index on the disk: one file to which items are appended, encrypted when a passphrase is set.

A header, then records: length, checksum and tag, then the payload. Each item is a record of its
pictures followed by one of its keys; only with the second is it there. A process that is killed
loses at most the item that it was writing. With a passphrase every payload is sealed and bound to
its place, so that records cannot be altered or moved; only a missing end cannot be told from an
index that never had it.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from unmask.errors import StoreError
from unmask.index.item import (
    Item,
    Keys,
    from_bytes,
    pictures_from_bytes,
    pictures_to_bytes,
    to_bytes,
)
from unmask.vault import HEADER, MAGIC, Lock, replace

PLAIN = b"UNMASKIX\x01"
_HEAD = struct.Struct("<IIc")
_PICTURES, _KEYS = b"P", b"K"
_LARGEST = 1 << 30
_SYNC_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as it lies in the file. ``pictures``: where its pictures lie (offset, place)."""

    item: Item
    keys: Keys
    pictures: tuple[int, int]


class Store:
    """An index that is read. ``damaged``: records that were left out because they are altered."""

    def __init__(self, path: Path, words: str | None) -> None:
        """Read all items. Raises StoreError in one line when there is no usable index."""
        self.path = path
        self.damaged = 0
        self.end = 0
        self.places = 0
        self.lock: Lock | None = None
        self.entries: list[Entry] = []
        try:
            with path.open("rb") as file:
                self._read(file, words)
        except FileNotFoundError:
            raise StoreError(f"There is no index at {path}. Make one: unmask index add.") from None
        except OSError as error:
            raise StoreError(f"The index {path} cannot be read: {error.strerror}.") from error

    def _read(self, file: BinaryIO, words: str | None) -> None:
        head = file.read(HEADER)
        if head.startswith(MAGIC):
            self.lock = Lock.open(head, words, self.path.name)
            self.end = HEADER
        elif head.startswith(PLAIN):
            self.end = len(PLAIN)
        else:
            raise StoreError(f"{self.path} is not an index. Make one: unmask index add.")
        if os.fstat(file.fileno()).st_size == self.end:
            return
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            pictures: tuple[int, int] | None = None
            for tag, start, length, checksum in self._records(data):
                place, self.places = self.places, self.places + 1
                if tag == _PICTURES:
                    pictures = (start, place)
                    continue
                entry = self._entry(data[start : start + length], checksum, place, pictures)
                pictures = None
                if entry is None:
                    self.damaged += 1
                else:
                    self.entries.append(entry)

    def _records(self, data: mmap.mmap) -> Iterator[tuple[bytes, int, int, int]]:
        """Whole records; ``end`` moves past each item that is complete."""
        at = self.end
        while at + _HEAD.size <= len(data):
            length, checksum, tag = _HEAD.unpack_from(data, at)
            start = at + _HEAD.size
            if tag not in (_PICTURES, _KEYS) or length > _LARGEST:
                raise StoreError(
                    f"The index {self.path} is damaged at byte {at}. Restore it from a copy."
                )
            if start + length > len(data):
                return
            at = start + length
            yield tag, start, length, checksum
            if tag == _KEYS:
                self.end = at

    def _entry(
        self, payload: bytes, checksum: int, place: int, pictures: tuple[int, int] | None
    ) -> Entry | None:
        content = _opened(self.lock, payload, checksum, _KEYS, place)
        if content is None or pictures is None:
            return None
        try:
            item, keys = from_bytes(content)
        except (ValueError, LookupError, TypeError):
            return None
        return Entry(item, keys, pictures)

    def pictures(self, entry: Entry) -> dict[int, bytes]:
        """The kept pictures (JPEG) of an item by the number of their frame; none if damaged."""
        start, place = entry.pictures
        try:
            with self.path.open("rb") as file:
                file.seek(start - _HEAD.size)
                length, checksum, _ = _HEAD.unpack(file.read(_HEAD.size))
                content = _opened(self.lock, file.read(length), checksum, _PICTURES, place)
            return {} if content is None else pictures_from_bytes(content)
        except (OSError, struct.error, ValueError, LookupError):
            return {}


def _opened(
    lock: Lock | None, payload: bytes, checksum: int, tag: bytes, place: int
) -> bytes | None:
    if zlib.crc32(payload) != checksum:
        return None
    return payload if lock is None else lock.unseal(payload, tag + place.to_bytes(8, "little"))


def _record(lock: Lock | None, content: bytes, tag: bytes, place: int) -> bytes:
    payload = content if lock is None else lock.seal(content, tag + place.to_bytes(8, "little"))
    return _HEAD.pack(len(payload), zlib.crc32(payload), tag) + payload


class Writer:
    """Appends items to an index, which is made when it is not there. One writer at a time."""

    def __init__(self, path: Path, words: str | None) -> None:
        """Raises StoreError when the index cannot be opened, or another process writes to it."""
        self.path = path
        if not path.exists():
            lock = Lock.make(words) if words else None
            replace(path, (PLAIN if lock is None else lock.header,))
        self._file = _exclusive(path)
        try:
            self.store = Store(path, words)
            self._file.truncate(self.store.end)
            self._file.seek(self.store.end)
        except BaseException:
            self._file.close()
            raise
        # An item cut off while it was written took its places with it.
        self._place = 2 * (len(self.store.entries) + self.store.damaged)
        self._synced = time.monotonic()
        self.known = {entry.item.sha256 for entry in self.store.entries}

    def add(self, item: Item, keys: Keys, pictures: bytes) -> None:
        """Append one item. Raises StoreError when it cannot be written."""
        lock = self.store.lock
        data = _record(lock, pictures, _PICTURES, self._place)
        data += _record(lock, to_bytes(item, keys), _KEYS, self._place + 1)
        try:
            self._file.write(data)
            self._file.flush()
            if time.monotonic() - self._synced > _SYNC_EVERY:
                os.fsync(self._file.fileno())
                self._synced = time.monotonic()
        except OSError as error:
            raise StoreError(
                f"The index {self.path} cannot be written: {error.strerror}."
            ) from error
        self._place += 2
        self.known.add(item.sha256)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


def _exclusive(path: Path) -> BinaryIO:
    """The file, opened for writing and locked against other writers where the system can."""
    try:
        file = path.open("r+b")
    except OSError as error:
        raise StoreError(f"The index {path} cannot be written: {error.strerror}.") from error
    try:
        import fcntl
    except ImportError:  # Windows: the last writer wins
        return file
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(file.fileno()), path.stat()):
            raise BlockingIOError
    except OSError:
        file.close()
        raise StoreError(f"Another process is writing to the index {path}. Wait for it.") from None
    return file


def keep(path: Path, words: str | None, wanted: Callable[[Item], bool]) -> list[Item]:
    """Write an index again with the items that are wanted; return those taken out.

    Raises StoreError and OutputError; the index is then as it was.
    """
    with _exclusive(path):
        store = Store(path, words)
        stay = [entry for entry in store.entries if wanted(entry.item)]
        gone = [entry.item for entry in store.entries if not wanted(entry.item)]
        if gone:
            replace(path, _rewritten(store, stay))
    return gone


def _rewritten(store: Store, entries: list[Entry]) -> Iterator[bytes]:
    lock = store.lock
    yield PLAIN if lock is None else lock.header
    for number, entry in enumerate(entries):
        pictures = pictures_to_bytes(store.pictures(entry))
        yield _record(lock, pictures, _PICTURES, 2 * number)
        yield _record(lock, to_bytes(entry.item, entry.keys), _KEYS, 2 * number + 1)


def is_index(path: Path) -> bool:
    """True if a file begins as an index does, or as any encrypted file of unmask."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN)).startswith((PLAIN, MAGIC))
    except OSError:
        return False
