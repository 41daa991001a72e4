"""Triangular filters over a spectrum, and the scales that their edges lie on.

Mel: O'Shaughnessy 1987 in the form of the HTK book. Inverted mel: Chakroborty, Roy and Saha 2007,
fine where mel is coarse. Linear: Sahidullah, Kinnunen and Hanilçi 2015, "A Comparison of Features
for Synthetic Speech Detection", section 3.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.errors import UnknownName

Floats = NDArray[np.float64]
SCALES = ("linear", "mel", "inverted-mel")


def edges(scale: str, count: int, low: float, high: float) -> Floats:
    """The edges (Hz) of ``count`` filters that overlap by half, two more. Raises UnknownName."""
    if scale == "linear":
        return np.linspace(low, high, count + 2)
    if scale not in SCALES:
        raise UnknownName("scale", scale, SCALES)
    start, stop = (float(2595 * np.log10(1 + f / 700)) for f in (low, high))
    mel = np.linspace(start, stop, count + 2)
    found = 700 * (10 ** (mel / 2595) - 1)
    return np.asarray(low + high - found[::-1] if scale == "inverted-mel" else found)


def triangles(edge: Floats, frequencies: Floats) -> Floats:
    """Weights of each frequency in each filter, frequencies × filters; 1 in a filter's middle."""
    here = frequencies[:, None]
    rising = (here - edge[:-2]) / np.diff(edge)[:-1]
    falling = (edge[2:] - here) / np.diff(edge)[1:]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)))
