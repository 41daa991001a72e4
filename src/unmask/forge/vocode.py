"""Copy-synthesis: a real recording taken apart and built again, the way a speech generator ends.

A generator of speech ends in a vocoder, and the vocoder leaves traces whatever the words are.
Re-synthesising *real* recordings gives a fake of the same words, speaker, microphone and codec, so
that nothing but those traces tells the two apart. Every method keeps length and alignment.

Sources: Griffin & Lim 1984 with the momentum of Perraudin et al. 2013; WORLD, Morise et al. 2016;
linear prediction after Atal & Hanauer 1971; non-negative inversion by the multiplicative updates of
Lee & Seung 2001.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unmask.errors import MissingExtra, SettingError
from unmask.types import Samples

Method = Callable[[Samples, int, np.random.Generator], Samples]
_FLOOR = 1e-5


def _fit(samples: NDArray[np.floating], length: int) -> Samples:
    out = np.zeros(length, np.float32)
    n = min(length, samples.size)
    out[:n] = samples[:n]
    return out


def _stft(samples: Samples, size: int, hop: int) -> torch.Tensor:
    window = torch.hann_window(size)
    wave = torch.from_numpy(np.ascontiguousarray(samples, np.float32))
    return torch.stft(wave, size, hop, window=window, return_complex=True, pad_mode="constant")


def _istft(spectrum: torch.Tensor, size: int, hop: int, length: int) -> Samples:
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
        wave = _istft(magnitude * angles, size, hop, length)
        now = _stft(wave, size, hop)
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
    magnitude = _stft(samples, size, hop).abs()
    return griffin_lim(magnitude, size, hop, samples.size, int(rng.integers(12, 48)), rng)


def from_mel(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Only a mel spectrogram is kept; pseudo-inverse, then Griffin-Lim."""
    size, hop = _grid(rng)
    magnitude = _stft(samples, size, hop).abs()
    matrix = mel_matrix(rate, size, int(rng.choice([64, 80, 100, 128])), rate / 2)
    linear = (torch.linalg.pinv(matrix) @ (matrix @ magnitude)).clamp_min(0)
    return griffin_lim(linear, size, hop, samples.size, int(rng.integers(12, 48)), rng)


