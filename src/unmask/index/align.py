"""Laying a suspect picture over a known one: scale and shift of each axis, to a part of a pixel.

Gauss-Newton on the grey values with a gain and an offset, from coarse to fine, each pixel weighted
down by its residual so that edited parts do not pull (Lucas and Kanade 1981; Hager and Belhumeur
1998, "Efficient region tracking with parametric models of geometry and illumination").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.media.blur import blurred
from unmask.media.luma import luma
from unmask.types import Pixels, Tensor

_STAGES = ((48, 8), (96, 5), (192, 4))
"""Longest side in pixels, and how often the fit is improved there."""
_LEAST_PIXELS = 16
_SETTLED = 0.02
_SNAPS = 0.3
_BLOCK = 16
_TEXTURE, _ALIKE = 2.0, 0.8
_LEAST_BLOCKS, _LEAST_SHARE, _MOST_SHIFT = 6, 0.5, 0.35


@dataclass(frozen=True, slots=True)
class Fit:
    """Where a point (u, v) of the known picture lies in the suspect: (au·u + bu, av·v + bv)."""

    au: float
    bu: float
    av: float
    bv: float


@dataclass(frozen=True, slots=True)
class Laid:
    """Both pictures on one grid. ``part``: left, top, right, bottom in the known picture."""

    known: Tensor
    suspect: Tensor
    fit: Fit
    part: tuple[float, float, float, float]

    @property
    def place(self) -> tuple[float, float, float, float]:
        """The same part in the suspect: left, top, right, bottom."""
        u0, v0, u1, v1 = self.part
        f = self.fit
        return f.au * u0 + f.bu, f.av * v0 + f.bv, f.au * u1 + f.bu, f.av * v1 + f.bv


def whole(known: Pixels, suspect: Pixels) -> Fit:
    """The fit of two pictures that show the same from edge to edge."""
    return Fit(suspect.shape[1] / known.shape[1], 0.0, suspect.shape[0] / known.shape[0], 0.0)


def shrunk(suspect: Pixels, fit: Fit) -> tuple[Pixels, Fit]:
    """A large suspect brought near the scale of the known picture, and its fit."""
    height, width = suspect.shape[:2]
    if min(fit.au, fit.av) <= 1.5:
        return suspect, fit
    new_w, new_h = max(1, round(width / fit.au)), max(1, round(height / fit.av))
    small = Image.fromarray(suspect).resize((new_w, new_h), Image.Resampling.BOX)
    kx, ky = new_w / width, new_h / height
    return np.asarray(small), Fit(fit.au * kx, fit.bu * kx, fit.av * ky, fit.bv * ky)


def laid(known: Pixels, suspect: Pixels, fit: Fit, side: int) -> Laid | None:
    """What both show, on one grid of at most ``side``; neither is made larger. None: too little."""
    height, width = known.shape[:2]
    if not (fit.au > 1e-3 and fit.av > 1e-3):
        return None
    u0, u1 = max(0.0, -fit.bu / fit.au), min(width, (suspect.shape[1] - fit.bu) / fit.au)
    v0, v1 = max(0.0, -fit.bv / fit.av), min(height, (suspect.shape[0] - fit.bv) / fit.av)
    if u1 - u0 < 2 or v1 - v0 < 2:
        return None
    ratio = min(1.0, side / max(u1 - u0, v1 - v0), fit.au, fit.av)
    size = round((u1 - u0) * ratio), round((v1 - v0) * ratio)
    if min(size) < _LEAST_PIXELS:
        return None
    found = Laid(np.zeros(0, np.float32), np.zeros(0, np.float32), fit, (u0, v0, u1, v1))
    return replace(
        found, known=_cut(known, found.part, size), suspect=_cut(suspect, found.place, size)
    )


def _cut(pixels: Pixels, box: tuple[float, float, float, float], size: tuple[int, int]) -> Tensor:
    height, width = pixels.shape[:2]
    inside = (max(0.0, box[0]), max(0.0, box[1]), min(width, box[2]), min(height, box[3]))
    image = Image.fromarray(pixels).resize(size, Image.Resampling.BICUBIC, box=inside)
    return np.asarray(image, np.float32)


def refined(known: Pixels, suspect: Pixels, fit: Fit) -> Fit | None:
    """A better fit near ``fit``; None when it runs away. One from edge to edge is made exact."""
    start = fit
    for side, rounds in _STAGES:
        for _ in range(rounds):
            both = laid(known, suspect, fit, side)
            if both is None:
                return None
            moved = _step(both)
            if moved is None:
                return None
            settled = _distance(fit, moved, known) < _SETTLED
            fit = moved
            if settled:
                break
    for now, before in ((fit.au, start.au), (fit.av, start.av)):
        if not 0.7 < now / before < 1.4:
            return None
    edges = whole(known, suspect)
    return edges if _distance(fit, edges, known) < _SNAPS else fit


def _distance(one: Fit, other: Fit, known: Pixels) -> float:
    """The farthest that a corner moves between two fits, in pixels of the known picture."""
    height, width = known.shape[:2]
    moves = (abs((one.au - other.au) * at + one.bu - other.bu) / one.au for at in (0, width))
    downs = (abs((one.av - other.av) * at + one.bv - other.bv) / one.av for at in (0, height))
    return max(*moves, *downs)


def _step(both: Laid) -> Fit | None:
    """One weighted least-squares step of the fit."""
    a, b = luma(both.known), luma(both.suspect)
    height, width = a.shape
    gy, gx = np.gradient(b)
    x = (np.arange(width, dtype=np.float32) + 0.5 - width / 2)[None]
    y = (np.arange(height, dtype=np.float32) + 0.5 - height / 2)[:, None]
    columns = [gx * x, gx, gy * y, gy, -a, -np.ones_like(a)]
    design = np.stack([column.reshape(-1) for column in columns], axis=1).astype(np.float64)
    target = -b.reshape(-1).astype(np.float64)
    weights: NDArray[np.float64] = np.ones(len(target))
    solution: NDArray[np.float64] = np.zeros(6)
    for _ in range(3):
        weighted = design * weights[:, None]
        normal = weighted.T @ design
        ridge = 1e-6 * float(np.trace(normal)) / 6 + 1e-9
        normal = normal + ridge * np.eye(6)
        try:
            solution = np.asarray(np.linalg.solve(normal, weighted.T @ target), np.float64)
        except np.linalg.LinAlgError:
            return None
        rest = np.abs(target - design @ solution)
        spread = 1.5 * float(np.median(rest)) + 2.0
        weights = np.asarray(1 / (1 + (rest / spread) ** 2) ** 2, np.float64)
    p0, p1, p2, p3 = (float(v) for v in solution[:4])
    u0, v0, u1, v1 = both.part
    f = both.fit
    p0, p2 = float(np.clip(p0, -0.1, 0.1)), float(np.clip(p2, -0.1, 0.1))
    p1, p3 = float(np.clip(p1, -3, 3)), float(np.clip(p3, -3, 3))
    return Fit(
        *_moved(f.au, f.bu, (u0 + u1) / 2, p0, p1 * (u1 - u0) / width),
        *_moved(f.av, f.bv, (v0 + v1) / 2, p2, p3 * (v1 - v0) / height),
    )


def _moved(a: float, b: float, centre: float, grown: float, shift: float) -> tuple[float, float]:
    """Slope and offset after growing about a centre and shifting, both in known pixels."""
    wide = a * (1 + grown)
    return wide, a * (centre + shift) + b - wide * centre


@dataclass(frozen=True, slots=True)
class Likeness:
    """How far two laid pictures are one: by blocks that have texture.

    ``share``: of those whose grey values correlate, whatever brightness and contrast. ``shift``:
    the median distance in pixels by which a block would still have to move. Copies of one picture
    stay under a few tenths; two photographs of one scene do not, however well they are laid.
    """

    share: float
    shift: float
    blocks: int

    @property
    def one(self) -> bool:
        """True if both are the same photograph."""
        return (
            self.blocks >= _LEAST_BLOCKS
            and self.share >= _LEAST_SHARE
            and self.shift <= _MOST_SHIFT
        )


def likeness(known: Tensor, suspect: Tensor) -> Likeness:
    """Compare two pictures on one grid; the known one in the colours of the suspect."""
    a, b = blurred(luma(known), 1.0), blurred(luma(suspect), 1.0)
    size = _BLOCK if min(a.shape) >= 4 * _BLOCK else max(4, min(a.shape) // 4)
    gy, gx = (np.asarray(part, np.float32) for part in np.gradient((a + b) / 2))
    rest = b - a
    xx, yy, xy = (_sums(part, size) for part in (gx * gx, gy * gy, gx * gy))
    xr, yr = (_sums(part, size) for part in (gx * rest, gy * rest))
    ridge = 0.02 * (xx + yy) + 1
    determinant = (xx + ridge) * (yy + ridge) - xy**2
    shift = np.hypot((yy + ridge) * xr - xy * yr, (xx + ridge) * yr - xy * xr) / determinant
    textured = (xx + yy) / size**2 > _TEXTURE**2
    count = int(textured.sum())
    if not count:
        return Likeness(0.0, float("inf"), 0)
    mean_a, mean_b = _sums(a, size) / size**2, _sums(b, size) / size**2
    power_a = _sums(a * a, size) / size**2 - mean_a**2
    power_b = _sums(b * b, size) / size**2 - mean_b**2
    joint = _sums(a * b, size) / size**2 - mean_a * mean_b
    correlation = joint / np.sqrt(np.maximum(power_a * power_b, 1e-3))
    share = float((correlation[textured] > _ALIKE).mean())
    return Likeness(share, float(np.median(shift[textured])), count)


def _sums(grey: Tensor, size: int) -> Tensor:
    """Sums over square blocks."""
    rows, columns = grey.shape[0] // size, grey.shape[1] // size
    cut = grey[: rows * size, : columns * size].reshape(rows, size, columns, size)
    return np.asarray(cut.sum((1, 3)), np.float32)
