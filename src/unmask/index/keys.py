"""What a file is known by, taken from its pictures and its sound in one pass."""

from __future__ import annotations

import datetime
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.index.audio_fingerprint import RATE, Listening
from unmask.index.hashes import LEAST_QUALITY, Words, packed, scaled_luma, spectrum, turned_spectrum
from unmask.index.item import MARK, Item, Keys, pictures_to_bytes
from unmask.index.keypoints import Points, find_points
from unmask.media import Limits, stream
from unmask.types import AudioBlock, Kind, MediaInfo, Pixels, Tensor

SIDE = 256
"""Longest side in pixels of the kept picture."""
FRAMES_PER_SECOND = 5.0
MARKS = 80
_MOST_FRAMES = 20_000
_JPEG_QUALITY = 85


@dataclass(frozen=True, slots=True)
class Taken:
    """An item ready to be added."""

    item: Item
    keys: Keys
    pictures: bytes


class Filming:
    """Takes frames in order of time and gives their hashes, in the turns that are asked for."""

    def __init__(self, turns: tuple[int, ...] = (1,)) -> None:
        self._times: list[float] = []
        self._hashes: dict[int, list[Words]] = {turn: [] for turn in turns}

    def feed(self, time: float, pixels: Pixels) -> None:
        """Take the next frame. Plain ones (black, a title's ground) are left out."""
        coefficients, quality = spectrum(pixels)
        if quality < LEAST_QUALITY or len(self._times) >= _MOST_FRAMES:
            return
        self._times.append(time)
        for turn, hashes in self._hashes.items():
            hashes.append(packed(turned_spectrum(coefficients, turn)))

    @property
    def times(self) -> Tensor:
        """Seconds of the frames taken."""
        return np.array(self._times, np.float32)

    @property
    def turns(self) -> dict[int, Words]:
        """Their hashes (N × 4 words) in each of the turns that were asked for."""
        return {t: np.array(some, np.uint64).reshape(-1, 4) for t, some in self._hashes.items()}


def take(path: Path, media: MediaInfo, limits: Limits | None = None) -> Taken:
    """Everything that an index holds of a file that was probed.

    Raises UnreadableMedia, UnsupportedMedia or MediaTooLarge when it cannot be read.
    """
    limits = limits or Limits()
    filming, listening = Filming(), Listening()
    marks: NDArray[Any] = np.zeros(0, MARK)
    pictures: dict[int, bytes] = {}
    parts = stream(path, media, FRAMES_PER_SECOND, RATE, limits=limits)
    for part in parts:
        if isinstance(part, AudioBlock):
            listening.feed(part.samples)
        else:
            filming.feed(part.time, part.pixels)
            if media.kind is Kind.IMAGE:
                pictures = {0: small_jpeg(part.pixels, SIDE)}
                marks = to_marks(find_points(small_luma(part.pixels, SIDE), MARKS))
    keys = Keys(filming.times, filming.turns[1], marks, listening.codes())
    return Taken(_item(media, path), keys, pictures_to_bytes(pictures))


def _item(media: MediaInfo, path: Path) -> Item:
    now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
    return Item(
        name=_text(path.name),
        path=_text(str(path.resolve())),
        sha256=media.sha256,
        kind=media.kind,
        added=now,
        bytes=media.bytes,
        width=media.width,
        height=media.height,
        seconds=media.seconds,
    )


def _text(name: str) -> str:
    """A name that UTF-8 can hold."""
    return name.encode("utf-8", "backslashreplace").decode()


def small_size(pixels: Pixels, side: int) -> tuple[int, int]:
    """Width and height of a picture made to fit a square; never larger than it is."""
    height, width = pixels.shape[:2]
    ratio = min(1.0, side / max(height, width))
    return max(1, round(width * ratio)), max(1, round(height * ratio))


def small_luma(pixels: Pixels, side: int) -> Tensor:
    """Luma of a picture made to fit a square."""
    return scaled_luma(pixels, *small_size(pixels, side))


def small_jpeg(pixels: Pixels, side: int) -> bytes:
    """A picture made to fit a square, as JPEG."""
    small = Image.fromarray(pixels).resize(small_size(pixels, side), Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return out.getvalue()


def to_marks(points: Points) -> NDArray[Any]:
    """Marks as they are kept."""
    marks = np.zeros(len(points.places), MARK)
    marks["bits"] = points.bits()
    marks["x"], marks["y"], marks["scale"] = points.places.T
    return marks