def from_mel_nonnegative(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Only a mel spectrogram is kept; non-negative inversion, then few rounds of Griffin-Lim."""
    size, hop = _grid(rng)
    matrix = mel_matrix(rate, size, 80, rate / 2)
    target = matrix @ _stft(samples, size, hop).abs()
    linear = matrix.T @ target + _FLOOR
    for _ in range(30):
        linear = linear * (matrix.T @ target) / (matrix.T @ (matrix @ linear) + 1e-9)
    return griffin_lim(linear, size, hop, samples.size, int(rng.integers(3, 9)), rng)


def random_phase(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """The phase is turned by noise that grows with frequency; magnitudes stay."""
    size, hop = _grid(rng)
    spectrum = _stft(samples, size, hop)
    bins = spectrum.shape[0]
    start = rng.uniform(0, 0.4)
    amount = torch.linspace(0, 1, bins).sub(start).clamp_min(0)[:, None] * rng.uniform(2, 8)
    noise = torch.from_numpy(rng.standard_normal(tuple(spectrum.shape)).astype(np.float32))
    return _istft(
        spectrum * torch.polar(torch.ones_like(noise), amount * noise), size, hop, samples.size
    )


def smeared(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """What a neural vocoder gets wrong: the higher, the more the fine structure is made up.

    Magnitudes go over into those of a mel spectrogram, phases into guessed ones, from a random
    frequency upwards; a filter that repeats with the period of an up-sampling layer is laid over.
    """
    size, hop = _grid(rng)
    spectrum = _stft(samples, size, hop)
    magnitude = spectrum.abs()
    matrix = mel_matrix(rate, size, int(rng.choice([80, 100])), rate / 2)
    coarse = (torch.linalg.pinv(matrix) @ (matrix @ magnitude)).clamp_min(0)
    guessed = _stft(
        griffin_lim(coarse, size, hop, samples.size, int(rng.integers(8, 24)), rng), size, hop
    )
    bins = torch.linspace(0, 1, spectrum.shape[0])
    middle, width = rng.uniform(0.1, 0.5), rng.uniform(0.03, 0.2)
    share = torch.sigmoid((bins - middle) / width)[:, None]
    blended = magnitude * (1 - share) + coarse * share
    mixed = spectrum / magnitude.clamp_min(1e-9) * (1 - share)
    mixed = mixed + guessed / guessed.abs().clamp_min(1e-9) * share
    unit = mixed / mixed.abs().clamp_min(1e-9)
    return periodic(_istft(blended * unit, size, hop, samples.size), rate, rng)


def periodic(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A weak filter that differs from sample to sample and repeats, as transposed convolutions."""
    period = int(rng.choice([2, 4, 5, 8, 10, 16]))
    depth = float(np.exp(rng.uniform(np.log(0.003), np.log(0.05))))
    bank = rng.standard_normal((period, 5)) * depth
    padded = np.pad(samples, 2)
    around = np.lib.stride_tricks.sliding_window_view(padded, 5)
    change = np.einsum("nk,nk->n", around, bank[np.arange(samples.size) % period])
    return np.asarray(samples + change, np.float32)


def _world(samples: Samples, rate: int, pitch: float, warp: float, aperiodicity: float) -> Samples:
    try:
        import pyworld
    except ImportError:
        raise MissingExtra("WORLD re-synthesis", "train") from None
    wave = np.ascontiguousarray(samples, np.float64)
    rough, times = pyworld.dio(wave, rate)
    f0 = pyworld.stonemask(wave, rough, times, rate)
    envelope = pyworld.cheaptrick(wave, f0, times, rate)
    noise = np.clip(pyworld.d4c(wave, f0, times, rate) * aperiodicity, 0, 1)
    if warp != 1:
        bins = np.arange(envelope.shape[1])
        source = np.clip(bins / warp, 0, bins[-1])
        envelope = np.stack([np.interp(source, bins, row) for row in envelope])
    made = pyworld.synthesize(f0 * pitch, np.ascontiguousarray(envelope), noise, rate)
    return _fit(made, samples.size)


def world(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """WORLD analysis and synthesis, unchanged."""
    return _world(samples, rate, 1.0, 1.0, 1.0)


def world_converted(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """WORLD with another pitch and vocal-tract length: a simple voice conversion."""
    pitch = float(np.exp(rng.uniform(-0.35, 0.35)))
    return _world(samples, rate, pitch, float(rng.uniform(0.88, 1.14)), float(rng.uniform(0.6, 1)))


def lpc(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Linear prediction: an all-pole filter driven by pulses where voiced, by noise elsewhere."""
    from scipy.linalg import solve_toeplitz
    from scipy.signal import lfilter

    size, hop = int(0.03 * rate), int(0.01 * rate)
    order = int(rng.integers(16, 26))
    window = np.hanning(size)
    padded = np.pad(np.asarray(samples, np.float64), (size // 2, size))
    out = np.zeros(padded.size)
    weight = np.full(padded.size, 1e-9)
    shortest, longest = int(rate / 400), int(rate / 65)
    since = 0
    for at in range(0, samples.size, hop):
        frame = padded[at : at + size] * window
        spectrum = np.abs(np.fft.rfft(frame, 2 * size)) ** 2
        r = np.fft.irfft(spectrum)[: max(order + 1, longest + 1)]
        source = np.zeros(size)
        lag = shortest + int(np.argmax(r[shortest : longest + 1]))
        voiced = r[lag] > 0.35 * r[0]
        if voiced:
            source[since % lag :: lag] = np.sqrt(lag)
            since = (since - hop) % lag
        else:
            source = rng.standard_normal(size)
        if r[0] < 1e-9:
            weight[at : at + size] += window
            continue
        r0 = r[: order + 1].copy()
        r0[0] *= 1 + 1e-4
        a = solve_toeplitz(r0[:-1], r0[1:])
        made = lfilter([1.0], np.concatenate([[1.0], -a]), source) * window
        made *= np.sqrt(np.sum(frame**2) / max(np.sum(made**2), 1e-12))
        out[at : at + size] += made
        weight[at : at + size] += window
    made = (out / np.maximum(weight, 0.1))[size // 2 :]
    return _fit(made, samples.size)


def quantised(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """As a very low-rate neural codec: coarse band energies, few phases, a coarse time grid."""
    size, hop = _grid(rng)
    spectrum = _stft(samples, size, hop)
    matrix = mel_matrix(rate, size, int(rng.choice([32, 48, 64])), rate / 2)
    levels = torch.log(matrix @ spectrum.abs() + _FLOOR)
    step = float(rng.uniform(0.3, 0.9))
    coarse = torch.round(levels / step) * step
    gain = torch.exp(coarse - levels)
    share = matrix / matrix.sum(0, keepdim=True).clamp_min(1e-9)
    sector = 2 * np.pi / int(rng.choice([4, 6, 8]))
    angle = torch.round(spectrum.angle() / sector) * sector
    return _istft(torch.polar(spectrum.abs() * (share.T @ gain), angle), size, hop, samples.size)


METHODS: dict[str, Method] = {
    "griffin-lim": from_magnitude,
    "mel-griffin-lim": from_mel,
    "mel-nonnegative": from_mel_nonnegative,
    "random-phase": random_phase,
    "smeared": smeared,
    "periodic": periodic,
    "world": world,
    "world-converted": world_converted,
    "lpc": lpc,
    "quantised": quantised,
}
"""Every way to build a recording again, by name."""


def resynthesise(method: str, samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A fake of ``samples`` with the same length, alignment and level. Raises SettingError."""
    if method not in METHODS:
        raise SettingError(f"There is no vocoder {method!r}. Use one of: {', '.join(METHODS)}.")
    return levelled(METHODS[method](samples, rate, rng), samples)


def levelled(changed: Samples, like: Samples) -> Samples:
    """``changed`` with the root mean square of ``like``."""
    have, want = float(np.sqrt(np.mean(changed**2))), float(np.sqrt(np.mean(like**2)))
    return np.asarray(changed * (want / max(have, 1e-9)), np.float32)


def insert(
    real: Samples,
    piece: Samples,
    start: float,
    rate: int,
    fade: float = 0.02,
    match: bool = True,
) -> Samples:
    """``real`` with ``piece`` laid over it from ``start`` seconds on.

    ``piece`` may be a vocoded copy, synthetic speech or other real speech (cut and paste). It is
    cross-faded over ``fade`` seconds inside its own stretch and, with ``match``, brought to the
    level of what it covers (to that of the whole where that is nearly silent). The length stays.
    Raises SettingError when the piece does not fit.
    """
    first = round(start * rate)
    if first < 0 or first + piece.size > real.size:
        raise SettingError("The inserted piece reaches over the end. Use a shorter or earlier one.")
    covered = real[first : first + piece.size]
    if match:
        loud = float(np.sqrt(np.mean(covered**2)))
        whole = float(np.sqrt(np.mean(real**2)))
        have = float(np.sqrt(np.mean(piece**2)))
        piece = np.asarray(piece * (max(loud, 0.3 * whole) / max(have, 1e-9)), np.float32)
    edge = min(int(fade * rate), piece.size // 2)
    gain = np.ones(piece.size, np.float32)
    if edge:
        ramp = np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32)) ** 2
        gain[:edge], gain[-edge:] = ramp, ramp[::-1]
    out = real.copy()
    out[first : first + piece.size] = covered * (1 - gain) + piece * gain
    return out
