"""The network: a wave in, one logit a window and one every 40 ms out, and its loss.

A published speech encoder, frozen, and a spectrogram with linear frequency stand side by side: the
encoder's lower blocks have learned what speech looks like, the linear bands keep the fine grain in
which vocoders differ from a vocal tract. A small head looks at both along time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.detectors.audio.unmask_voice.encoder import BLOCKS, WIDTH, Encoder, mel_filters

RATE = 16000
SAMPLES = 35200
"""One window: 2.2 seconds at 16 kHz."""
FRAMES = 55
"""Frame logits of one window, 40 ms apart."""
BINS = 128
EDGE = 6900.0
LEVEL = 0.05
"""Root mean square that a window is brought to (-26 dB of full scale)."""


class Seen(NamedTuple):
    """What the frozen part hands to the head.

    ``layers``: batch × 5 × FRAMES × 384; ``spectrum``: batch × BINS × (4·FRAMES).
    """

    layers: Tensor
    spectrum: Tensor


def _lowpass(edge: float, count: int = 129) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    n = np.arange(count) - count // 2
    taps = 2 * edge / RATE * np.sinc(2 * edge / RATE * n) * np.hamming(count)
    return np.asarray(taps / taps.sum())


def _fourier(size: int, kept: int) -> Tensor:
    """Windowed cosines and sines as convolution kernels: (2·kept) × 1 × size."""
    n = np.arange(size)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * n / size)
    turn = 2 * np.pi * np.outer(np.arange(kept), n) / size
    kernels = np.concatenate([np.cos(turn) * window, -np.sin(turn) * window])
    return torch.from_numpy(kernels.astype(np.float32))[:, None]


class Front(nn.Module):
    """A wave to what the head looks at. Nothing here is trained.

    Band limit and level first, so that neither the sampling rate nor the loudness of a recording
    tells anything.
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(SAMPLES // 320)
        self.register_buffer("taps", torch.from_numpy(_lowpass(EDGE).astype(np.float32))[None, None])
        self.register_buffer("fourier", _fourier(400, 201))
        self.register_buffer("mel", torch.from_numpy(mel_filters())[..., None])
        # 640 samples give bins of 25 Hz; pairs of them are summed into linear bands of 54 Hz.
        self.register_buffer("fine", _fourier(640, 276))
        bands = np.zeros((BINS, 276), np.float32)
        for i, part in enumerate(np.array_split(np.arange(276), BINS)):
            bands[i, part] = 1 / len(part)
        self.register_buffer("bands", torch.from_numpy(bands)[..., None])
        for parameter in self.parameters():
            parameter.requires_grad_(False)

    def prepared(self, wave: Tensor) -> Tensor:
        """Band-limited and levelled, batch × 1 × samples."""
        x = F.conv1d(wave[:, None], self.taps, padding=self.taps.shape[-1] // 2)
        power = x.square().mean(dim=(1, 2), keepdim=True)
        return LEVEL * x * torch.rsqrt(power + 1e-10)

    def forward(self, wave: Tensor) -> Seen:
        """Batch × SAMPLES, to ``Seen``."""
        x = self.prepared(wave)
        power = self._power(x, self.fourier, 160)
        mel = torch.clamp(F.conv1d(power, self.mel), min=1e-10).log10()
        mel = torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - 8.0)
        layers = self.encoder(mel / 4 + 1)
        b = layers.shape[0]
        layers = layers.reshape(b, BLOCKS + 1, FRAMES, 2, WIDTH).mean(dim=3)
        fine = F.conv1d(self._power(x, self.fine, 160), self.bands)
        spectrum = torch.clamp(fine, min=1e-6).log() / 4
        return Seen(layers, spectrum)

    @staticmethod
    def _power(x: Tensor, kernels: Tensor, hop: int) -> Tensor:
        size = kernels.shape[-1]
        half = size // 2
        padded = F.pad(x, (half, half), mode="reflect")
        both = F.conv1d(padded, kernels, stride=hop)[..., : SAMPLES // hop]
        real, imaginary = both.chunk(2, dim=1)
        return real.square() + imaginary.square()
