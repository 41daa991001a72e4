"""From a picture to tiles, and from what the network says of them to one judgement of the picture.

Traces live in single pixels, so tiles are cut and never resized; they begin on multiples of 8,
where the blocks of a JPEG begin. A picture that needs more tiles than allowed is judged twice:
whole, shrunk until the allowed number covers it, and in single tiles at full resolution that are
spread over it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.types import Pixels, Tensor

Run = Callable[[Tensor], tuple[Tensor, Tensor]]
"""Takes tiles B × 3 × S × S in 0…255; gives logits B × 2 and mask logits B × S/8 × S/8."""
CELL = 8
"""Pixels of one cell of the mask."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How a picture is cut: tile side and step in pixels, how many tiles, how many at once."""

    side: int = 112
    step: int = 80
    cover: int = 100
    spread: int = 36
    batch: int = 8


@dataclass(frozen=True, slots=True)
class Judgement:
    """One score a claim (raw logits) and the logits of the edit mask, laid over the picture.

    ``tiles`` were looked at; ``shrunk`` is the factor of the view that covers the whole picture.
    """

    edited: float
    generated: float
    mask: NDArray[np.float32]
    tiles: int
    shrunk: float


def _places(length: int, side: int, step: int) -> list[int]:
    """Even starts of tiles that cover ``length`` (all multiples of 8) with steps up to ``step``."""
    count = max(1, math.ceil((length - side) / step) + 1)
    return [round(i * (length - side) / CELL / max(1, count - 1)) * CELL for i in range(count)]


