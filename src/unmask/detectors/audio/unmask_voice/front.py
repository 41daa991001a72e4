"""What the network hears: a published speech encoder, frozen, beside spectra with linear frequency.

The encoder's lower blocks have learned what speech looks like; the linear bands keep the fine grain
in which vocoders differ from a vocal tract. Nothing here is trained.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.detectors.audio.unmask_voice.encoder import BLOCKS, WIDTH, Encoder, mel_filters

RATE = 16000
CLIP = 35200
"""What the encoder hears at once: 2.2 seconds at 16 kHz."""
SAMPLES = 2 * CLIP
"""One window: two clips, so that a forged second has its surroundings beside it."""
STEP = 640
FRAMES = SAMPLES // STEP
"""Frame logits of one window, 40 ms apart."""
LAYERS = BLOCKS + 1
BINS = 128
LINES = 276
"""Spectral lines of 25 Hz, up to the band limit."""
EDGE = 6900.0
STATISTICS = 2 * LAYERS * WIDTH + 3 * BINS - 1
LEVEL = 0.05
"""Root mean square that a clip is brought to (-26 dB of full scale)."""


class Seen(NamedTuple):
    """What the frozen part hands to the head; T is 55 times the number of clips in a row.

    ``layers``: batch × LAYERS × T × 384; ``spectrum``: batch × BINS × 4·T; ``fine``: batch × LINES
    × 4·T, at the level that the clips had.
    """

    layers: Tensor
    spectrum: Tensor
    fine: Tensor


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

    taps: Tensor
    fourier: Tensor
    mel: Tensor
    fine: Tensor
    bands: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder(CLIP // 320)
        self.register_buffer(
            "taps", torch.from_numpy(_lowpass(EDGE).astype(np.float32))[None, None]
        )
        self.register_buffer("fourier", _fourier(400, 201))
        self.register_buffer("mel", torch.from_numpy(mel_filters())[..., None])
        # 640 samples give bins of 25 Hz; pairs of them are summed into linear bands of 54 Hz.
        self.register_buffer("fine", _fourier(640, LINES))
        bands = np.zeros((BINS, LINES), np.float32)
        for i, part in enumerate(np.array_split(np.arange(LINES), BINS)):
            bands[i, part] = 1 / len(part)
        self.register_buffer("bands", torch.from_numpy(bands)[..., None])
        for parameter in self.parameters():
            parameter.requires_grad_(False)

    def forward(self, wave: Tensor) -> Seen:
        """Batch × CLIP, to ``Seen``."""
        x = F.conv1d(wave[:, None], self.taps, padding=self.taps.shape[-1] // 2)
        energy = x.square().mean(dim=(1, 2), keepdim=True) + 1e-10
        x = LEVEL * x * torch.rsqrt(energy)
        power = self._power(x, self.fourier, 160)
        mel = torch.clamp(F.conv1d(power, self.mel), min=1e-10).log10()
        mel = torch.maximum(mel, mel.amax(dim=(1, 2), keepdim=True) - 8.0)
        layers = self.encoder(mel / 4 + 1)
        b = layers.shape[0]
        layers = layers.reshape(b, LAYERS, CLIP // STEP, 2, WIDTH).mean(dim=3)
        lines = self._power(x, self.fine, 160)
        spectrum = torch.clamp(F.conv1d(lines, self.bands), min=1e-6).log() / 4
        fine = (torch.clamp(lines, min=1e-6).log() + energy.log()) / 4
        return Seen(layers, spectrum, fine)

    def window(self, wave: Tensor) -> tuple[Seen, Seen]:
        """Batch × SAMPLES, to its clips (twice the batch) and the same laid in a row again."""
        clips = self.forward(wave.reshape(-1, CLIP))
        count = SAMPLES // CLIP
        layers = clips.layers.reshape(-1, count, *clips.layers.shape[1:])
        rows = [
            x.reshape(-1, count, *x.shape[1:]).transpose(1, 2).flatten(2, 3)
            for x in (clips.spectrum, clips.fine)
        ]
        return clips, Seen(layers.transpose(1, 2).flatten(2, 3), *rows)

    @staticmethod
    def _power(x: Tensor, kernels: Tensor, hop: int) -> Tensor:
        size = kernels.shape[-1]
        half = size // 2
        padded = F.pad(x, (half, half), mode="reflect")
        both = F.conv1d(padded, kernels, stride=hop)[..., : CLIP // hop]
        real, imaginary = both.chunk(2, dim=1)
        return real.square() + imaginary.square()
