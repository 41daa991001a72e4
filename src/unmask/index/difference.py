"""What differs between a known picture and a suspect laid over it, beyond saving and colours.

Colours are brought together by a robust fit of second order; what is left is weighed against what
saving and scaling leave at places with the same texture, so that edges do not count as changes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.index.align import Laid
from unmask.media.blur import blurred
from unmask.types import Tensor

_ROUNDS = 6
_FITTED_ON = 12_000
_TERMS = 10
_MISFIT = 0.05
_BINS = 12
_SEED, _GROW = 6.0, 3.0
_LEAST_STEP = 5.0
_LEAST_SHARE = 8e-4
_LEAST_CELLS = 12
_EDGE = 1
_CLIPPED, _LEAST_OPEN = 4, 0.2

Cells = NDArray[np.bool_]


def difference(both: Laid) -> Cells:
    """True where the suspect shows something else; ``both.known`` is in the suspect's colours."""
    rest = both.suspect - both.known
    strength = np.sqrt((rest**2).mean(2))
    floor = _floor(strength, _texture(both.known, both.suspect))
    ratio = blurred(strength / floor, 1.0)
    step = blurred(strength, 1.0)
    seeds = (ratio > _SEED) & (step > 2 * _LEAST_STEP)
    region = grown(seeds, (ratio > _GROW) & (step > _LEAST_STEP))
    region = closed(region, 2)
    region = opened(region, 1)
    region[:_EDGE], region[-_EDGE:], region[:, :_EDGE], region[:, -_EDGE:] = (False,) * 4
    least = max(_LEAST_CELLS, _LEAST_SHARE * region.size)
    return kept(region, least)


def recoloured(known: Tensor, suspect: Tensor) -> Tensor:
    """The known picture in the colours of the suspect; both on one grid."""
    step = max(1, known.shape[0] * known.shape[1] // _FITTED_ON)
    design = _terms(known)
    some = design[::step].astype(np.float64)
    target = suspect.reshape(-1, 3)[::step].astype(np.float64)
    inside = ((target > _CLIPPED) & (target < 255 - _CLIPPED)).all(1)
    seen = np.asarray(inside if inside.mean() >= _LEAST_OPEN else np.ones(len(some)), np.float64)
    solution: NDArray[np.float64] = np.zeros((_TERMS, 3))
    weights: NDArray[np.float64] = seen
    for _ in range(_ROUNDS):
        weighted = some * weights[:, None]
        normal = weighted.T @ some
        ridge = 1e-7 * float(np.trace(normal)) / _TERMS
        found = np.linalg.solve(normal + ridge * np.eye(_TERMS), weighted.T @ target)
        solution = np.asarray(found, np.float64)
        rest = np.sqrt(((target - some @ solution) ** 2).sum(1))
        spread = 1.5 * float(np.median(np.extract(seen > 0, rest))) + 2.0
        weights = np.asarray(seen / (1 + (rest / spread) ** 2) ** 2, np.float64)
    fitted = design @ solution.astype(np.float32)
    return np.asarray(np.clip(fitted, 0, 255).reshape(known.shape), np.float32)


def _terms(picture: Tensor) -> Tensor:
    """N × 10: one, the colours, their squares and their products."""
    flat = picture.reshape(-1, 3) / 255
    products = flat * np.roll(flat, 1, axis=1)
    return np.asarray(np.column_stack([np.ones(len(flat)), flat, flat**2, products]), np.float32)


def _texture(known: Tensor, suspect: Tensor) -> Tensor:
    """How steep the steeper picture is about each pixel."""
    steep = np.zeros(known.shape[:2], np.float32)
    for picture in (known, suspect):
        gy, gx = np.gradient(picture.mean(2))
        steep = np.maximum(steep, np.hypot(gx, gy))
    return blurred(steep, 1.0)


def _floor(strength: Tensor, texture: Tensor) -> Tensor:
    """What saving leaves at each pixel: the median of pixels with the same texture."""
    edges = np.unique(np.quantile(texture, np.linspace(0, 1, _BINS + 1)[1:-1]))
    which = np.digitize(texture, edges)
    floors = np.ones(len(edges) + 1, np.float32)
    for index in range(len(edges) + 1):
        inside = strength[which == index]
        if inside.size:
            floors[index] = 1.0 + float(np.median(inside))
    # Inside a class the steepest places have most; a misfit of a few hundredths shows only there.
    least = 1.0 + _MISFIT * texture
    return np.asarray(np.maximum(np.maximum.accumulate(floors)[which], least), np.float32)


def grown(seeds: Cells, allowed: Cells) -> Cells:
    """The parts of ``allowed`` that hang together with a seed."""
    region = seeds
    while True:
        wider = spread(region, 1) & (allowed | seeds)
        if (wider == region).all():
            return region
        region = wider


def spread(region: Cells, steps: int) -> Cells:
    """The region and its neighbours, so many steps far."""
    for _ in range(steps):
        padded = np.pad(region, 1)
        region = (
            padded[1:-1, 1:-1]
            | padded[:-2, 1:-1]
            | padded[2:, 1:-1]
            | padded[1:-1, :-2]
            | padded[1:-1, 2:]
        )
    return region


def closed(region: Cells, steps: int) -> Cells:
    """Gaps narrower than twice ``steps`` are filled."""
    wide = np.pad(region, steps + 1)
    done = ~spread(~spread(wide, steps), steps)
    return done[steps + 1 : -steps - 1, steps + 1 : -steps - 1]


def opened(region: Cells, steps: int) -> Cells:
    """Parts narrower than twice ``steps`` are dropped."""
    return spread(~spread(~region, steps), steps)


def parts(region: Cells) -> NDArray[np.int_]:
    """A number for each part that hangs together; 0 outside."""
    numbers = np.where(region, np.arange(1, region.size + 1).reshape(region.shape), 0)
    while True:
        padded = np.pad(numbers, 1)
        most = numbers
        for side in (padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]):
            most = np.maximum(most, side)
        most = np.where(region, most, 0)
        if (most == numbers).all():
            return numbers
        numbers = most


def kept(region: Cells, least: float) -> Cells:
    """The region without parts of fewer than ``least`` cells."""
    numbers = parts(region)
    found, counts = np.unique(numbers[region], return_counts=True)
    return np.isin(numbers, found[counts >= least])
