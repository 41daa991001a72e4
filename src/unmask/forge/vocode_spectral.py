"""Copy-synthesis from a short-time spectrum: magnitudes kept or coarsened, phases guessed again.

Sources: Griffin & Lim 1984 with the momentum of Perraudin et al. 2013; non-negative inversion by
the multiplicative updates of Lee & Seung 2001; phase vocoder, Flanagan & Golden 1966.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unmask.types import Samples

_FLOOR = 1e-5


def stft(samples: Samples, size: int, hop: int) -> torch.Tensor:
    """The short-time spectrum: ``size``/2 + 1 bins × frames, the first centred on sample 0."""
    window = torch.hann_window(size)
    wave = torch.from_numpy(np.ascontiguousarray(samples, np.float32))
    return torch.stft(wave, size, hop, window=window, return_complex=True, pad_mode="constant")


def istft(spectrum: torch.Tensor, size: int, hop: int, length: int) -> Samples:
    """The wave of a short-time spectrum, ``length`` samples of it."""
    wave = torch.istft(spectrum, size, hop, window=torch.hann_window(size), length=length)
    return np.asarray(wave.numpy(), np.float32)


@lru_cache(maxsize=32)
def mel_matrix(rate: int, size: int, bands: int, high: float) -> torch.Tensor:
    """Triangular bands, equally wide on the mel scale: ``bands`` × (``size``/2 + 1)."""

    def mel(hertz: NDArray[np.float64] | float) -> Any:
        return 2595 * np.log10(1 + np.asarray(hertz) / 700)

    edges = 700 * (10 ** (np.linspace(0, mel(high), bands + 2) / 2595) - 1)
    bins = np.fft.rfftfreq(size, 1 / rate)
    up = (bins[None] - edges[:-2, None]) / np.maximum(edges[1:-1] - edges[:-2], 1e-9)[:, None]
    down = (edges[2:, None] - bins[None]) / np.maximum(edges[2:] - edges[1:-1], 1e-9)[:, None]
    weights = np.clip(np.minimum(up, down), 0, None)
    return torch.from_numpy(weights.astype(np.float32))


def griffin_lim(
    magnitude: torch.Tensor,
    size: int,
    hop: int,
    length: int,
    iterations: int,
    rng: np.random.Generator,
    momentum: float = 0.99,
) -> Samples:
    """A wave whose short-time spectrum has about this ``magnitude`` (bins × frames)."""
    phase = rng.uniform(-np.pi, np.pi, tuple(magnitude.shape)).astype(np.float32)
    angles = torch.polar(torch.ones_like(magnitude), torch.from_numpy(phase))
    before = torch.zeros_like(angles)
    wave = np.zeros(length, np.float32)
    for _ in range(max(1, iterations)):
        wave = istft(magnitude * angles, size, hop, length)
        now = stft(wave, size, hop)
        ahead = now - momentum / (1 + momentum) * before
        angles = ahead / ahead.abs().clamp_min(1e-9)
        before = now
    return wave


def _grid(rng: np.random.Generator) -> tuple[int, int]:
    size = int(rng.choice([512, 800, 1024]))
    return size, size // 4


def from_magnitude(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """The phase is thrown away and guessed again from the full spectrum (Griffin-Lim)."""
    size, hop = _grid(rng)
    magnitude = stft(samples, size, hop).abs()
    return griffin_lim(magnitude, size, hop, samples.size, int(rng.integers(12, 48)), rng)


def from_mel(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Only a mel spectrogram is kept; pseudo-inverse, then Griffin-Lim."""
    size, hop = _grid(rng)
    magnitude = stft(samples, size, hop).abs()
    matrix = mel_matrix(rate, size, int(rng.choice([64, 80, 100, 128])), rate / 2)
    linear = (torch.linalg.pinv(matrix) @ (matrix @ magnitude)).clamp_min(0)
    return griffin_lim(linear, size, hop, samples.size, int(rng.integers(12, 48)), rng)


