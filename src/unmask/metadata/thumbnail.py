"""Does the embedded thumbnail show the picture? (Kee and Farid 2010)

The two are compared as small grey pictures. Brightness and contrast may differ, as cameras and
editors treat a thumbnail in their own way; a black border of the thumbnail and a crop of the
picture to the thumbnail's shape are allowed for.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Box, Pixels

Grey = NDArray[np.float32]
LONGEST = 320
"""The picture is reduced to this many pixels on its longer side before it is compared."""
_SAME, _OTHER, _CROP = 0.90, 0.55, 0.88
_CELL, _STEP, _TIMES, _LIVELY, _LEAST_CELLS = 8, 12.0, 4.0, 5.0, 3
_SHIFT, _MOST_MARKED, _REST = 2, 0.4, 0.85
_MOST_SIDE, _LEAST_SIDE = 2_000, 48


@dataclass(frozen=True, slots=True)
class Comparison:
    """``kind``: "same", "region", "crop", "other" or "" where nothing can be said.

    ``values``: how much each cell of ``box`` (pixels of the original) differs, 0…1.
    """

    kind: str
    correlation: float
    values: NDArray[np.float32] | None = None
    box: Box | None = None


def reduced(pixels: Pixels) -> Grey:
    """A picture as grey of at most ``LONGEST`` pixels a side."""
    from PIL import Image

    step = max(1, max(pixels.shape[:2]) // (4 * LONGEST))
    picture = Image.fromarray(np.ascontiguousarray(pixels[::step, ::step]))
    picture.thumbnail((LONGEST, LONGEST), Image.Resampling.BOX)
    return np.asarray(picture.convert("L"), np.float32)


def held_against(data: bytes, turn: int, pixels: Pixels) -> Comparison | None:
    """Compare the bytes of a thumbnail with the upright picture; None if it does not decode.

    ``turn`` is the EXIF orientation of the file. Where it makes no match, others are tried: some
    cameras store the thumbnail upright, and some viewers turn the picture alone.
    """
    height, width = pixels.shape[:2]
    picture = reduced(pixels)
    first: Comparison | None = None
    for way in dict.fromkeys((turn, 1, 6, 8, 3)):
        small = opened(data, way)
        if small is None:
            return None
        found = compare(picture, small, width, height)
        first = first or found
        if found.kind in ("same", "region"):
            return found
    return first


def opened(data: bytes, turn: int) -> Grey | None:
    """A thumbnail as upright grey without its black border; None if it does not decode."""
    from PIL import Image

    from unmask.media.image import turned

    try:
        with Image.open(io.BytesIO(data), formats=["JPEG", "TIFF"]) as image:
            if min(image.size) < _LEAST_SIDE or max(image.size) > _MOST_SIDE:
                return None
            pixels = turned(np.asarray(image.convert("RGB")), turn)
    except Exception:  # whatever is wrong with it, it is then no thumbnail
        return None
    return _without_border(np.asarray(Image.fromarray(pixels).convert("L"), np.float32))


def compare(picture: Grey, thumbnail: Grey, width: int, height: int) -> Comparison:
    """Compare; ``width`` and ``height`` are those of the original, for the box of a difference."""
    if picture.std() < 4 or thumbnail.std() < 4:
        return Comparison("", 0.0)
    best, window = max(
        (_likeness(_cut(picture, window), thumbnail), window)
        for window in _windows(picture, thumbnail)
    )
    if best < _SAME:
        crop = _as_crop(picture, thumbnail)
        if crop >= max(_CROP, best + 0.1):
            return Comparison("crop", crop)
    values = _local(_cut(picture, window), thumbnail)
    if values is None:
        return Comparison("same" if best >= _SAME else "other" if best < _OTHER else "", best)
    scale = width / picture.shape[1], height / picture.shape[0]
    top, left, high, wide = window
    box = Box(left * scale[0], top * scale[1], wide * scale[0], high * scale[1])
    return Comparison("region", best, values, box)


Window = tuple[int, int, int, int]


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


def _resized(picture: Grey, rows: int, columns: int) -> Grey:
    from PIL import Image

    small = Image.fromarray(picture).resize((columns, rows), Image.Resampling.BOX)
    return np.asarray(small, np.float32)


def _likeness(picture: Grey, thumbnail: Grey) -> float:
    """Correlation of the two at a quarter of the thumbnail's size, which forgives a shift."""
    rows, columns = (max(12, side // 4) for side in thumbnail.shape)
    a, b = _resized(picture, rows, columns), _resized(thumbnail, rows, columns)
    a, b = a - a.mean(), b - b.mean()
    return float((a * b).sum() / (np.sqrt((a * a).sum() * (b * b).sum()) + 1e-6))


def _without_border(grey: Grey) -> Grey:
    rows, columns = np.flatnonzero(grey.max(1) > 24), np.flatnonzero(grey.max(0) > 24)
    if len(rows) < _LEAST_SIDE // 2 or len(columns) < _LEAST_SIDE // 2:
        return grey
    edge = 1 if len(rows) < grey.shape[0] or len(columns) < grey.shape[1] else 0
    return grey[rows[0] + edge : rows[-1] + 1 - edge, columns[0] + edge : columns[-1] + 1 - edge]


def _local(cut: Grey, thumbnail: Grey) -> NDArray[np.float32] | None:
    """How much each cell differs after brightness and contrast were matched; 0.5 is marked.

    None where too few cells differ, so many that it is no local change, or the rest does not agree.
    """
    rows, columns = (max(1, side // _CELL) for side in thumbnail.shape)
    half = _CELL // 2
    a = _resized(cut, rows * half, columns * half)
    b = _resized(thumbnail, rows * half, columns * half)
    apart = _apart(_matched(a, b), b, half)
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


def _matched(a: Grey, b: Grey) -> Grey:
    """``a`` with the grey curve of ``b``: a straight line fitted to what agrees best."""
    slope, shift = 1.0, float(np.median(b - a))
    for _ in range(4):
        apart = np.abs(slope * a + shift - b)
        keep = apart <= np.quantile(apart, 0.7)
        x, y = a[keep], b[keep]
        slope = float(((x - x.mean()) * (y - y.mean())).sum() / (((x - x.mean()) ** 2).sum() + 1))
        shift = float(y.mean() - slope * x.mean())
    return slope * a + shift


def _as_crop(picture: Grey, thumbnail: Grey) -> float:
    """The best correlation of the picture with any part of the thumbnail, over ten scales."""
    best = 0.0
    shape = picture.shape[0] / picture.shape[1]
    rows, columns = thumbnail.shape
    for scale in np.linspace(0.4, 0.95, 12):
        wide = int(columns * scale)
        high = round(wide * shape)
        if high < 16 or wide < 16 or high > rows:
            continue
        best = max(best, _sought(_resized(picture, high, wide), thumbnail))
    return best


def _sought(part: Grey, whole: Grey) -> float:
    """Highest normalised correlation of ``part`` at all places of ``whole``."""
    high, wide = part.shape
    part = part - part.mean()
    spectrum = np.fft.rfft2(whole - whole.mean())
    product = spectrum * np.conj(np.fft.rfft2(part, whole.shape))
    inner = np.fft.irfft2(product, whole.shape)
    inner = inner[: whole.shape[0] - high + 1, : whole.shape[1] - wide + 1]
    power = _sums(whole**2, high, wide) - _sums(whole, high, wide) ** 2 / part.size
    norm = np.sqrt(np.maximum(power, 1.0) * float((part**2).sum() + 1e-6))
    return float((inner / norm).max())


def _sums(values: Grey, high: int, wide: int) -> NDArray[np.float64]:
    """Sums over all windows of a size."""
    table = np.pad(values.astype(np.float64), ((1, 0), (1, 0))).cumsum(0).cumsum(1)
    result: NDArray[np.float64] = (
        table[high:, wide:] - table[:-high, wide:] - table[high:, :-wide] + table[:-high, :-wide]
    )
    return result
