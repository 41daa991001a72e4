"""Does the embedded thumbnail show the picture? (Kee and Farid 2010)

The two are compared as small grey pictures. Brightness and contrast may differ, as cameras and
editors treat a thumbnail in their own way; a black border of the thumbnail, a crop of the picture
to the thumbnail's shape, and one that was turned or mirrored are allowed for.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unmask.metadata.thumbnail_crop import as_crop
from unmask.metadata.thumbnail_grey import Grey, framed, opened, oriented, reduced, resized
from unmask.types import Box, Pixels

_SAME, _OTHER, _CROP = 0.90, 0.55, 0.88
_ANY_OTHER, _RANKS, _LEAST_STRUCTURE = 0.80, 0.75, 6.0
_POWERS, _KEPT = (1.0, 0.4, 0.55, 0.75, 1.35, 1.8, 2.5), 0.7
_UPRIGHT, _MIRRORED = 1, frozenset({2, 4, 5, 7})
_CELL, _STEP, _TIMES, _LIVELY, _LEAST_CELLS = 8, 12.0, 4.0, 5.0, 3
_SHIFT, _MOST_MARKED, _REST = 2, 0.4, 0.85


Window = tuple[int, int, int, int]
"""Top, left, height and width."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """``kind``: "same", "region", "crop", "other" or "" where nothing can be said.

    ``values``: how much each cell of ``box`` (pixels of the original) differs, 0…1. ``moved``:
    "turned" or "mirrored" where the picture was since the thumbnail was made, else "".
    """

    kind: str
    correlation: float
    values: NDArray[np.float32] | None = None
    box: Box | None = None
    moved: str = ""


@dataclass(frozen=True, slots=True)
class _Fit:
    """A thumbnail laid over a window of the picture, turned in one way."""

    likeness: float
    way: int
    window: Window
    thumbnail: Grey


def held_against(data: bytes, turn: int, pixels: Pixels) -> Comparison | None:
    """Compare the bytes of a thumbnail with the upright picture; None if it does not decode.

    ``turn`` is the EXIF orientation of the file. Where it makes no match, others are tried: some
    cameras store the thumbnail upright, and some viewers turn or mirror the picture alone.
    """
    picture = reduced(pixels)
    stored = opened(data)
    if stored is None:
        return None
    fits: list[_Fit] = []
    for way in dict.fromkeys((turn, _UPRIGHT, 6, 8, 3, 2, 4, 5, 7)):
        fit = _best(picture, framed(oriented(stored, way), picture.shape), way)
        fits.append(fit)
        if fit.likeness >= _SAME:
            break
    found = _judged(picture, fits, turn, pixels.shape[1])
    if found.kind not in ("same", "region"):
        return found
    way = max(fits, key=lambda fit: fit.likeness).way
    moved = "mirrored" if (way in _MIRRORED) != (turn in _MIRRORED) else "turned"
    return replace(found, moved="" if way in (turn, _UPRIGHT) else moved)


def _best(picture: Grey, thumbnails: Iterable[Grey], way: int) -> _Fit:
    return max(
        (
            _Fit(_likeness(_cut(picture, window), small), way, window, small)
            for small in thumbnails
            for window in _windows(picture, small)
        ),
        key=lambda fit: fit.likeness,
    )


def _judged(picture: Grey, fits: list[_Fit], turn: int, width: int) -> Comparison:
    """``fits``: the best of each way, own ways first. ``width``: of the original, for the box."""
    best = max(fits, key=lambda fit: fit.likeness)
    own = [fit for fit in fits if fit.way in (turn, _UPRIGHT)]
    if picture.std() < 4 or best.thumbnail.std() < 4:
        return Comparison("", 0.0)
    if best.likeness < _SAME:
        crop = max(as_crop(picture, fit.thumbnail) for fit in own)
        if crop >= max(_CROP, best.likeness + 0.1):
            return Comparison("crop", crop)
    first = best if best.likeness >= _ANY_OTHER else max(own, key=lambda fit: fit.likeness)
    values = _local(_cut(picture, first.window), first.thumbnail)
    if values is not None:
        scale = width / picture.shape[1]
        top, left, high, wide = first.window
        box = Box(left * scale, top * scale, wide * scale, high * scale)
        return Comparison("region", first.likeness, values, box)
    if best.likeness >= _SAME:
        return Comparison("same", best.likeness)
    other = best.likeness < _ANY_OTHER and all(_differs(picture, fit) for fit in own)
    return Comparison("other" if other else "", first.likeness)


def _differs(picture: Grey, fit: _Fit) -> bool:
    """True if the two have something to show, and it is not alike, whatever the grey curve."""
    a, b = _coarse(_cut(picture, fit.window), fit.thumbnail)
    if min(a.std(), b.std()) < _LEAST_STRUCTURE or fit.likeness >= _OTHER:
        return False
    ranks = [np.argsort(np.argsort(values, axis=None)) for values in (a, b)]
    return float(np.corrcoef(ranks[0], ranks[1])[0, 1]) < _RANKS


def _windows(picture: Grey, thumbnail: Grey) -> list[Window]:
    """The whole picture and its middle in the shape of the thumbnail: top, left, height, width."""
    rows, columns = picture.shape
    shape = thumbnail.shape[1] / thumbnail.shape[0]
    high, wide = min(rows, round(columns / shape)), min(columns, round(rows * shape))
    whole = (0, 0, rows, columns)
    middle = ((rows - high) // 2, (columns - wide) // 2, high, wide)
    return [whole, middle]


def _cut(picture: Grey, window: Window) -> Grey:
    top, left, high, wide = window
    return picture[top : top + high, left : left + wide]


def _coarse(picture: Grey, thumbnail: Grey) -> tuple[Grey, Grey]:
    """Both at a quarter of the thumbnail's size, which forgives a shift."""
    rows, columns = (max(12, side // 4) for side in thumbnail.shape)
    return resized(picture, rows, columns), resized(thumbnail, rows, columns)


def _likeness(picture: Grey, thumbnail: Grey) -> float:
    """Correlation of the two."""
    a, b = _coarse(picture, thumbnail)
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-6))