def from_mel_nonnegative(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Only a mel spectrogram is kept; non-negative inversion, then few rounds of Griffin-Lim."""
    size, hop = _grid(rng)
    matrix = mel_matrix(rate, size, 80, rate / 2)
    target = matrix @ stft(samples, size, hop).abs()
    linear = matrix.T @ target + _FLOOR
    for _ in range(30):
        linear = linear * (matrix.T @ target) / (matrix.T @ (matrix @ linear) + 1e-9)
    return griffin_lim(linear, size, hop, samples.size, int(rng.integers(3, 9)), rng)


def random_phase(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """The phase is turned by noise that grows with frequency; magnitudes stay."""
    size, hop = _grid(rng)
    spectrum = stft(samples, size, hop)
    bins = spectrum.shape[0]
    start = rng.uniform(0, 0.4)
    amount = torch.linspace(0, 1, bins).sub(start).clamp_min(0)[:, None] * rng.uniform(2, 8)
    noise = torch.from_numpy(rng.standard_normal(tuple(spectrum.shape)).astype(np.float32))
    return istft(
        spectrum * torch.polar(torch.ones_like(noise), amount * noise), size, hop, samples.size
    )


def smeared(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """What a neural vocoder gets wrong: the higher, the more the fine structure is made up.

    Magnitudes go over into those of a mel spectrogram, phases into guessed ones, from a random
    frequency upwards; a filter that repeats with the period of an up-sampling layer is laid over.
    """
    size, hop = _grid(rng)
    spectrum = stft(samples, size, hop)
    magnitude = spectrum.abs()
    matrix = mel_matrix(rate, size, int(rng.choice([80, 100])), rate / 2)
    coarse = (torch.linalg.pinv(matrix) @ (matrix @ magnitude)).clamp_min(0)
    guessed = stft(
        griffin_lim(coarse, size, hop, samples.size, int(rng.integers(8, 24)), rng), size, hop
    )
    bins = torch.linspace(0, 1, spectrum.shape[0])
    middle, width = rng.uniform(0.1, 0.5), rng.uniform(0.03, 0.2)
    share = torch.sigmoid((bins - middle) / width)[:, None]
    blended = magnitude * (1 - share) + coarse * share
    mixed = spectrum / magnitude.clamp_min(1e-9) * (1 - share)
    mixed = mixed + guessed / guessed.abs().clamp_min(1e-9) * share
    unit = mixed / mixed.abs().clamp_min(1e-9)
    return periodic(istft(blended * unit, size, hop, samples.size), rate, rng)


def periodic(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A weak filter that differs from sample to sample and repeats, as transposed convolutions."""
    period = int(rng.choice([2, 4, 5, 8, 10, 16]))
    depth = float(np.exp(rng.uniform(np.log(0.003), np.log(0.05))))
    bank = rng.standard_normal((period, 5)) * depth
    padded = np.pad(samples, 2)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5)
    change = np.einsum("nk,nk->n", around, bank[np.arange(samples.size) % period])
    return np.asarray(samples + change, np.float32)


def quantised(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """As a very low-rate neural codec: coarse band energies, few phases, a coarse time grid."""
    size, hop = _grid(rng)
    spectrum = stft(samples, size, hop)
    matrix = mel_matrix(rate, size, int(rng.choice([32, 48, 64])), rate / 2)
    levels = torch.log(matrix @ spectrum.abs() + _FLOOR)
    step = float(rng.uniform(0.3, 0.9))
    coarse = torch.round(levels / step) * step
    gain = torch.exp(coarse - levels)
    share = matrix / matrix.sum(0, keepdim=True).clamp_min(1e-9)
    sector = 2 * np.pi / int(rng.choice([4, 6, 8]))
    angle = torch.round(spectrum.angle() / sector) * sector
    return istft(torch.polar(spectrum.abs() * (share.T @ gain), angle), size, hop, samples.size)


def shifted(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Another pitch at the same speed: phases turned on at a stretched time, then resampled."""
    import soxr

    size = int(rng.choice([512, 1024]))
    hop = size // 4
    ratio = float(np.exp(rng.choice([-1, 1]) * rng.uniform(0.03, 0.3)))
    spectrum = stft(samples, size, hop).numpy()
    magnitude, phase = np.abs(spectrum), np.angle(spectrum)
    expected = 2 * np.pi * hop * np.arange(spectrum.shape[0]) / size
    turned = np.diff(phase, axis=1) - expected[:, None]
    advance = expected[:, None] + turned - 2 * np.pi * np.round(turned / (2 * np.pi))
    at = np.arange(0, spectrum.shape[1] - 1.01, 1 / ratio)
    left = at.astype(int)
    share = (at - left)[None]
    level = magnitude[:, left] * (1 - share) + magnitude[:, left + 1] * share
    turns = np.concatenate([phase[:, :1], advance[:, left[:-1]]], axis=1).cumsum(axis=1)
    stretched = torch.from_numpy((level * np.exp(1j * turns)).astype(np.complex64))
    wave = istft(stretched, size, hop, round(samples.size * ratio))
    moved = np.asarray(soxr.resample(wave, rate * ratio, rate), np.float32)
    return np.asarray(np.pad(moved, (0, max(0, samples.size - moved.size)))[: samples.size])
