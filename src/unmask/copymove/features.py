"""Local features: keypoints, each described by the gradients around it.

Lowe 2004, section 6: gradients along eight directions over 4 × 4 cells of a patch that is turned
and scaled with the keypoint. A mirrored patch has the same numbers in another order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unmask.copymove.keypoints import Keypoints, Octave, by_level, directed, octaves, sampled
from unmask.types import Tensor

_CELLS, _DIRECTIONS, _SIDE = 4, 8, 16
_CELL = 1.9
"""Side of a cell in scales of the keypoint."""
_CLIP = 0.2
_SPREAD = 12
"""Cells along a side of the picture that share the features evenly."""


@dataclass(frozen=True, slots=True)
class Features:
    """Keypoints and their N × 128 descriptors, each of length 1."""

    points: Keypoints
    descriptors: Tensor

    def mirrored(self) -> Tensor:
        """The descriptors that the mirrored picture would have."""
        turned = self.descriptors.reshape(-1, _CELLS, _CELLS, _DIRECTIONS)
        turned = turned[:, ::-1][..., (-np.arange(_DIRECTIONS)) % _DIRECTIONS]
        return np.ascontiguousarray(turned.reshape(-1, _CELLS * _CELLS * _DIRECTIONS))


def features(grey: Tensor, most: int) -> Features:
    """Up to about ``most`` features of a height × width picture (0…255), spread over it."""
    pyramid = list(octaves(grey))
    kept = _spread(pyramid, grey.shape, most)
    parts = []
    for octave, chosen in zip(pyramid, kept, strict=True):
        if not len(chosen):
            continue
        number, angle = directed(octave, chosen)
        parts.append(_described(octave, chosen[number], angle))
    if not parts:
        none = np.zeros(0, np.float32)
        empty = Keypoints(np.zeros((0, 2), np.float32), none, none, none > 0, none)
        return Features(empty, np.zeros((0, _CELLS * _CELLS * _DIRECTIONS), np.float32))
    points = [one.points for one in parts]
    return Features(
        Keypoints(
            np.concatenate([one.places for one in points]),
            np.concatenate([one.scale for one in points]),
            np.concatenate([one.angle for one in points]),
            np.concatenate([one.bright for one in points]),
            np.concatenate([one.strength for one in points]),
        ),
        np.concatenate([one.descriptors for one in parts]),
    )


def _spread(pyramid: list[Octave], shape: tuple[int, ...], most: int) -> list[NDArray[np.int_]]:
    """The strongest spots of each cell of a grid, in turns, so that every part has some."""
    sizes = [len(one.spots) for one in pyramid]
    if sum(sizes) <= most:
        return [np.arange(size) for size in sizes]
    x, y = (np.concatenate([o.spots[:, k] * 2**o.halved for o in pyramid]) for k in (0, 1))
    strength = np.abs(np.concatenate([one.strength for one in pyramid]))
    down, across = (v * _SPREAD / n for v, n in ((y, shape[0]), (x, shape[1])))
    last = _SPREAD - 1
    cell = np.clip(down.astype(int), 0, last) * _SPREAD + np.clip(across.astype(int), 0, last)
    order = np.lexsort((-strength, cell))
    starts = np.searchsorted(cell[order], np.arange(_SPREAD**2))
    turn = np.empty(len(order), int)
    turn[order] = np.arange(len(order)) - starts[cell[order]]
    kept = np.lexsort((-strength, turn))[:most]
    flags = np.zeros(len(order), bool)
    flags[kept] = True
    return [np.flatnonzero(part) for part in np.split(flags, np.cumsum(sizes)[:-1])]


@lru_cache(maxsize=1)
def _cells() -> tuple[Tensor, Tensor]:
    """256 × 16: the share of each sample in each cell (bilinear); and the weight of each sample."""
    at = (np.arange(_SIDE) + 0.5) / _SIDE * _CELLS - 0.5
    share = np.clip(1 - np.abs(at[:, None] - np.arange(_CELLS)[None]), 0, None)
    both = np.einsum("ai,bj->abij", share, share).reshape(_SIDE**2, _CELLS**2)
    away = (np.arange(_SIDE) - (_SIDE - 1) / 2) / (_SIDE / 2)
    weight = np.exp(-0.5 * (away[:, None] ** 2 + away[None] ** 2))
    return both.astype(np.float32), weight.reshape(-1).astype(np.float32)


def _described(octave: Octave, chosen: NDArray[np.int_], angle: Tensor) -> Features:
    side = _SIDE + 2
    step = _CELLS * _CELL / _SIDE
    offsets = (np.arange(side, dtype=np.float32) - (side - 1) / 2) * np.float32(step)
    share, weight = _cells()
    out = np.zeros((len(chosen), _CELLS**2, _DIRECTIONS), np.float32)
    for level, some in by_level(octave, chosen):
        x, y, _ = octave.spots[chosen[some]].T
        scale = octave.scale(chosen[some])[:, None, None]
        cos, sin = (f(angle[some])[:, None, None] * scale for f in (np.cos, np.sin))
        u, v = offsets[None, None, :], offsets[None, :, None]
        columns = x[:, None, None] + u * cos - v * sin
        rows = y[:, None, None] + u * sin + v * cos
        patch = sampled(octave.levels[level], rows, columns)
        right = (patch[:, 1:-1, 2:] - patch[:, 1:-1, :-2]).reshape(len(some), -1)
        down = (patch[:, 2:, 1:-1] - patch[:, :-2, 1:-1]).reshape(len(some), -1)
        sharp = (right * right + down * down + 1e-6) ** -0.375
        right *= sharp
        down *= sharp
        for k in range(_DIRECTIONS // 2):
            turn = 2 * np.pi * k / _DIRECTIONS
            along = right * np.float32(np.cos(turn)) + down * np.float32(np.sin(turn))
            size = along * along  # the length of the gradient times the fourth power of a cosine
            size *= size
            size *= weight
            ahead = np.where(along > 0, size, 0)
            out[some, :, k] = ahead @ share
            out[some, :, k + _DIRECTIONS // 2] = (size - ahead) @ share
    vectors = out.reshape(len(chosen), -1)
    for _ in range(2):
        length = np.sqrt((vectors**2).sum(axis=1, keepdims=True))
        vectors = np.minimum(vectors / np.maximum(length, 1e-6), _CLIP)
    vectors /= np.maximum(np.sqrt((vectors**2).sum(axis=1, keepdims=True)), 1e-6)
    grow = 2**octave.halved
    spots = octave.spots[chosen]
    points = Keypoints(
        spots[:, :2] * grow,
        octave.scale(chosen) * grow,
        angle,
        octave.strength[chosen] > 0,
        np.abs(octave.strength[chosen]),
    )
    return Features(points, vectors)
