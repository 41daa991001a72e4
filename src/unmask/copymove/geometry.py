"""Pairs that move together: the turn, scale and shift that many of them share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.copymove.keypoints import Keypoints
from unmask.copymove.matching import Pairs
from unmask.types import Tensor

Matrix = NDArray[np.float64]
"""2 × 3: where a point (x, y, 1) of the one place lies in the other."""
LEAST = 3
"""Pairs at different spots that must agree."""
MOST = 8
"""Moves that are looked at closely."""
_MOST_PAIRS = 1500
_REACH = 160.0
_TOLERANCE, _LOOSE = 2.5, 0.12
_TURN, _GROW = 0.5, 0.4
_SPOT = 2.0
_SCALES = (0.3, 3.3)


@dataclass(frozen=True, slots=True)
class Move:
    """A hypothesis: ``matrix`` takes the places ``first`` (N × 2) to ``second``."""

    matrix: Matrix
    first: NDArray[np.float64]
    second: NDArray[np.float64]
    mirrored: bool

    @property
    def scale(self) -> float:
        """How much larger the second place is."""
        return float(np.sqrt(abs(np.linalg.det(self.matrix[:, :2]))))

    def back(self) -> Move:
        """The same move from the second place to the first."""
        return Move(inverse(self.matrix), self.second, self.first, self.mirrored)


def inverse(matrix: Matrix) -> Matrix:
    """The move back."""
    linear = np.linalg.inv(matrix[:, :2])
    return np.hstack([linear, -linear @ matrix[:, 2:]])


def moves(points: Keypoints, pairs: Pairs) -> Iterator[Move]:
    """The moves that at least ``LEAST`` pairs at different spots share; the most shared first."""
    kept = np.argsort(pairs.ratio, kind="stable")[:_MOST_PAIRS]
    first, second = pairs.first[kept], pairs.second[kept]
    p, q = (_complex(points.places[one]) for one in (first, second))
    grow = np.log(points.scale[second].astype(np.float64) / points.scale[first])
    turns = points.angle.astype(np.float64)
    turn = turns[second] + turns[first] if pairs.mirrored else turns[second] - turns[first]
    if pairs.mirrored:
        p = np.asarray(np.conj(p))
    free = np.abs(grow) < np.log(_SCALES[1])
    agree = _agreeing(p, q, grow, turn)
    for _ in range(MOST):
        votes = np.where(free, (agree & free).sum(axis=1), 0)
        seed = int(np.argmax(votes)) if len(votes) else 0
        if not len(votes) or votes[seed] < LEAST:
            return
        inside = agree[seed] & free
        fit = _similarity(p[inside], q[inside])
        for _ in range(3):
            close = free & (np.abs(fit[0] * p + fit[1] - q) < _TOLERANCE)
            close &= np.abs(p - p[inside].mean()) < 4 * _REACH
            if close.sum() < LEAST:
                break
            inside = close
            fit = _similarity(p[inside], q[inside])
        known = np.conj(p) if pairs.mirrored else p
        back = np.abs(q[:, None] - known[None, inside]).min(axis=1) < 4
        back &= np.abs(known[:, None] - q[None, inside]).min(axis=1) < 4
        free &= ~inside & ~back
        free[seed] = False
        if min(_spots(p[inside]), _spots(q[inside])) < LEAST:
            continue
        if _SCALES[0] < abs(fit[0]) < _SCALES[1]:
            yield _as_move(fit, p[inside], q[inside], pairs.mirrored)


def _complex(places: Tensor) -> NDArray[np.complex128]:
    return np.asarray(places[:, 0] + 1j * places[:, 1], np.complex128)


def _agreeing(
    p: NDArray[np.complex128],
    q: NDArray[np.complex128],
    grow: NDArray[np.float64],
    turn: NDArray[np.float64],
) -> NDArray[np.bool_]:
    """Which pair (column) goes where the move of which pair (row) takes it."""
    own = np.exp(grow + 1j * turn)
    away = p[None] - p[:, None]
    miss = np.abs(own[:, None] * away - (q[None] - q[:, None]))
    length = np.abs(away)
    agree = (miss < _TOLERANCE + _LOOSE * length * np.exp(grow)[:, None]) & (length < _REACH)
    agree &= np.abs(grow[None] - grow[:, None]) < _GROW
    off = np.abs((turn[None] - turn[:, None] + np.pi) % (2 * np.pi) - np.pi)
    agree &= off < _TURN
    return agree


def _similarity(p: NDArray[np.complex128], q: NDArray[np.complex128]) -> tuple[complex, complex]:
    """Turn and scale as one complex number, and shift, by least squares."""
    away, goal = p - p.mean(), q - q.mean()
    factor = complex(np.vdot(away, goal) / max(float(np.vdot(away, away).real), 1e-9))
    return factor, complex(q.mean() - factor * p.mean())


def _spots(places: NDArray[np.complex128]) -> int:
    """How many different spots there are."""
    cells = np.round(places / _SPOT)
    return len(np.unique(cells))


def _as_move(
    fit: tuple[complex, complex],
    p: NDArray[np.complex128],
    q: NDArray[np.complex128],
    mirrored: bool,
) -> Move:
    factor, shift = fit
    linear = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
    if mirrored:
        linear = linear @ np.diag([1.0, -1.0])
        p = np.conj(p)
    matrix = np.hstack([linear, [[shift.real], [shift.imag]]])
    return Move(
        matrix, np.column_stack([p.real, p.imag]), np.column_stack([q.real, q.imag]), mirrored
    )
