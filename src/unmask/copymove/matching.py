"""Which features of a picture look alike, although they lie at different places."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.copymove.features import Features
from unmask.types import Tensor

APART = 24.0
"""Pixels that two alike features must be apart."""
RATIO = 0.75
"""A pair counts when its angle is less than this share of the angle to the next best."""
_WIDEST = 0.75
"""Radians between two descriptors over which they are not alike."""
_FEWEST, _AT_ONCE = 4, 256


@dataclass(frozen=True, slots=True)
class Pairs:
    """Feature ``first`` looks like feature ``second`` (N numbers each), turned over or not.

    ``ratio``: how much nearer than the next best; smaller is clearer.
    """

    first: NDArray[np.int_]
    second: NDArray[np.int_]
    ratio: Tensor
    mirrored: bool


def pairs(found: Features, mirrored: bool) -> Pairs:
    """All pairs, each in both directions, no pair twice."""
    bright = found.points.bright
    firsts, seconds, ratios = [], [], []
    described = found.mirrored() if mirrored else found.descriptors
    for side in (bright, ~bright):  # a bright spot is never the copy of a dark one
        some = np.flatnonzero(side)
        if len(some) > _FEWEST:
            first, second, ratio = _alike(
                found.descriptors[some], described[some], found.points.places[some]
            )
            firsts.append(some[first])
            seconds.append(some[second])
            ratios.append(ratio)
    if not firsts:
        none = np.zeros(0, int)
        return Pairs(none, none, np.zeros(0, np.float32), mirrored)
    one, other, ratio = np.concatenate(firsts), np.concatenate(seconds), np.concatenate(ratios)
    both = np.concatenate([one, other]), np.concatenate([other, one])
    twice = np.concatenate([ratio, ratio])
    order = np.argsort(twice, kind="stable")
    key = both[0][order] * len(bright) + both[1][order]
    kept = order[np.sort(np.unique(key, return_index=True)[1])]
    return Pairs(both[0][kept], both[1][kept], twice[kept], mirrored)


def _alike(
    descriptors: Tensor, others: Tensor, places: Tensor
) -> tuple[NDArray[np.int_], NDArray[np.int_], Tensor]:
    """First, second and ratio; the second best too when the third is far behind (two copies)."""
    firsts, seconds, ratios = [], [], []
    squares = (places * places).sum(axis=1)
    for start in range(0, len(descriptors), _AT_ONCE):
        some = slice(start, start + _AT_ONCE)
        likeness = descriptors[some] @ others.T
        near = places[some] @ (2 * places.T) - squares  # less than the distance squared by a row
        likeness[near > (squares[some] - APART**2)[:, None]] = -2
        rows = np.arange(len(likeness))
        best, angles = [], []
        for _ in range(3):
            top = likeness.argmax(axis=1)
            angles.append(np.arccos(np.clip(likeness[rows, top], -1, 1)))
            likeness[rows, top] = -2
            best.append(top)
        for k in range(2):
            ratio = angles[k] / np.maximum(angles[k + 1], 1e-6)
            good = np.flatnonzero((ratio < RATIO) & (angles[k] < _WIDEST))
            firsts.append(start + good)
            seconds.append(best[k][good])
            ratios.append(ratio[good].astype(np.float32))
    return np.concatenate(firsts), np.concatenate(seconds), np.concatenate(ratios)
