"""Where the background of a recording changes at once: level and colour of its quiet moments.

The floor of a stretch is the level that each band has in its quietest frames. Words differ, but
the room and the microphone behind them stay: a floor that jumps between two stretches and does
not drift is the mark of a cut (Pan, Zhang and Lyu 2012, "Detecting splicing in digital audios
using local noise level estimation", argue the same from kurtosis).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.compression.spectrum import BANDS, STEPS, Levels

STRETCH = 1.2
"""Seconds on each side of a moment whose floors are compared."""
JUMP = 10.0
"""Decibels by which the floors of at least half of the groups of bands must differ."""
STEADY = 2.5
"""Decibels between the two percentiles of a stretch within which its floor is steady noise, and
not speech without a pause. The louder of two stretches must be steady."""
_QUIET, _LESS_QUIET = 8, 30
"""Percentiles of the frames of a stretch; the lower one counts as its floor."""
_GROUPS = 8
_PART = 1024
"""Moments that are looked at together, as each needs a copy of its stretch."""


@dataclass(frozen=True, slots=True)
class Change:
    """The background changes at ``frame`` by ``jump`` decibels; it is louder after if ``up``."""

    frame: int
    jump: float
    up: bool


def grouped(levels: Levels) -> Levels:
    """Frames × groups: the mean level of neighbouring bands, the lowest band left out."""
    size = BANDS // _GROUPS
    parts = levels[:, : size * _GROUPS].reshape(len(levels), _GROUPS, size)
    mean: Levels = parts[:, :, 1:].mean(axis=2)
    return mean


def jumps(levels: Levels) -> tuple[Levels, Levels]:
    """By frame: how far the floors after it lie above those before it, and how far they differ.

    The first is the median over the groups of bands, signed; the second the median of the absolute
    differences. Frames too near the ends, and those whose louder side is not steady, have 0.
    """
    groups = grouped(levels)
    size = round(STRETCH * STEPS)
    signed = np.zeros(len(levels), np.float32)
    apart = np.zeros(len(levels), np.float32)
    if len(levels) < 2 * size:
        return signed, apart
    windows = np.lib.stride_tricks.sliding_window_view(groups, size, axis=0)
    parts = [windows[at : at + _PART] for at in range(0, len(windows), _PART)]
    ranks = [np.percentile(part, (_QUIET, _LESS_QUIET), axis=2) for part in parts]
    floors, above = np.concatenate(ranks, axis=1)
    moved = floors[size:] - floors[:-size]
    steady = np.median(above - floors, axis=1) <= STEADY
    known = np.where(np.median(moved, axis=1) > 0, steady[size:], steady[:-size])
    at = slice(size, size + len(moved))
    signed[at] = np.median(moved, axis=1)
    apart[at] = np.median(np.abs(moved), axis=1) * known
    return signed, apart


def changes(levels: Levels) -> list[Change]:
    """The moments at which the background jumps, one for each rise above the threshold."""
    signed, apart = jumps(levels)
    found: list[Change] = []
    over = np.nonzero(apart >= JUMP)[0]
    for run in np.split(over, np.nonzero(np.diff(over) > STEPS // 2)[0] + 1):
        if len(run):
            peak = int(run[np.argmax(apart[run])])
            found.append(Change(peak, float(apart[peak]), bool(signed[peak] > 0)))
    return found
