"""The constant-Q transform and its cepstrum (CQCC).

Transform: Schörkhuber, Klapuri, Holighaus and Dörfler 2014, "A Matlab Toolbox for Efficient Perfect
Reconstruction Time-Frequency Transforms", section 2: Hann windows laid on the spectrum of the whole
sound. Cepstrum: Todisco, Delgado and Evans 2016, "A New Feature for Automatic Speaker Verification
Anti-Spoofing: Constant Q Cepstral Coefficients", section 3.
"""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from unmask.errors import DataError
from unmask.nn.block_dct import cosines
from unmask.nn.cepstra import delta

_GAMMA = 228.7
"""Widens low filters towards a constant bandwidth, in units of the relative bandwidth."""
_SHORTEST = 4
_FLOOR = 2.220446049250313e-16


def constant_q(
    sound: Tensor, rate: int = 16000, octave: int = 96, low: float = 15.625, high: float = 8000.0
) -> Tensor:
    """Sizes of the transform of samples (N), double: bins × frames.

    ``octave``: bins an octave from ``low`` to ``high`` Hz. All bins have as many frames as the
    widest needs. Raises DataError when the sound is too short for a filter.
    """
    length = len(sound)
    relative = 2 ** (1 / octave) - 2 ** (-1 / octave)
    steps = np.arange(math.floor(octave * math.log2(high / low) + 1e-9) + 1)
    middle = low * 2 ** (steps / octave)
    wide = relative * (middle + _GAMMA)
    inside = middle + wide / 2 <= rate / 2
    middle, wide = middle[inside], wide[inside]
    if (middle - wide / 2 < 0).any():
        raise DataError(f"Filters from {low} Hz on would reach under 0 Hz; start higher.")
    places = np.floor(middle * length / rate).astype(int)
    widths = np.maximum(np.floor(wide * length / rate + 0.5).astype(int), _SHORTEST)
    frames = int(widths[-1])
    if frames < widths.max():
        raise DataError(f"{length} samples are too few for {octave} bins an octave.")
    spectrum = torch.fft.fft(sound.double())
    laid = spectrum.new_zeros(len(places), frames)
    for row, (place, width) in enumerate(zip(places, widths, strict=True)):
        offset = torch.arange(-(width // 2), (width + 1) // 2, device=sound.device)
        # An even window's lowest point is 0, and an odd one has none in its middle.
        hann = 0.5 + 0.5 * torch.cos(2 * math.pi * offset.double() / width)
        laid[row, offset % frames] = spectrum[(place + offset) % length] * hann
    result: Tensor = torch.fft.ifft(laid).abs() * (2 * frames / length)
    return result


def cqcc(
    sound: Tensor,
    rate: int = 16000,
    octave: int = 96,
    low: float = 15.625,
    high: float = 8000.0,
    samples: int = 16,
    coefficients: int = 20,
    deltas: int = 2,
) -> Tensor:
    """Samples (N) to frames × (coefficients × (1 + deltas)), double.

    ``samples``: points of the even grid within the first octave. The baseline of ASVspoof 2021 for
    logical access has ``octave=12, low=62.5, high=4000``; that of 2017 and 2019 is the default.
    Raises DataError as ``constant_q``.
    """
    size = constant_q(sound, rate, octave, low, high)
    levels = (size.square() + _FLOOR).log()
    even = _evenly(len(levels), octave, samples).to(levels.device)
    spectrum = even @ levels
    found = (cosines(len(spectrum))[:coefficients].to(levels.device) @ spectrum).T[None]
    parts = [found]
    for _ in range(deltas):
        parts.append(delta(parts[-1], 3))
    return torch.cat(parts, dim=-1)[0]


def _evenly(bins: int, octave: int, samples: int) -> Tensor:
    """What a cubic spline (not-a-knot) makes of geometric bins on an even grid: even × bins."""
    from scipy.interpolate import CubicSpline

    place = 2 ** (np.arange(bins) / octave)
    count = math.floor((place[-1] - 1) * samples + 1e-9)
    grid = 1 + np.arange(count + 1) / samples
    return torch.from_numpy(CubicSpline(place, np.eye(bins))(grid))
