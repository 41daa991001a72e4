"""What the encoder makes of files: the numbers that the head is fitted on, through the cache."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.detectors.image.unmask_clip.looks import Looks
from unmask.detectors.image.unmask_clip.views import View, shown_of
from unmask.forge.launder import launder
from unmask.forge.operations import jpeg
from unmask.forge.processing import processed
from unmask.media import probe, read_image, stream
from unmask.runtime.encoder import RunningEncoder
from unmask.train.feature_cache import FeatureCache, Features
from unmask.types import Frame, Kind, Pixels

Rng = np.random.Generator
LARGEST = 1280
"""Pixels of the longer side that a picture is brought to before it is laundered."""
SCALES = (1.0, 1.0, 0.5, 0.75, 0.9, 1.25)
_SMALLEST = 120
PROCESSED = 0.3
"""The share of changed pictures that are blurred, denoised, enlarged, printed and so on."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Of one square that the encoder was shown: what it showed, and the numbers."""

    view: View
    numbers: Features


class Extractor:
    """Shows files to an encoder, or remembers what it made of them.

    ``variant`` of a picture: 0 as it is; from 1 on changed as phones, apps and messengers do. What
    is drawn depends on the name of the item and the variant alone.
    """

    def __init__(self, running: RunningEncoder, cache: FeatureCache) -> None:
        self.running = running
        self.cache = cache

    def of_file(self, path: Path, item: str, variant: int = 0, moving: bool = False) -> list[Seen]:
        """Every square that a scan would show it. Raises MediaError when it cannot be read."""
        prepared = f"four {variant} {item}" if variant else "wholes and faces" if moving else "four"
        rows = self.cache.of(path, prepared, lambda: self._looked(path, item, variant))
        return list(_unpacked(rows))

    def _looked(self, path: Path, item: str, variant: int) -> Features:
        rows = []
        for number, (moving, frame) in enumerate(_frames(path)):
            pixels = frame.pixels
            if variant:
                drawn = zlib.crc32(f"{item} {variant}".encode())
                pixels = changed(pixels, np.random.default_rng(drawn))
            shown = shown_of(pixels, self.running.known.side, number if moving else None)
            found = self.running.features([one.square for one in shown])
            # The number of the frame, and what the row is of, stand in front.
            marks = np.array([[number, one.view] for one in shown], np.float32)
            rows.append(np.concatenate([marks, found], axis=1))
        return np.concatenate(rows).astype(np.float16) if rows else np.empty((0, 0), np.float16)


def _unpacked(rows: Features) -> Iterator[Seen]:
    for row in rows:
        yield Seen(View(int(row[1])), row[2:])


def _frames(path: Path) -> Iterator[tuple[bool, Frame]]:
    """The frames that are looked at, and whether they are of a video."""
    media = probe(path)
    if media.kind is Kind.IMAGE:
        yield False, Frame(0, 0.0, read_image(path))
        return
    looks, last = Looks(moving=True), None
    looked = False
    for part in stream(path, media, want_sound=False):
        if isinstance(part, Frame):
            last = part
            if looks.wants(part.time):
                looked = True
                yield True, part
    if last is not None and not looked:
        yield True, last


def changed(pixels: Pixels, rng: Rng) -> Pixels:
    """A picture as it may arrive: smaller, some processed, laundered, scaled and saved again."""
    picture = Image.fromarray(pixels)
    if max(picture.size) > LARGEST:
        picture.thumbnail((LARGEST, LARGEST), Image.Resampling.LANCZOS)
    pixels = np.asarray(picture)
    if rng.random() < PROCESSED:
        pixels = processed(rng)(pixels)
    pixels = launder(pixels, rng)
    factor = float(rng.choice(SCALES))
    quality = int(rng.integers(60, 97))
    if factor == 1.0 or min(pixels.shape[:2]) * factor < _SMALLEST:
        return pixels
    size = round(pixels.shape[1] * factor), round(pixels.shape[0] * factor)
    filters = (Image.Resampling.LANCZOS, Image.Resampling.BILINEAR, Image.Resampling.BICUBIC)
    kind = filters[int(rng.integers(3))]
    return jpeg(np.asarray(Image.fromarray(pixels).resize(size, kind)), quality)
