"""An opened index: one question, what known items does a file show or let hear?"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Mapping, Sequence
from functools import cached_property, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.errors import MediaError
from unmask.index.audio_fingerprint import Codes
from unmask.index.films import Films, Watched
from unmask.index.hashes import Words
from unmask.index.item import Item
from unmask.index.pictures import Pictures, Seen
from unmask.index.recordings import Heard, Recordings
from unmask.index.store import Entry, Store
from unmask.media import read_image
from unmask.types import Kind, Pixels, Tensor
from unmask.vault import passphrase

_LARGEST_ORIGINAL = 50_000_000


class Library:
    """The items of an index, ready to be searched. Raises StoreError when it is not usable."""

    def __init__(self, path: Path, words: str | None) -> None:
        self.store = Store(path, words)
        entries = self.store.entries
        self._stills = [entry for entry in entries if entry.item.kind is Kind.IMAGE]
        self._moving = [entry for entry in entries if entry.item.kind is Kind.VIDEO]
        self._sounding = [entry for entry in entries if len(entry.keys.codes)]

    @cached_property
    def _pictures(self) -> Pictures:
        return Pictures(self._stills)

    @cached_property
    def _films(self) -> Films:
        return Films(self._moving)

    @cached_property
    def _recordings(self) -> Recordings:
        return Recordings(self._sounding)

    def same_bytes(self, sha256: str) -> Item | None:
        """The item with these very bytes."""
        return next((e.item for e in self.store.entries if e.item.sha256 == sha256), None)

    def kept(self, item: Item) -> Pixels | None:
        """The kept small picture of an item."""
        entry = next((e for e in self._stills if e.item is item), None)
        return None if entry is None else self._kept(entry)

    def pictures(self, pixels: Pixels) -> list[tuple[Item, Seen]]:
        """Known pictures in a picture."""
        found = self._pictures.find(pixels, lambda owner: self._kept(self._stills[owner]))
        return [(self._stills[seen.owner].item, seen) for seen in found]

    def films(self, times: Tensor, turns: Mapping[int, Words]) -> list[tuple[Item, Watched]]:
        """Known videos in the frames of a video."""
        found = self._films.find(times, dict(turns))
        return [(self._moving[watched.owner].item, watched) for watched in found]

    def recordings(self, phases: Sequence[Codes]) -> list[tuple[Item, Heard]]:
        """Known recordings, or sound of known videos, in a sound."""
        found = self._recordings.find(phases)
        return [(self._sounding[heard.owner].item, heard) for heard in found]

    def _kept(self, entry: Entry) -> Pixels | None:
        """The kept picture of an item; None when it is damaged."""
        data = self.store.pictures(entry).get(0)
        if data is None:
            return None
        try:
            with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
                return np.asarray(image.convert("RGB"))
        except (OSError, ValueError):
            return None


def original(item: Item) -> Pixels | None:
    """The picture of an item as it was added, when it still lies there unchanged."""
    path = Path(item.path)
    try:
        if not path.is_file() or path.stat().st_size != item.bytes:
            return None
        if item.bytes > _LARGEST_ORIGINAL:
            return None
        if hashlib.sha256(path.read_bytes()).hexdigest() != item.sha256:
            return None
        return read_image(path)
    except (OSError, MediaError):
        return None


def opened(path: str) -> Library:
    """The library of an index, read again only when its file has changed. Raises StoreError."""
    place = Path(path)
    try:
        state = place.stat()
        mark = state.st_mtime_ns, state.st_size, state.st_ino
    except OSError:
        mark = (0, 0, 0)
    return _opened(str(place.absolute()), mark, passphrase())


@lru_cache(maxsize=1)
def _opened(path: str, mark: tuple[int, int, int], words: str | None) -> Library:
    return Library(Path(path), words)
