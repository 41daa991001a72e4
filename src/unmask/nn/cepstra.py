"""Cepstral coefficients of short windows: LFCC, MFCC and IMFCC as the baselines of ASVspoof have.

Sahidullah, Kinnunen and Hanilçi 2015, section 3; Davis and Mermelstein 1980. The two programs of
ASVspoof 2021 differ in their windows: ``gmm`` is that of the mixture models, ``lcnn`` that of the
light convolutional networks.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import reduce
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.nn.alike import alike
from unmask.nn.block_dct import cosines
from unmask.nn.filter_banks import edges, triangles


@dataclass(frozen=True, slots=True)
class Shape:
    """How a ``Cepstra`` is built. Lengths in samples, frequencies in Hz.

    ``centred``: windows (periodic Hamming) lie around multiples of ``hop``, with silence outside;
    otherwise they (symmetric Hamming) start there, and the last is filled up with silence.
    ``emphasis``: the share of the last sample that is taken from each. ``energy``: the first
    coefficient is the logarithm of the window's energy. ``floor`` keeps logarithms finite;
    ``halved``: deltas are half the difference of the neighbours, not all of it.
    """

    scale: str = "linear"
    rate: int = 16000
    window: int = 480
    hop: int = 240
    fft: int = 1024
    filters: int = 70
    coefficients: int = 19
    low: float = 0.0
    high: float = 4000.0
    centred: bool = False
    emphasis: float = 0.0
    energy: bool = False
    floor: float = float(np.finfo(np.float64).eps)
    halved: bool = True
    deltas: int = 2


SHAPES = {
    "gmm": Shape(),
    "lcnn": Shape(
        window=320,
        hop=160,
        fft=512,
        filters=20,
        coefficients=20,
        high=8000.0,
        centred=True,
        emphasis=0.97,
        energy=True,
        floor=float(np.finfo(np.float32).eps),
        halved=False,
    ),
    "mfcc": Shape(scale="mel", filters=20, coefficients=13, high=8000.0),
    "imfcc": Shape(scale="inverted-mel", filters=20, coefficients=13, high=8000.0),
}
"""LFCC of both baselines; MFCC and IMFCC by the same windows as ``gmm``."""


class Cepstra(nn.Module):
    """Samples (B, N), -1…1, to (B, frames, coefficients × (1 + deltas)); no weights.

    Computed in the type of the samples: for mixture models give it doubles. ``changed``: fields of
    the ``Shape`` that differ. Raises SettingError, UnknownName for values that make no sense.
    """

    spectrum: Tensor
    bank: Tensor
    transform: Tensor

    def __init__(self, shape: Shape = SHAPES["gmm"], **changed: Any) -> None:
        super().__init__()
        self.shape = shape = replace(shape, **changed)
        if shape.coefficients > shape.filters or shape.window > shape.fft:
            raise SettingError(
                f"{shape.coefficients} coefficients of {shape.filters} filters and windows of "
                f"{shape.window} samples in transforms of {shape.fft}: the first must not exceed "
                "the second."
            )
        frequencies = np.linspace(0, shape.rate / 2, shape.fft // 2 + 1)
        near = [int(np.abs(frequencies - edge).argmin()) for edge in (shape.low, shape.high)]
        kept = frequencies[near[0] : near[1] + 1]
        bank = triangles(edges(shape.scale, shape.filters, shape.low, shape.high), kept)
        n = np.arange(shape.window)
        length = shape.window if shape.centred else shape.window - 1
        window = 0.54 - 0.46 * np.cos(2 * np.pi * n / length)
        turn = 2 * np.pi * np.outer(n, np.arange(near[0], near[1] + 1)) / shape.fft
        waves = np.concatenate([np.cos(turn), np.sin(turn)], axis=1) * window[:, None]
        self.register_buffer("spectrum", torch.from_numpy(waves), persistent=False)
        transform = cosines(shape.filters)[: shape.coefficients].T.contiguous()
        if shape.energy:
            # As one more filter, over everything, it takes the place of the first coefficient.
            bank = np.concatenate([np.full((len(bank), 1), 1 / shape.fft), bank], axis=1)
            transform[:, 0] = 0
            transform = torch.cat([torch.eye(1, shape.coefficients).to(transform), transform])
        self.register_buffer("bank", torch.from_numpy(bank), persistent=False)
        self.register_buffer("transform", transform, persistent=False)

    def forward(self, sound: Tensor) -> Tensor:
        """Frames and their coefficients."""
        shape = self.shape
        if shape.emphasis:
            sound = sound - shape.emphasis * F.pad(sound, (1, -1))
        frames = self._framed(sound)
        waves = frames @ alike(self.spectrum, frames)
        power = torch.unflatten(waves, -1, (2, -1)).square().sum(-2)
        levels = (power @ alike(self.bank, frames) + shape.floor).log10()
        parts = [levels @ alike(self.transform, frames)]
        for _ in range(shape.deltas):
            parts.append(delta(parts[-1], 1, 1 if shape.halved else 2))
        return torch.cat(parts, dim=-1)

    def _framed(self, sound: Tensor) -> Tensor:
        """(B, frames, window)."""
        shape = self.shape
        if shape.centred:
            # The window lies in the middle of the transform, and that around its sample.
            side = shape.fft // 2 - (shape.fft - shape.window) // 2
            last = sound.shape[1] // shape.hop * shape.hop
            right = last - side + shape.window - sound.shape[1]
            padded = F.pad(sound, (side, max(right, 0)))
        else:
            missing = max(shape.window - sound.shape[1], 0)
            over = (sound.shape[1] + missing - shape.window) % shape.hop
            padded = F.pad(sound, (0, missing + (shape.hop - over if over else 0)))
        return padded.unfold(1, shape.window, shape.hop)


def delta(frames: Tensor, reach: int, scale: float = 1) -> Tensor:
    """Slopes along the frames of (B, frames, C) by regression over ``reach`` on each side,
    ``scale`` times.

    Young et al. 2006, "The HTK Book", equation 5.16; the first and last frame go on.
    """
    head, tail = frames.narrow(1, 0, 1), frames.narrow(1, -1, 1)
    padded = torch.cat([*[head] * reach, frames, *[tail] * reach], dim=1)
    count, steps = frames.shape[1], range(1, reach + 1)
    whole = 2 * sum(step * step for step in steps) / scale

    def rise(step: int) -> Tensor:
        apart = padded.narrow(1, reach + step, count) - padded.narrow(1, reach - step, count)
        return apart if step == whole else step / whole * apart

    return reduce(torch.add, [rise(step) for step in steps])
