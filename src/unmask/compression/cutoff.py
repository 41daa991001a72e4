"""Where the sound of a recording ends in frequency, and whether that end is a cut.

Encoders that lose something throw away what lies above a frequency; rooms and microphones only
fade. Above a cut there is nothing but the rounding of samples, which is equally loud at all
frequencies; a fading sound does not end like that.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.compression.spectrum import BANDS, FLOOR, STEPS, Levels

LOWEST, HIGHEST = 3000.0, 0.84
"""Hertz, and the share of half the sampling rate, between which a cut is looked for: above that
share every converter cuts."""
FALL = 12.0
"""Decibels by which the sound under a cut must stand over what is above it."""
EMPTY = -88.0
"""Level of a band, dB of full scale, above which it is not empty."""
APART = 2000.0
"""Hertz by which a stretch must end lower than the rest to be told apart."""
_FLAT = 4.0
_HEARD = -50.0
_WINDOW, _ENOUGH = STEPS, 3
_UNDER = slice(-7, -1)


def cutoff(levels: Levels, rate: int) -> float | None:
    """The frequency in hertz above which there is nothing; None if the sound only fades.

    ``levels``: frames × bands, dB. The louder half of the frames is looked at.
    """
    loud = levels.max(axis=1)
    active = levels[(loud >= np.median(loud)) & (loud > FLOOR)]
    if not len(active):
        return None
    return _end(10 * np.log10((10 ** (active / 10)).mean(axis=0)), rate / 2 / BANDS)


def _end(mean: NDArray[np.float32], width: float) -> float | None:
    """``mean``: level by band; ``width``: of a band in hertz."""
    nothing = float(np.median(mean[-8:]))
    over = np.nonzero((np.abs(mean - nothing) > _FLAT) | (mean > EMPTY))[0]
    start = int(over[-1]) + 1 if len(over) else 0
    if not LOWEST / width <= start <= HIGHEST * BANDS:
        return None
    return start * width if float(np.median(mean[:start][_UNDER])) - nothing >= FALL else None


def stretches(levels: Levels, rate: int) -> list[tuple[int, int, float]]:
    """Stretches (first frame, end, hertz) that end lower in frequency than the rest of the file.

    Every second of sound is looked at by itself. Nothing is returned when the whole file has one
    cut, or when most of it has none and no stretch of a second differs.
    """
    width = rate / 2 / BANDS
    full = HIGHEST * BANDS * width
    starts = list(range(0, len(levels) - _WINDOW + 1, _WINDOW // 4))
    parts = [levels[at : at + _WINDOW] for at in starts]
    heard = [at for at, part in zip(starts, parts, strict=True) if part.max() > _HEARD]
    ends = [cutoff(levels[at : at + _WINDOW], rate) or full for at in heard]
    if not ends:
        return []
    usual = float(np.percentile(ends, 75))
    low = [at for at, end in zip(heard, ends, strict=True) if end < usual - APART]
    found: list[tuple[int, int, float]] = []
    for run in np.split(np.array(low), np.nonzero(np.diff(low) > _WINDOW // 4)[0] + 1):
        if len(run) >= _ENOUGH:
            inside = slice(int(run[0]), int(run[-1]) + _WINDOW)
            end = cutoff(levels[inside], rate)
            if end is not None and end < usual - APART:
                found.append((inside.start, inside.stop, end))
    return found
