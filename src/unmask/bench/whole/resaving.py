"""Edits as they happen: a JPEG is opened, changed at its own size, and saved as JPEG again.

What was saved before keeps the traces of it on the grid of its blocks, and the changed part lacks
them. Each photograph gives pairs: itself and an edit of it, cut on that grid and saved alike.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from unmask.bench.whole.making import (
    EDITS,
    FACES,
    Rng,
    drawn,
    forged,
    largest_face,
    saved,
)
from unmask.datasets.whole_files.listing import GATHERED, Whole, kept_from_training
from unmask.errors import MediaError
from unmask.forge import blend, splice
from unmask.forge.operations import jpeg
from unmask.media import Limits, read_image
from unmask.types import Pixels

WIDTHS = (384, 512, 640, 768, 1024)
"""Widths of what is cut out of larger photographs; heights are two thirds to three quarters."""
QUALITIES = (
    (75, 90), (85, 95), (90, 80), (70, 92), (80, 98), (88, 75), (65, 85), (75, 95), (92, 96),
)  # fmt: skip
"""At which a picture was saved before, as web sites do, and at which the edit is saved."""
GRID = 16
"""Pixels of a block of colour, the largest step of a JPEG's grid."""
SHARE = 0.5
"""Of the photographs of a source this share is taken, and at most about ``MOST``."""
MOST = 130
_SAID = "own size"


def resaved(files: Sequence[Whole], out: Path, said: Callable[[int, int], None]) -> Iterator[Whole]:
    """Pairs of the authentic JPEGs that no model was trained on, written under ``out``.

    Which are taken, and what is done to each, depends on their names alone.
    """
    hosts = _hosts(files)
    counts = Counter(one.source for one in hosts)
    for number, one in enumerate(hosts):
        said(number + 1, len(hosts))
        draw = drawn(one.item, "resaved")
        if draw.random() >= min(SHARE, MOST / counts[one.source]):
            continue
        other = min(hosts, key=lambda host: zlib.crc32(f"{one.item} {host.item}".encode()))
        pixels, donor = _cut(one, draw), _cut(other, draw)
        if pixels is None or donor is None:
            continue
        before, quality = QUALITIES[int(draw.integers(len(QUALITIES)))]
        pixels = jpeg(pixels, before, 2)
        family = tuple(EDITS)[int(draw.integers(len(EDITS)))]
        edit = splice.edit(pixels, donor, draw, family)
        yield saved(one, pixels, quality, out, _SAID)
        yield saved(forged(one, EDITS[family], family), edit.pixels, quality, out, _SAID)
        face, theirs = largest_face(pixels), largest_face(donor)
        if face is None:
            continue
        target = blend.Portrait(pixels, face.points)
        family = FACES[0] if theirs is None else FACES[int(draw.integers(len(FACES)))]
        giver = target if theirs is None else blend.Portrait(donor, theirs.points)
        made = blend.forge(family, target, giver, draw)
        yield saved(forged(one, "blended faces", family), made.pixels, quality, out, _SAID)


def _hosts(files: Sequence[Whole]) -> list[Whole]:
    """JPEGs of sources that no small model was trained on."""
    return [
        one
        for one in files
        if (one.part, one.kind, one.label) == ("new", "image", "real")
        and one.path.suffix.lower() in (".jpg", ".jpeg")
        and (not one.item.startswith(GATHERED) or kept_from_training(one.source))
    ]


def _cut(one: Whole, draw: Rng) -> Pixels | None:
    """The picture, or of a larger one a part that begins where its blocks do; None: unreadable."""
    try:
        pixels = read_image(one.path, Limits())
    except MediaError:
        return None
    width = int(draw.choice(WIDTHS))
    height = int(width * draw.uniform(2 / 3, 3 / 4)) // GRID * GRID
    if pixels.shape[0] > pixels.shape[1]:
        width, height = height, width
    tall, wide = pixels.shape[:2]
    if tall * wide <= width * height:
        return pixels
    width, height = min(width, wide), min(height, tall)
    y = int(draw.integers((tall - height) // GRID + 1)) * GRID
    x = int(draw.integers((wide - width) // GRID + 1)) * GRID
    return np.ascontiguousarray(pixels[y : y + height, x : x + width])
