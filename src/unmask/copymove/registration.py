"""Laying the one place over the other, to a part of a pixel, and how far they are then the same."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.copymove.geometry import Matrix
from unmask.media.blur import blurred
from unmask.types import Tensor

_STEPS = 4
_MOST_SHIFT, _MOST_BEND = 2.0, 0.12
_SMOOTH = 1.0
_FINE, _COARSE = 0.6, 2.5
_WINDOW = 2.5
BANDS = (0.8, 1.6, 3.2)
"""Blurs in pixels between which bands of detail lie; the first goes down to single pixels."""
FLOOR = 0.7
"""Grey levels of detail under which a place is too smooth to be compared."""


@dataclass(frozen=True, slots=True)
class Window:
    """A rectangle of the picture in whole pixels."""

    left: int
    top: int
    right: int
    bottom: int

    def around(self, margin: int, shape: tuple[int, ...]) -> Window:
        """The same with a margin, as far as the picture (height × width) reaches."""
        return Window(
            max(0, self.left - margin),
            max(0, self.top - margin),
            min(shape[1], self.right + margin),
            min(shape[0], self.bottom + margin),
        )

    def cut(self, grey: Tensor) -> Tensor:
        """The pixels inside."""
        return grey[self.top : self.bottom, self.left : self.right]


def window_of(places: NDArray[np.float64]) -> Window:
    """The smallest window that holds some places."""
    low, high = np.floor(places.min(axis=0)), np.ceil(places.max(axis=0)) + 1
    return Window(int(low[0]), int(low[1]), int(high[0]), int(high[1]))


def warped(grey: Tensor, matrix: Matrix, window: Window) -> Tensor:
    """The second place brought to the pixels of a window at the first; NaN beyond the picture."""
    a, b, c = matrix[0]
    d, e, f = matrix[1]
    corners = np.array(
        [[x, y, 1] for x in (window.left, window.right) for y in (window.top, window.bottom)]
    )
    seen = corners @ matrix.T
    low = np.maximum(np.floor(seen.min(axis=0)).astype(int) - 4, 0)
    high = np.minimum(np.ceil(seen.max(axis=0)).astype(int) + 4, grey.shape[::-1])
    size = window.right - window.left, window.bottom - window.top
    if (high - low < 2).any():
        return np.full(size[::-1], np.nan, np.float32)
    part = Image.fromarray(np.ascontiguousarray(grey[low[1] : high[1], low[0] : high[0]]))
    # Pillow counts from the corner of a pixel, this module from its middle.
    x = a * window.left + b * window.top + c - low[0] + 0.5 - 0.5 * (a + b)
    y = d * window.left + e * window.top + f - low[1] + 0.5 - 0.5 * (d + e)
    laid = part.transform(
        size,
        Image.Transform.AFFINE,
        (a, b, x, d, e, y),
        Image.Resampling.BICUBIC,
        fillcolor=float("nan"),
    )
    return np.asarray(laid, np.float32)


def refined(grey: Tensor, matrix: Matrix, window: Window, weight: Tensor) -> Matrix | None:
    """A better move near ``matrix``, by Gauss-Newton with gain and offset; None if it runs away.

    ``weight``: how much each pixel of the window counts. Lucas and Kanade 1981.
    """
    first = blurred(window.cut(grey), _SMOOTH)
    height, width = first.shape
    x = np.arange(width, dtype=np.float32)[None] - (width - 1) / 2
    y = np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2
    reach = max(height, width) / 2
    middle = np.array([window.left + (width - 1) / 2, window.top + (height - 1) / 2])
    begun = matrix
    for _ in range(_STEPS):
        laid = warped(grey, matrix, window)
        known = np.isfinite(laid)
        if known.mean() < 0.3:
            return None
        second = blurred(np.where(known, laid, first), _SMOOTH)
        down, across = np.gradient(second)
        columns = (across, across * x, across * y, down, down * x, down * y)
        design = np.stack([*columns, second, np.ones_like(second)], -1).reshape(-1, 8)
        share = (weight * known).reshape(-1)
        # second(moved by s) * gain + offset = first
        target = (first - second).reshape(-1)
        solved = _robust(design.astype(np.float64), target, share)
        if solved is None:
            return None
        bend = np.clip(solved.reshape(-1)[[1, 2, 4, 5]], -_MOST_BEND, _MOST_BEND)
        shift = np.clip(solved[[0, 3]], -_MOST_SHIFT, _MOST_SHIFT)
        inner = np.array([[1 + bend[0], bend[1]], [bend[2], 1 + bend[3]]])
        linear = matrix[:, :2] @ inner
        offset = matrix[:, 2] + matrix[:, :2] @ (middle + shift) - linear @ middle
        matrix = np.hstack([linear, offset[:, None]])
        if np.abs(shift).max() + np.abs(bend).max() * reach < 0.02:
            break
    moved = np.abs(matrix @ [*middle, 1] - begun @ [*middle, 1]).max()
    bent = np.abs(np.linalg.solve(begun[:, :2], matrix[:, :2]) - np.eye(2)).max()
    return matrix if moved < 8 and bent < 0.25 else None


def _robust(
    design: NDArray[np.float64], target: Tensor, share: Tensor
) -> NDArray[np.float64] | None:
    """Least squares in which what does not fit counts little, from the start."""
    solved: NDArray[np.float64] = np.zeros(8)
    for _ in range(3):
        rest = np.abs(target - design @ solved)
        inside = rest[share > 0.1]
        spread = 2 * float(np.median(inside)) + 1 if len(inside) else 1.0
        weights = share / (1 + (rest / spread) ** 2) ** 2
        weighted = design * weights[:, None]
        normal = weighted.T @ design
        ridge = 1e-7 * np.diag(normal) + 1e-9
        try:
            solved = np.asarray(
                np.linalg.solve(normal + np.diag(ridge), weighted.T @ target), np.float64
            )
        except np.linalg.LinAlgError:
            return None
    return solved


@dataclass(frozen=True, slots=True)
class Likeness:
    """Two places on one grid: local correlation -1…1 of their detail, and how much there is.

    ``detail``: grey levels (root mean square) in the smoother of both.
    """

    correlation: Tensor
    detail: Tensor


def likeness(first: Tensor, second: Tensor) -> Likeness:
    """Compare the detail of two places, in a window around every pixel."""
    known = np.isfinite(second)
    a, b = (detail(one) for one in (first, np.where(known, second, first.mean())))
    power_a, power_b, joint = (blurred(one, _WINDOW) for one in (a * a, b * b, a * b))
    floor = FLOOR**2
    correlation = joint / np.sqrt((power_a + floor) * (power_b + floor))
    least = np.sqrt(np.minimum(power_a, power_b))
    return Likeness(np.where(known, correlation, 0), np.where(known, least, 0))


def detail(grey: Tensor) -> Tensor:
    """A picture without what is smooth, and without its finest grain."""
    return np.asarray(blurred(grey, _FINE) - blurred(grey, _COARSE), np.float32)


def agreement(
    first: Tensor, second: Tensor, region: NDArray[np.bool_]
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Correlation of two places over a region, and its strength (grey levels), band by band.

    Bands go from the finest grain to the coarsest detail (``BANDS``). Noise is in the first: two
    places that were photographed apart do not share it.
    """
    known = np.isfinite(second)
    both = [[one] for one in (first, np.where(known, second, first.mean()))]
    for levels in both:
        levels += [blurred(levels[0], sigma) for sigma in BANDS]
    alike, strength = [], []
    for k in range(len(BANDS)):
        a, b = ((levels[k] - levels[k + 1])[region & known] for levels in both)
        powers = float((a * a).mean()), float((b * b).mean())
        alike.append(float((a * b).mean()) / (np.sqrt(powers[0] * powers[1]) + 1e-6))
        strength.append(float(np.sqrt(min(powers))))
    return tuple(alike), tuple(strength)
