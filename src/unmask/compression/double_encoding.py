"""A rhythm in the sizes of predicted frames: the key frames of an earlier encoding."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHORTEST, LONGEST = 5, 100
"""Frames between key frames of an earlier encoding that are tried."""
LEAST = 6
"""Frames of the rhythm that must be seen."""
STRENGTH = 7.5
"""Standard errors by which the frames of the rhythm must be larger than their neighbours."""
_AROUND = 3


def earlier_rhythm(sizes: NDArray[np.float64], keys: NDArray[np.bool_]) -> tuple[int, float] | None:
    """Frames between the key frames of an earlier encoding, and how strongly they show.

    ``sizes`` and ``keys`` by packet. None if no rhythm shows, or only that of the present keys.
    """
    if len(sizes) < 3 * SHORTEST:
        return None
    excess = _excess(sizes, keys)
    known = ~np.isnan(excess)
    if known.sum() < 3 * SHORTEST:
        return None
    spread = float(np.nanmedian(np.abs(excess - np.nanmedian(excess)))) * 1.4826 + 0.02
    score = np.clip(excess / spread, -3, 6)
    best: tuple[int, float] | None = None
    for period in range(SHORTEST, min(LONGEST, len(sizes) // LEAST) + 1):
        for phase in range(period):
            those = score[phase::period]
            those = those[~np.isnan(those)]
            if len(those) < LEAST or (those > 1.0).mean() < 0.7:
                continue
            strength = float(those.mean() * np.sqrt(len(those)))
            if strength >= STRENGTH and (best is None or strength > best[1]):
                best = period, strength
    return best


def _excess(sizes: NDArray[np.float64], keys: NDArray[np.bool_]) -> NDArray[np.float64]:
    """By frame: logarithm of its size over the median of its neighbours; key frames have none."""
    logs = np.log(np.maximum(sizes, 1))
    logs[keys] = np.nan
    padded = np.pad(logs, _AROUND, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _AROUND + 1).copy()
    windows[:, _AROUND] = np.nan
    few = np.isnan(windows).sum(axis=1) > _AROUND
    windows[few] = 0
    beside: NDArray[np.float64] = logs - np.nanmedian(windows, axis=1)
    beside[few] = np.nan
    return beside