def _spread(length: int, side: int, count: int) -> list[int]:
    """Starts of ``count`` tiles in the middles of equal parts of ``length``."""
    part = length / count
    starts = [min(max(0, (i + 0.5) * part - side / 2), length - side) for i in range(count)]
    return [int(start // CELL) * CELL for start in starts]


def covering(height: int, width: int, budget: Budget) -> list[tuple[int, int]]:
    """Tops and lefts of tiles that cover the picture."""
    rows = _places(height, budget.side, budget.step)
    columns = _places(width, budget.side, budget.step)
    return [(y, x) for y in rows for x in columns]


def scattered(height: int, width: int, count: int, side: int) -> list[tuple[int, int]]:
    """Tops and lefts of about ``count`` tiles, evenly spread and not touching if there is room."""
    rows = max(1, min(height // side, round(math.sqrt(count * height / width))))
    columns = max(1, min(width // side, count // rows))
    return [(y, x) for y in _spread(height, side, rows) for x in _spread(width, side, columns)]


def shrunk_size(height: int, width: int, budget: Budget) -> tuple[int, int]:
    """The largest size of the same shape that ``cover`` tiles cover; never below one tile."""
    factor = 1.0
    while len(covering(*_times(height, width, factor, budget.side), budget)) > budget.cover:
        factor *= 0.97
    return _times(height, width, factor, budget.side)


def _times(height: int, width: int, factor: float, side: int) -> tuple[int, int]:
    return (
        max(side, round(height * factor / CELL) * CELL),
        max(side, round(width * factor / CELL) * CELL),
    )


def _framed(pixels: Pixels, side: int) -> Pixels:
    """The picture, continued by reflection to full cells and at least one tile."""
    down, right = (
        max(side, math.ceil(length / CELL) * CELL) - length for length in pixels.shape[:2]
    )
    if not down and not right:
        return pixels
    return np.pad(pixels, ((0, down), (0, right), (0, 0)), mode="symmetric")


def _run(
    pixels: Pixels, places: Sequence[tuple[int, int]], run: Run, budget: Budget
) -> tuple[Tensor, Tensor]:
    logits, masks = [], []
    side = budget.side
    for first in range(0, len(places), budget.batch):
        chosen = places[first : first + budget.batch]
        tiles = np.stack([pixels[y : y + side, x : x + side] for y, x in chosen])
        scores, cells = run(np.ascontiguousarray(tiles.transpose(0, 3, 1, 2), np.float32))
        logits.append(scores)
        masks.append(cells)
    return np.concatenate(logits), np.concatenate(masks)


def top_mean(values: NDArray[np.float32], share: float = 0.03) -> float:
    """Mean of the highest values, 3 % of them and at least one."""
    count = max(1, round(values.size * share))
    return float(np.sort(values, axis=None)[-count:].mean())


def _laid(
    cells: Tensor, places: Sequence[tuple[int, int]], height: int, width: int
) -> NDArray[np.float32]:
    """Tile masks averaged into one grid of cells; the middle of a tile weighs most."""
    per = cells.shape[-1]
    ramp = (1 - np.abs(np.linspace(-0.9, 0.9, per))).astype(np.float32)
    weight = np.outer(ramp, ramp)
    total = np.zeros((math.ceil(height / CELL), math.ceil(width / CELL)), np.float32)
    weights = np.zeros_like(total)
    for (y, x), values in zip(places, cells, strict=True):
        top, left = round(y / CELL), round(x / CELL)
        top, left = min(top, total.shape[0] - per), min(left, total.shape[1] - per)
        total[top : top + per, left : left + per] += values * weight
        weights[top : top + per, left : left + per] += weight
    return np.asarray(total / np.maximum(weights, 1e-6), np.float32)


def judge(pixels: Pixels, run: Run, budget: Budget) -> Judgement:
    """Judge a picture of any size; the mask covers it with cells of 8 pixels of the covering view.

    Edited: the mean logit of the highest 3 % of all tiles' cells, of the view where it is higher.
    Generated: the mean logit of all tiles, likewise.
    """
    height, width = pixels.shape[:2]
    framed = _framed(pixels, budget.side)
    tall, wide = framed.shape[0], framed.shape[1]
    places = covering(tall, wide, budget)
    if len(places) <= budget.cover:
        logits, cells = _run(framed, places, run, budget)
        grid = _laid(cells, places, tall, wide)
        grid = grid[: math.ceil(height / CELL), : math.ceil(width / CELL)]
        return Judgement(top_mean(cells), float(logits[:, 1].mean()), grid, len(places), 1.0)
    size = shrunk_size(tall, wide, budget)
    small = np.asarray(Image.fromarray(framed).resize((size[1], size[0]), Image.Resampling.LANCZOS))
    places = covering(*size, budget)
    logits, cells = _run(small, places, run, budget)
    single = scattered(tall, wide, budget.spread, budget.side)
    close, closer = _run(framed, single, run, budget)
    return Judgement(
        max(top_mean(cells), top_mean(closer)),
        max(float(logits[:, 1].mean()), float(close[:, 1].mean())),
        _laid(cells, places, *size)[: math.ceil(size[0] / CELL), : math.ceil(size[1] / CELL)],
        len(places) + len(single),
        size[0] / framed.shape[0],
    )


def glance(pixels: Pixels, run: Run, budget: Budget, count: int) -> tuple[float, float]:
    """Both scores of a frame from about ``count`` spread tiles at full resolution."""
    framed = _framed(pixels, budget.side)
    places = scattered(framed.shape[0], framed.shape[1], count, budget.side)
    logits, cells = _run(framed, places, run, budget)
    return top_mean(cells), float(logits[:, 1].mean())


def islands(marked: NDArray[np.bool_], least: int = 2) -> list[tuple[int, int, int, int]]:
    """Connected areas (four neighbours) as top, left, bottom, right (exclusive), largest first.

    Areas of fewer than ``least`` cells are left out.
    """
    labels = np.where(marked, np.arange(1, marked.size + 1).reshape(marked.shape), 0)
    while True:
        edge = np.pad(labels, 1)
        around = np.stack([edge[:-2, 1:-1], edge[2:, 1:-1], edge[1:-1, :-2], edge[1:-1, 2:]])
        grown = np.where(marked, np.maximum(labels, around.max(0)), 0)
        if (grown == labels).all():
            break
        labels = grown
    found = []
    for label in np.unique(labels[labels > 0]):
        rows, columns = np.nonzero(labels == label)
        if len(rows) >= least:
            box = (int(rows.min()), int(columns.min()), int(rows.max()) + 1, int(columns.max()) + 1)
            found.append((len(rows), box))
    return [box for _, box in sorted(found, reverse=True)]
