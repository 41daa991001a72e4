"""The index on the disk: one file to which items are appended, encrypted when a passphrase is set.

A header, then records: length, checksum and tag, then the payload. Each item is a record of its
pictures followed by one of its keys; only with the second is it there. A process that is killed
loses at most the item that it was writing. With a passphrase every payload is sealed and bound to
its place, so that records cannot be altered or moved; only a missing end cannot be told from an
index that never had it. Damage costs the record that it is in; see ``records``.
"""

from __future__ import annotations

import mmap
import os
import struct
import time
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
from unmask.index.records import (
    HEAD,
    KEYS,
    PICTURES,
    Couple,
    Walk,
    opened,
    opened_somewhere,
    record,
)
from unmask.vault import HEADER, MAGIC, Lock, replace

PLAIN = b"UNMASKIX\x01"
_PROVED_AT_ONCE = 64 << 20
"""Pictures of an index up to this size are checked when it is opened, else when they are used."""
_SYNC_EVERY = 2.0
_MOST_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Entry:
    """An item as it lies in the file.

    ``pictures``: where their record begins, and its place; None where it is damaged.
    """

    item: Item
    keys: Keys
    pictures: tuple[int, int] | None


class Store:
    """An index that is read. ``damaged``: the bytes where records begin that were left out."""

    def __init__(self, path: Path, words: str | None) -> None:
        """Read all items. Raises StoreError in one line when there is no usable index."""
        self.path = path
        self.damaged: list[int] = []
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
            walk = Walk(data, self.end)
            for couple in walk.items():
                entry = self._entry(data, walk, couple)
                if entry is None:
                    walk.damaged.append(couple.keys.at)
                else:
                    self.entries.append(entry)
            self.end, self.places, self.damaged = walk.end, walk.places, walk.damaged

    def _entry(self, data: mmap.mmap, walk: Walk, couple: Couple) -> Entry | None:
        payload = data[couple.keys.start : couple.keys.end]
        content, place = opened_somewhere(self.lock, payload, couple)
        if content is None:
            return None
        walk.settle(place)
        try:
            item, keys = from_bytes(content)
        except (ValueError, LookupError, TypeError):
            return None
        pictures = couple.pictures
        if pictures and len(data) <= _PROVED_AT_ONCE and not pictures.whole(data):
            walk.damaged.append(pictures.at)
            pictures = None
        return Entry(item, keys, (pictures.at, place - 1) if pictures else None)

    def left_out(self) -> str:
        """Which records are damaged, in words: "1 damaged record was left out (byte 1,234)"."""
        places = sorted(self.damaged)
        shown = ", ".join(f"{place:,}" for place in places[:_MOST_SHOWN])
        more = f" and {len(places) - _MOST_SHOWN} more" if len(places) > _MOST_SHOWN else ""
        if len(places) == 1:
            return f"1 damaged record was left out (byte {shown})"
        return f"{len(places)} damaged records were left out (bytes {shown}{more})"

    def pictures(self, entry: Entry) -> dict[int, bytes]:
        """The kept pictures (JPEG) of an item by the number of their frame; none if damaged."""
        if entry.pictures is None:
            return {}
        begin, place = entry.pictures
        try:
            with self.path.open("rb") as file:
                file.seek(begin)
                length, checksum, _ = HEAD.unpack(file.read(HEAD.size))
                content = opened(self.lock, file.read(length), checksum, PICTURES, place)
            if content is not None:
                return pictures_from_bytes(content)
        except (OSError, struct.error, ValueError, LookupError):
            pass
        if begin not in self.damaged:
            self.damaged.append(begin)
        return {}


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
        self._place = self.store.places
        self._synced = time.monotonic()
        self.known = {entry.item.sha256 for entry in self.store.entries}

    def add(self, item: Item, keys: Keys, pictures: bytes) -> None:
        """Append one item. Raises StoreError when it cannot be written."""
        lock = self.store.lock
        data = record(lock, pictures, PICTURES, self._place)
        data += record(lock, to_bytes(item, keys), KEYS, self._place + 1)
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
        yield record(lock, pictures, PICTURES, 2 * number)
        yield record(lock, to_bytes(entry.item, entry.keys), KEYS, 2 * number + 1)


def is_index(path: Path) -> bool:
    """True if a file begins as an index does, or as any encrypted file of unmask."""
    try:
        with path.open("rb") as file:
            return file.read(len(PLAIN)).startswith((PLAIN, MAGIC))
    except OSError:
        return False
