"""The network: a wave in, one logit a window and one every 40 ms out, and its loss.

A published speech encoder, frozen, and a spectrogram with linear frequency stand side by side: the
encoder's lower blocks have learned what speech looks like, the linear bands keep the fine grain in
which vocoders differ from a vocal tract. A linear score judges the window as a whole, a small
convolutional net its frames.
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
LINES = 276
"""Spectral lines of 25 Hz, up to the band limit."""
EDGE = 6900.0
LOW = 3
"""Encoder layers whose statistics are used: the stem and two blocks. Higher ones know the words."""
STATISTICS = 2 * LOW * WIDTH + 3 * BINS - 1
LEVEL = 0.05
"""Root mean square that a window is brought to (-26 dB of full scale)."""


class Seen(NamedTuple):
    """What the frozen part hands to the head.

    ``layers``: batch × 5 × FRAMES × 384; ``spectrum``: batch × BINS × (4·FRAMES); ``fine``: batch ×
    LINES × (4·FRAMES), without its mean over time.
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
        self.encoder = Encoder(SAMPLES // 320)
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
        lines = self._power(x, self.fine, 160)
        spectrum = torch.clamp(F.conv1d(lines, self.bands), min=1e-6).log() / 4
        return Seen(layers, spectrum, self._grain(lines))

    def grain(self, wave: Tensor) -> Tensor:
        """``Seen.fine`` alone, from batch × SAMPLES."""
        return self._grain(self._power(self.prepared(wave), self.fine, 160))

    @staticmethod
    def _grain(lines: Tensor) -> Tensor:
        fine = torch.clamp(lines, min=1e-6).log() / 4
        # The mean of a line over time is the channel (microphone, room): it is taken away.
        return fine - fine.mean(dim=2, keepdim=True)

    @staticmethod
    def _power(x: Tensor, kernels: Tensor, hop: int) -> Tensor:
        size = kernels.shape[-1]
        half = size // 2
        padded = F.pad(x, (half, half), mode="reflect")
        both = F.conv1d(padded, kernels, stride=hop)[..., : SAMPLES // hop]
        real, imaginary = both.chunk(2, dim=1)
        return real.square() + imaginary.square()


class Traces(nn.Module):
    """The window's logit: linear in the means and spreads of a window's features over time.

    Fitted in closed form (``traces.fit``), not by gradient steps: with a few thousand clips from a
    score of sources, anything that bends more learns the sources. The spread over time is what a
    generator flattens; a linear score cannot pick out single recordings.
    """

    mean: Tensor
    scale: Tensor
    weight: Tensor
    bias: Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("mean", "scale", "weight"):
            self.register_buffer(name, torch.zeros(STATISTICS))
        self.register_buffer("bias", torch.zeros(()))

    @staticmethod
    def statistics(seen: Seen) -> Tensor:
        """Batch × STATISTICS: the stem and two blocks, and the grain of the spectrum."""
        low = seen.layers[:, :LOW]
        mean = low.mean(dim=2)
        spread = (low - mean[:, :, None]).square().mean(dim=2).clamp_min(1e-8).sqrt()
        # The mean of a bin over time is the channel (microphone, room): it is taken away.
        x = seen.spectrum - seen.spectrum.mean(dim=2, keepdim=True)
        wide = x.square().mean(dim=2).clamp_min(1e-8).sqrt()
        steps = seen.spectrum[:, :, 1:] - seen.spectrum[:, :, :-1]
        moves = steps.square().mean(dim=2).clamp_min(1e-8).sqrt()
        ridges = (x[:, 1:] - x[:, :-1]).abs().mean(dim=2)
        return torch.cat([mean.flatten(1), spread.flatten(1), wide, moves, ridges], dim=1)

    def forward(self, seen: Seen) -> Tensor:
        """Batch of logits."""
        return self.judged(self.statistics(seen))

    def judged(self, statistics: Tensor) -> Tensor:
        """Batch × STATISTICS, to a batch of logits."""
        result: Tensor = (statistics - self.mean) / self.scale @ self.weight + self.bias
        return result


class Along(nn.Module):
    """A logit a frame: which part of the window is forged. Trained by gradient steps.

    It looks at lines of 25 Hz, in which the harmonics of most voices and the valleys between them
    are still apart: vocoders fill the valleys, or make them too clean.
    """

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.grain = nn.Sequential(
            _stage(1, 8, (2, 2)), _stage(8, 16, (2, 2)), _stage(16, 24, (2, 1)),
            _stage(24, 24, (2, 1)),
        )  # fmt: skip
        rows = -(-LINES // 16)
        self.net = nn.Sequential(
            nn.Dropout(dropout),
            nn.Conv1d(24 * rows, width, 1), nn.BatchNorm1d(width), nn.GELU(),
            nn.Conv1d(width, width, 5, padding=2), nn.BatchNorm1d(width), nn.GELU(),
            nn.Dropout(dropout),
            nn.Conv1d(width, width, 5, padding=2), nn.BatchNorm1d(width), nn.GELU(),
            nn.Conv1d(width, 1, 1),
        )  # fmt: skip

    def forward(self, fine: Tensor) -> Tensor:
        """Batch × LINES × (4·FRAMES), to batch × FRAMES."""
        frames: Tensor = self.net(self.grain(fine[:, None]).flatten(1, 2))
        return frames[:, 0]


def _stage(narrow: int, wide: int, stride: tuple[int, int]) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(narrow, wide, 3, stride=stride, padding=1, bias=False),
        nn.BatchNorm2d(wide),
        nn.GELU(),
    )


class Head(nn.Module):
    """What is fitted: the window's logit and the frames'. Called, it gives the frames' alone."""

    def __init__(self, width: int, dropout: float) -> None:
        super().__init__()
        self.traces = Traces()
        self.along = Along(width, dropout)

    def forward(self, fine: Tensor) -> Tensor:
        """``Seen.fine`` to frame logits, batch × FRAMES."""
        frames: Tensor = self.along(fine)
        return frames


class Voice(nn.Module):
    """The whole: a batch of windows of sound to ``logit`` and ``frames``."""

    def __init__(self, front: Front, head: Head) -> None:
        super().__init__()
        self.front = front
        self.head = head

    def forward(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        """Batch × SAMPLES at 16 kHz, to batch and batch × FRAMES; higher is forged."""
        seen = self.front(wave)
        return self.head.traces(seen), self.head.along(seen.fine)


def loss(frames: Tensor, truth: Tensor) -> Tensor:
    """Cross-entropy of the frames. ``truth``: batch × FRAMES of 0, 1 or 255 (ignored)."""
    known = truth != 255
    each = F.binary_cross_entropy_with_logits(
        frames, truth.clamp(max=1).to(frames.dtype), reduction="none"
    )
    result: Tensor = (each * known).sum() / known.sum().clamp_min(1)
    return result