def _local(cut: Grey, thumbnail: Grey) -> NDArray[np.float32] | None:
    """How much each cell differs after the grey curves were matched; 0.5 is marked.

    None where, by a straight line or by a bent curve, too few cells differ, so many that it is no
    local change, or the rest does not agree.
    """
    rows, columns = (max(1, side // _CELL) for side in thumbnail.shape)
    half = _CELL // 2
    a = resized(cut, rows * half, columns * half)
    b = resized(thumbnail, rows * half, columns * half)
    values = _marked(a, b, _lined(a, b), half)
    return None if values is None or _marked(a, b, _bent(a, b), half) is None else values


def _marked(a: Grey, b: Grey, matched: Grey, half: int) -> NDArray[np.float32] | None:
    rows, columns = (side // half for side in b.shape)
    apart = _apart(matched, b, half)
    busy = _cells(b**2, half) - _cells(b, half) ** 2
    busy = np.sqrt(np.maximum(busy, _cells(a**2, half) - _cells(a, half) ** 2).clip(0))
    usual = float(np.median(apart))
    lively = busy > _LIVELY
    share = float(np.median(apart[lively] / busy[lively])) if lively.sum() >= _LEAST_CELLS else 0.0
    limit = _STEP + _TIMES * (usual + share * busy)
    marked = apart > limit
    if marked.sum() < _LEAST_CELLS or marked.mean() > _MOST_MARKED:
        return None
    around = np.pad(marked, 1)
    near = [around[1 + y :, 1 + x :][:rows, :columns] for y in (-1, 0, 1) for x in (-1, 0, 1)]
    rest = ~np.any(near, axis=0)
    if not rest.any():
        return None
    x, y = _cells(a, half)[rest], _cells(b, half)[rest]
    flat = min(x.std(), y.std()) < 2  # nothing to correlate; the level has been compared already
    if not flat and np.corrcoef(x, y)[0, 1] < _REST:
        return None
    values: NDArray[np.float32] = np.clip(apart / (2 * limit), 0, 1).astype(np.float32)
    return values


def _cells(values: Grey, side: int) -> Grey:
    """The mean of each square of ``side`` values."""
    rows, columns = values.shape[0] // side, values.shape[1] // side
    mean: Grey = values.reshape(rows, side, columns, side).mean((1, 3))
    return mean


def _apart(a: Grey, b: Grey, side: int) -> Grey:
    """How far each cell differs at the small shift that suits it best: thumbnails are cut badly."""
    around = range(-_SHIFT, _SHIFT + 1)
    wide = np.pad(a, _SHIFT, mode="edge")
    rows, columns = b.shape
    moved = [
        _cells(np.abs(wide[_SHIFT + y :, _SHIFT + x :][:rows, :columns] - b), side)
        for y in around
        for x in around
    ]
    nearest: Grey = np.min(moved, axis=0)
    return nearest


def _bent(a: Grey, b: Grey) -> Grey:
    """``a`` with the grey curve of ``b``: the power and the straight line that suit most of it."""
    unit = a.clip(0) / np.float32(255)
    bent: list[Grey] = [(255 * unit ** np.float32(power)).astype(np.float32) for power in _POWERS]
    curves = [_lined(curve, b) for curve in bent]
    return min(curves, key=lambda curve: float(_agreeing(curve, b).mean()))


def _lined(a: Grey, b: Grey) -> Grey:
    """A straight line fitted to what agrees best."""
    slope, shift = 1.0, float(np.median(b - a))
    for _ in range(4):
        apart = np.abs(slope * a + shift - b)
        keep = apart <= np.quantile(apart, _KEPT)
        x, y = a[keep], b[keep]
        slope = float(((x - x.mean()) * (y - y.mean())).sum() / (((x - x.mean()) ** 2).sum() + 1))
        shift = float(y.mean() - slope * x.mean())
    return slope * a + shift


def _agreeing(a: Grey, b: Grey) -> Grey:
    """How far apart the two are where they agree best."""
    apart = np.abs(a - b)
    agreeing: Grey = apart[apart <= np.quantile(apart, _KEPT)]
    return agreeing
