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
_NEVER, _RARE = 1e-7, 1e-4

Ratios = NDArray[np.float32]
Steps = tuple[int, ...]
"""The step of each frequency that is looked at; empty: there was no saving."""


def steps_of(table: Table) -> Steps:
    """The steps of the frequencies that are looked at."""
    return tuple(table[_DOWN, _ACROSS].tolist())


def _pasts() -> dict[int, Steps]:
    """Steps by quality on libjpeg's scale; of qualities with equal steps the roundest number."""
    same: dict[Steps, list[int]] = {}
    for quality in range(40, 100):
        same.setdefault(steps_of(standard(quality)), []).append(quality)
    return {max(those, key=lambda one: (one % 5 == 0, one)): key for key, those in same.items()}


PASTS = _pasts()
"""The earlier savings that are tried: the steps of each quality."""
QUALITIES = np.array(list(PASTS))
TRIED = tuple(range(1, 1 + max(map(max, PASTS.values()))))
"""The steps of one frequency that are tried on their own."""
_OWN = 0.5
"""Share of the distribution before saving that a region's own blocks give; its classes the rest."""


def nearest(steps: Steps, weights: Ratios) -> int:
    """The quality whose steps are nearest by their logarithms; ``weights`` of the frequencies."""
    gaps = np.abs(np.log(np.array(list(PASTS.values())) / np.array(steps))) @ weights
    return int(QUALITIES[np.argmin(gaps)])


class History:
    """The quantised coefficients of a picture whose last steps are known, ready to be judged."""

    def __init__(self, blocks: Blocks, steps: Sequence[int]) -> None:
        self.rows, self.columns, many = blocks.coefficients.shape
        self.usable = blocks.usable
        self._steps = tuple(steps)
        size = np.abs(np.rint(blocks.coefficients / np.asarray(steps, np.float32)))
        self._beside = beside = np.abs(blocks.shifted).reshape(-1, many)
        busy = np.log(beside.mean(axis=1) + 0.05)
        edges = np.quantile(busy, np.arange(1, CLASSES) / CLASSES)
        self._classes = classes = np.searchsorted(edges, busy)
        self._before = [
            _before(beside[:, at], classes, _top(step)) for at, step in enumerate(steps)
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

    def best(self, counts: Ratios) -> tuple[Steps, Ratios]:
        """The earlier steps that fit counted blocks best, each frequency by itself, and its ratio.

        ``counts``: those of one group. Encoders with tables of their own are fitted by no quality.
        """
        fits = np.array(
            [
                [float(counted @ self._ratios(at, one).reshape(-1)) for one in TRIED]
                for at, counted in enumerate(counts)
            ],
            np.float32,
        )
        return tuple(TRIED[at] for at in fits.argmax(axis=1)), fits.max(axis=1)

    def cells(self, past: Steps, where: NDArray[np.bool_]) -> Ratios:
        """The ratio of some blocks by frequency and outcome: where the evidence comes from.

        ``where``: rows × columns.
        """
        shape = (len(self._steps), CLASSES, _CELLS)
        if not past:
            return np.zeros((shape[0], shape[2]), np.float32)
        counted = self.counts(np.where(where, 0, 1), 2)[0].reshape(shape)
        each: Ratios = (counted * self._table(past).reshape(shape)).sum(axis=1)
        return each

    def _table(self, past: Steps) -> Ratios:
        return np.stack([self._ratios(at, one).reshape(-1) for at, one in enumerate(past)])

    def of_groups(self, past: Steps, counts: Ratios) -> Ratios:
        """The ratio of each group of counted blocks."""
        if not past:
            return np.zeros(len(counts), np.float32)
        found: Ratios = np.einsum("gfc,fc->g", counts, self._table(past))
        return found

    def of_blocks(self, past: Steps) -> Ratios:
        """Rows × columns: the ratio of each block; 0 where it is not usable."""
        if not past:
            return np.zeros((self.rows, self.columns), np.float32)
        table = self._table(past).reshape(-1)
        ratios = table[self._index].sum(axis=1, dtype=np.float32)
        found: Ratios = np.where(self.usable, ratios.reshape(self.rows, self.columns), 0)
        return found

    def among_itself(self, past: Steps, where: NDArray[np.bool_]) -> NDArray[np.float64]:
        """The ratio of some blocks, judged by how their own coefficients were spread before.

        Where all blocks are alike, as on a smooth slope, their coefficients are so too, without
        any saving: the blocks between them, four pixels on, show it. ``where``: rows × columns.
        Three numbers: the ratio; what the zeros add to it; and what the other coefficients say of
        each other. Denoising makes zeros too, but only saving makes multiples.
        """
        found = np.zeros(3)
        inside = (where & self.usable).reshape(-1)
        if not past or not inside.any():
            return found
        share = np.bincount(self._classes[inside], minlength=CLASSES) / inside.sum()
        for at, (earlier, step) in enumerate(zip(past, self._steps, strict=True)):
            if earlier == 1:
                continue
            own = cumulative(self._beside[inside, at], _top(step))
            before = (_OWN * own + (1 - _OWN) * share @ self._before[at])[None]
            counted = np.bincount(self._index[inside, at] % _CELLS, minlength=_CELLS)[: MOST + 1]
            new, old = once(before, step)[0], twice(before, earlier, step)[0]
            each = counted * np.log((old + _NEVER) / (new + _NEVER))
            some = max(_RARE, 1 - float(old[0])) / max(_RARE, 1 - float(new[0]))
            others = each[1:].sum() - counted[1:].sum() * np.log(some)
            found += (each.sum(), each[0], others)
        return found


def _top(step: int) -> float:
    """Grey levels up to which the distribution of a frequency is kept."""
    return (MOST + 2) * step + 128


def _before(values: NDArray[np.float32], classes: NDArray[np.int64], top: float) -> Shares:
    """Classes × bins: how coefficients of one frequency were spread before saving."""
    return np.stack([cumulative(values[classes == one], top) for one in range(CLASSES)])
