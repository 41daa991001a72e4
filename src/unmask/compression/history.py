"""Which earlier saving fits the blocks of a picture: all of them, those of a tile, and each one.

Every figure is a log-likelihood ratio in nats: saved before with these steps, against never.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unmask.compression.blocks import FREQUENCIES, Blocks
from unmask.compression.double_quantisation import MOST, Shares, cumulative, once, twice
from unmask.compression.tables import Table, standard

CLASSES = 8
"""Steps of business into which blocks are sorted."""
_DOWN, _ACROSS = (list(order) for order in zip(*FREQUENCIES, strict=True))
_CELLS = MOST + 2
_NEVER = 1e-7

Ratios = NDArray[np.float32]


def steps_of(table: Table) -> tuple[int, ...]:
    """The steps of the frequencies that are looked at."""
    return tuple(table[_DOWN, _ACROSS].tolist())


def _pasts() -> dict[int, tuple[int, ...]]:
    """Steps by quality on libjpeg's scale; of qualities with equal steps the roundest number."""
    same: dict[tuple[int, ...], list[int]] = {}
    for quality in range(40, 100):
        same.setdefault(steps_of(standard(quality)), []).append(quality)
    return {max(those, key=lambda one: (one % 5 == 0, one)): key for key, those in same.items()}


PASTS = _pasts()
"""The earlier savings that are tried: the steps of each quality."""
QUALITIES = np.array(list(PASTS))


class History:
    """The quantised coefficients of a picture whose last steps are known, ready to be judged."""

    def __init__(self, blocks: Blocks, steps: Sequence[int]) -> None:
        self.rows, self.columns, many = blocks.coefficients.shape
        self.usable = blocks.usable
        self._steps = tuple(steps)
        size = np.abs(np.rint(blocks.coefficients / np.asarray(steps, np.float32)))
        beside = np.abs(blocks.shifted).reshape(-1, many)
        busy = np.log(beside.mean(axis=1) + 0.05)
        edges = np.quantile(busy, np.arange(1, CLASSES) / CLASSES)
        classes = np.searchsorted(edges, busy)
        self._before = [
            _before(beside[:, at], classes, (MOST + 2) * step + 128)
            for at, step in enumerate(steps)
        ]
        cell = np.minimum(size.reshape(-1, many), MOST + 1).astype(np.int32)
        self._index = (np.arange(many) * CLASSES + classes[:, None]) * _CELLS + cell
        self._known: dict[tuple[int, int], Ratios] = {}

    def _ratios(self, at: int, earlier: int) -> Ratios:
        """Classes × outcomes of one frequency; what lies beyond the last outcome says nothing."""
        if (at, earlier) not in self._known:
            table = np.zeros((CLASSES, _CELLS), np.float32)
            step = self._steps[at]
            if earlier > 1:
                before = self._before[at]
                ratio = (twice(before, earlier, step) + _NEVER) / (once(before, step) + _NEVER)
                table[:, : MOST + 1] = np.log(ratio)
            self._known[at, earlier] = table
        return self._known[at, earlier]

    def counts(self, groups: NDArray[np.int64], many: int) -> Ratios:
        """Groups × frequencies × (classes and outcomes): how often each occurs in each group.

        ``groups``: the number of the group of each block, rows × columns.
        """
        size = len(self._steps) * CLASSES * _CELLS
        place = groups[self.usable][:, None] * size + self._index[self.usable.reshape(-1)]
        found = np.bincount(place.reshape(-1), minlength=many * size)
        return found.astype(np.float32).reshape(many, len(self._steps), -1)

    def fit(self, counts: Ratios) -> Ratios:
        """Groups × ``QUALITIES``: the ratio of each earlier quality for counted blocks."""
        fits = np.zeros((len(counts), len(QUALITIES)), np.float32)
        for at in range(len(self._steps)):
            tried = sorted({past[at] for past in PASTS.values()})
            tables = np.stack([self._ratios(at, step).reshape(-1) for step in tried])
            each = counts[:, at] @ tables.T
            fits += each[:, [tried.index(past[at]) for past in PASTS.values()]]
        return fits

    def cells(self, quality: int, where: NDArray[np.bool_]) -> Ratios:
        """The ratio of some blocks by frequency and outcome: where the evidence comes from.

        ``where``: rows × columns. A quality of 0 stands for no earlier saving: all are 0.
        """
        shape = (len(self._steps), CLASSES, _CELLS)
        if not quality:
            return np.zeros((shape[0], shape[2]), np.float32)
        counted = self.counts(np.where(where, 0, 1), 2)[0].reshape(shape)
        each: Ratios = (counted * self._table(quality).reshape(shape)).sum(axis=1)
        return each

    def _table(self, quality: int) -> Ratios:
        past = PASTS[quality]
        return np.stack([self._ratios(at, one).reshape(-1) for at, one in enumerate(past)])

    def of_blocks(self, quality: int) -> Ratios:
        """Rows × columns: the ratio of each block; 0 where it is not usable."""
        table = self._table(quality).reshape(-1)
        ratios = table[self._index].sum(axis=1, dtype=np.float32)
        found: Ratios = np.where(self.usable, ratios.reshape(self.rows, self.columns), 0)
        return found


def _before(values: NDArray[np.float32], classes: NDArray[np.int64], top: float) -> Shares:
    """Classes × bins: how coefficients of one frequency were spread before saving."""
    return np.stack([cumulative(values[classes == one], top) for one in range(CLASSES)])
