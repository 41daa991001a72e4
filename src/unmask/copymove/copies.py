"""Copies within a picture: pairs of features propose a move, and the pixels of both places decide.

Two places that look alike to features are common: windows, petals, twins, bricks. A copy is more:
laid over each other, both places agree down to the finest grain, and no third place does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.compression.regions import filled, flood
from unmask.copymove.features import Features, features
from unmask.copymove.geometry import Matrix, Move, inverse, moves
from unmask.copymove.matching import pairs
from unmask.copymove.registration import (
    FLOOR,
    Window,
    agreement,
    likeness,
    refined,
    warped,
    window_of,
)
from unmask.copymove.repetition import drawn, elsewhere, one_way
from unmask.media.blur import blurred
from unmask.media.luma import luma
from unmask.types import Pixels, Tensor

SMALLEST = 64
"""Pixels of the shorter side under which a picture is not looked at."""
LARGEST = 1_500_000
"""Pixels of the largest picture that is looked at as it is; a larger one is shrunk to this."""
ENLARGED = 350_000
"""Pixels of the largest picture that is enlarged to find features in it."""
MOST_FEATURES = 4500
STATED = 1.8
"""Score from which on a copy is stated."""
LEAST_AREA = 250
"""Pixels that both places must share."""
_DOUBT, _USUAL, _PHOTOGRAPHED = 4.0, 0.45, 0.45
_REPEATED, _DRAWN = 0.85, 0.8
_SUREST = 0.98
_STRETCHED, _EVEN = 40.0, 1.012
_ONE_WAY = 0.08
_FEW = 30
_DENSE, _RIM = 30.0, 9
_TELLING = 30
_START, _ALIKE = 0.55, 0.6
_MARGIN, _GROWTHS = 24, 4
Region = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Copy:
    """Two places that show the same. All in pixels of the picture that was looked at.

    ``first``, ``second``: whole-picture masks. ``alike``: correlation in three bands, the finest
    first; ``strength``: how strong the bands are (grey levels). ``third``: how much any third
    place is like them. ``drawn``: the share of pixels with one of two greys.
    """

    matrix: Matrix
    mirrored: bool
    pairs: int
    first: Region
    second: Region
    alike: tuple[float, ...]
    strength: tuple[float, ...]
    third: float
    drawn: float

    @property
    def area(self) -> int:
        """Pixels of the smaller place."""
        return int(self.first.sum())

    @property
    def scale(self) -> float:
        """How much larger the second place is."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    @property
    def stretch(self) -> float:
        """How much more the second place is scaled along one direction than across it; 1: alike."""
        most, least = np.linalg.svd(self.matrix[:, :2], compute_uv=False)
        return float(most / max(float(least), 1e-6))

    @property
    def angle(self) -> float:
        """Degrees, -180…180, by which the second place is turned; after mirroring top to bottom."""
        return float(np.degrees(np.arctan2(self.matrix[1, 0], self.matrix[0, 0])))

    @property
    def score(self) -> float:
        """How surely both places are one: higher is surer, at ``STATED`` it is said.

        Fisher's transform of the correlation of the grain, and half of that of the fine detail,
        less what a third place has in common with them, what looks drawn, and how far the second
        place is stretched: a copy is turned and scaled as a whole, two things alike seldom are.
        """
        grain, fine = (float(np.arctanh(np.clip(one, 0, _SUREST))) for one in self.alike[:2])
        third = _DOUBT * max(0.0, self.third - _USUAL)
        drawn = _DOUBT * max(0.0, self.drawn - _PHOTOGRAPHED)
        return grain + fine / 2 - third - drawn - _STRETCHED * max(0.0, self.stretch - _EVEN)


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found, the surest first, in a picture that was shrunk to ``shrunk`` of its size.

    ``blank``: it has too few features to be compared.
    """

    copies: tuple[Copy, ...]
    shrunk: float
    blank: bool


def look(pixels: Pixels) -> Looked:
    """All places of a picture that look copied."""
    height, width = pixels.shape[:2]
    shrunk = min(1.0, (LARGEST / (height * width)) ** 0.5)
    if shrunk < 1:
        size = max(1, round(width * shrunk)), max(1, round(height * shrunk))
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    grey = luma(pixels)
    found = sought(grey)
    if len(found.descriptors) < _FEW:
        return Looked((), shrunk, blank=True)
    copies = [copy for copy in candidates(grey, found) if stated(copy)]
    copies.sort(key=lambda one: -one.score)
    return Looked(tuple(_different(copies)), shrunk, blank=False)


def sought(grey: Tensor) -> Features:
    """The features of a picture; a small one is enlarged for this, for small parts to have some."""
    if grey.size > ENLARGED:
        return features(grey, MOST_FEATURES)
    height, width = grey.shape
    large = Image.fromarray(grey).resize((2 * width, 2 * height), Image.Resampling.BICUBIC)
    found = features(np.asarray(large), MOST_FEATURES)
    points = found.points
    places = np.asarray((points.places - 0.5) / 2, np.float32)
    scale = np.asarray(points.scale / 2, np.float32)
    return replace(found, points=replace(points, places=places, scale=scale))


def candidates(grey: Tensor, found: Features) -> Iterator[Copy]:
    """Places that agree when laid over each other, whatever that is worth."""
    for mirrored in (False, True):
        for move in moves(found.points, pairs(found, mirrored)):
            copy = compared(grey, move)
            if copy is not None:
                yield copy


def stated(copy: Copy) -> bool:
    """Whether a copy is sure enough to be said."""
    return copy.score >= STATED and copy.third < _REPEATED and copy.drawn < _DRAWN


def _different(copies: list[Copy]) -> Iterator[Copy]:
    """The copies without those that say the same again."""
    seen: list[Region] = []
    for copy in copies:
        both = copy.first | copy.second
        if all((both & other).sum() < 0.5 * both.sum() for other in seen):
            seen.append(both)
            yield copy


def compared(grey: Tensor, move: Move) -> Copy | None:
    """Both places of a move laid over each other; None when they differ."""
    if move.scale < 1:
        move = move.back()  # the larger place is made smaller, never the other way round
    away = np.hypot(*(move.first[:, None] - move.first[None]).transpose(2, 0, 1))
    core = away[np.argmax((away < _DENSE).sum(axis=1))] < _DENSE
    start = window_of(move.first[core]).around(_RIM, grey.shape)
    better = refined(grey, move.matrix, start, np.ones_like(start.cut(grey)))
    tried = [move.matrix] if better is None else [move.matrix, better]
    likely, matrix = max(
        ((_likely(grey, one, start), one) for one in tried), key=lambda one: one[0]
    )
    if likely < _START:
        return None
    grown = _grown(grey, matrix, start)
    if grown is None:
        return None
    matrix, window, region = grown
    second = warped(grey, matrix, window)
    if one_way(window.cut(grey), region) < _ONE_WAY:
        return None
    alike, strength = agreement(window.cut(grey), second, region)
    whole = np.zeros(grey.shape, bool)
    whole[window.top : window.bottom, window.left : window.right] = region
    moved = _moved(whole, matrix)
    if (whole & moved).sum() > 0.2 * region.sum() or not moved.any():
        return None
    middles = [
        (float(x), float(y)) for y, x in (np.argwhere(m).mean(axis=0) for m in (whole, moved))
    ]
    return Copy(
        matrix,
        move.mirrored,
        len(move.first),
        whole,
        moved,
        alike,
        strength,
        elsewhere(grey, window, region, middles),
        drawn(window.cut(grey), region),
    )


def _middle(region: Region) -> tuple[float, float]:
    y, x = np.argwhere(region).mean(axis=0)
    return float(x), float(y)


def _likely(grey: Tensor, matrix: Matrix, window: Window) -> float:
    """The correlation that two fifths of what has detail in a window exceed."""
    seen = likeness(window.cut(grey), warped(grey, matrix, window))
    telling = seen.correlation[seen.detail > FLOOR]
    return float(np.quantile(telling, 0.6)) if len(telling) >= _TELLING else 0.0


def _grown(grey: Tensor, matrix: Matrix, start: Window) -> tuple[Matrix, Window, Region] | None:
    """The place around ``start`` over which both agree, and the move fitted on all of it."""
    margin = _MARGIN
    for turn in range(_GROWTHS + 1):
        window = start.around(margin, grey.shape)
        seen = likeness(window.cut(grey), warped(grey, matrix, window))
        same = blurred((seen.correlation > _ALIKE).astype(np.float32), 1.5) > 0.5
        seed = np.zeros_like(same)
        rows = slice(start.top - window.top, start.bottom - window.top)
        seed[rows, start.left - window.left : start.right - window.left] = True
        region = flood(same, seed & same)
        if int(region.sum()) < LEAST_AREA:
            return None
        if turn == 0:
            weight = blurred(region.astype(np.float32), 1.5)
            better = refined(grey, matrix, window, weight)
            matrix = matrix if better is None else better
            margin += 1
            continue
        if _touching(region, window, grey.shape) < 3:
            break
        margin *= 2
    return matrix, window, filled(region)


def _touching(region: Region, window: Window, shape: tuple[int, ...]) -> int:
    """How many pixels of a region lie on an edge of its window that is none of the picture."""
    inner = (window.top > 0, window.bottom < shape[0], window.left > 0, window.right < shape[1])
    edges = (region[0], region[-1], region[:, 0], region[:, -1])
    return sum(int(edge.sum()) for edge, open_ in zip(edges, inner, strict=True) if open_)


def _moved(whole: Region, matrix: Matrix) -> Region:
    """Where a region of the first place lies in the second."""
    rows, columns = whole.shape
    laid = warped(whole.astype(np.float32), inverse(matrix), Window(0, 0, columns, rows))
    return np.nan_to_num(laid) > 0.5
