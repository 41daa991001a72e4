"""How likely a quantised DCT coefficient is after one earlier saving, or after none.

What a coefficient was before any saving is read from blocks that lie off the grid. An earlier
saving moves it to the nearest multiple of the earlier step; decoding to whole pixels blurs that a
little; the last saving rounds it to its own step. The chance of each outcome is the sum over the
earlier multiples (Bianchi and Piva 2012, "Image forgery localization via block-grained analysis of
JPEG artifacts", section III).
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

MOST = 48
"""Outcomes 0…MOST of the absolute coefficient are told apart; larger ones say nothing."""
GRAIN = 4
"""Bins a grey level of the distribution before saving."""
BLUR = 0.22
"""Width of the logistic noise that decoding to whole pixels adds to a coefficient, grey levels."""
STRAY = 0.03
"""Share of coefficients that follow no model: clipped colours, other decoders."""
_SMOOTH = 0.1
"""Share of a Laplace distribution in the one that was counted; it fills gaps in the tail."""

Shares = NDArray[np.float64]


def cumulative(values: NDArray[np.float32], top: float) -> Shares:
    """Share of absolute values under each multiple of 1/GRAIN up to ``top`` grey levels."""
    bins = int(np.ceil(top * GRAIN)) + 1
    at = np.arange(bins + 1) / GRAIN
    width = max(0.15, float(values.mean()) if len(values) else 1.0)
    drawn = -np.expm1(-at / width)
    if not len(values):
        return drawn
    places = np.minimum(values * GRAIN, bins).astype(np.int64)
    counted = np.bincount(places, minlength=bins + 1)[:bins]
    below = np.concatenate([[0.0], np.cumsum(counted)]) / len(values)
    mixed: Shares = (1 - _SMOOTH) * below + _SMOOTH * drawn
    return mixed


def _mass(below: Shares, step: float, count: int) -> Shares:
    """Rows × ``count``: share of absolute values nearest to each of the first multiples."""
    edges = np.maximum(0, np.arange(count + 1) - 0.5) * step * GRAIN
    inside = np.minimum(np.rint(edges), below.shape[1] - 1).astype(np.int64)
    share: Shares = np.diff(below[:, inside], axis=1)
    return share


def once(below: Shares, step: int) -> Shares:
    """Rows × outcomes 0…MOST: chance of each absolute multiple of ``step`` with no saving before.

    ``below``: one distribution a row, as ``cumulative`` makes them.
    """
    return _mass(below, step, MOST + 1)


@lru_cache(maxsize=512)
def moved(earlier: int, step: int) -> Shares:
    """Earlier multiples × outcomes 0…MOST: where the last saving puts each multiple."""
    there = np.arange(int(np.ceil((MOST + 1) * step / earlier)) + 1)[:, None] * earlier
    outcomes = np.arange(-MOST, MOST + 1)[None] * step
    high, low = (outcomes + side * step / 2 - there for side in (1, -1))
    share = 0.5 * (np.tanh(high / (2 * BLUR)) - np.tanh(low / (2 * BLUR)))
    folded: Shares = share[:, MOST:].copy()
    folded[:, 1:] += share[:, :MOST][:, ::-1]
    return folded


def twice(below: Shares, earlier: int, step: int) -> Shares:
    """Rows × outcomes 0…MOST: the same after a saving with steps of ``earlier``."""
    where = moved(earlier, step)
    mixed: Shares = (1 - STRAY) * _mass(below, earlier, len(where)) @ where
    return mixed + STRAY * once(below, step)
