"""Copy-synthesis from a source and a filter: pulses and noise through a guessed vocal tract.

Sources: WORLD, Morise et al. 2016; linear prediction after Atal & Hanauer 1971; harmonics plus
noise, Stylianou 2001; mel-cepstral parameters smoothed over time as in Tokuda et al. 2000; channel
vocoder, Dudley 1939.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.errors import MissingExtra
from unmask.types import Samples


def _fit(samples: NDArray[np.floating], length: int) -> Samples:
    out = np.zeros(length, np.float32)
    n = min(length, samples.size)
    out[:n] = samples[:n]
    return out


def _parameters(
    samples: Samples, rate: int
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Pitch (0 unvoiced), power envelope and aperiodicity of WORLD, one row every 5 ms."""
    try:
        import pyworld
    except ImportError:
        raise MissingExtra("WORLD re-synthesis", "train") from None
    wave = np.ascontiguousarray(samples, np.float64)
    rough, times = pyworld.dio(wave, rate)
    f0 = pyworld.stonemask(wave, rough, times, rate)
    return f0, pyworld.cheaptrick(wave, f0, times, rate), pyworld.d4c(wave, f0, times, rate)


def _world(samples: Samples, rate: int, pitch: float, warp: float, aperiodicity: float) -> Samples:
    f0, envelope, noise = _parameters(samples, rate)
    import pyworld

    noise = np.clip(noise * aperiodicity, 0, 1)
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


def _excitation(
    f0: NDArray[np.float64], length: int, rate: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Pulses at the pitch where voiced, noise elsewhere, of about the same power."""
    at = np.minimum(np.arange(length) * 200 // rate, f0.size - 1)
    pitch = f0[at]
    cycles = np.floor(np.cumsum(pitch / rate))
    pulses = np.diff(cycles, prepend=0.0) * np.sqrt(rate / np.maximum(pitch, 50))
    return np.where(pitch > 0, pulses, rng.standard_normal(length))


def channel(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A channel vocoder: band levels of the voice, laid on pulses or noise."""
    import torch

    from unmask.forge.vocode_spectral import istft, mel_matrix, stft

    f0, _, _ = _parameters(samples, rate)
    size = int(rng.choice([320, 512, 640]))
    hop = size // 4
    carrier = _excitation(f0, samples.size, rate, rng)
    carrier = carrier + float(rng.uniform(0, 0.3)) * rng.standard_normal(samples.size)
    spectrum = stft(np.asarray(carrier, np.float32), size, hop)
    matrix = mel_matrix(rate, size, int(rng.integers(16, 48)), rate / 2)
    share = matrix / matrix.sum(0, keepdim=True).clamp_min(1e-9)
    wanted = matrix @ stft(samples, size, hop).abs()
    have = matrix @ spectrum.abs()
    gain = share.T @ torch.clamp(wanted / have.clamp_min(1e-6), max=1e3)
    return istft(spectrum * gain, size, hop, samples.size)


def cepstral(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """As parametric synthesis: few mel-cepstral numbers, smoothed over time, simple excitation."""
    import pyworld
    from scipy.fft import dct, idct
    from scipy.ndimage import uniform_filter1d

    f0, envelope, noise = _parameters(samples, rate)
    bins = np.linspace(0, rate / 2, envelope.shape[1])
    warped = 700 * (10 ** (np.linspace(0, 2595 * np.log10(1 + rate / 1400), 128) / 2595) - 1)
    log = np.stack([np.interp(warped, bins, row) for row in np.log(envelope + 1e-12)])
    coefficients = dct(log, axis=1, norm="ortho")
    coefficients[:, int(rng.integers(18, 42)) :] = 0
    coefficients = uniform_filter1d(coefficients, int(rng.integers(1, 8)), axis=0)
    log = idct(coefficients, axis=1, norm="ortho")
    smooth = np.exp(np.stack([np.interp(bins, warped, row) for row in log]))
    pitch = uniform_filter1d(f0, 5) * (f0 > 0)
    if rng.random() < 0.5:
        voiced = (bins < rng.uniform(2000, 6000)) & (pitch[:, None] > 0)
        noise = np.where(voiced, 0.02, 1.0)
    made = pyworld.synthesize(
        pitch, np.ascontiguousarray(smooth), np.ascontiguousarray(noise), rate
    )
    return _fit(made, samples.size)


def harmonic(samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """Harmonics of the pitch up to a limit, noise above it and where unvoiced."""
    import pyworld

    f0, envelope, _ = _parameters(samples, rate)
    hiss = pyworld.synthesize(np.zeros_like(f0), envelope, np.ones_like(envelope), rate)
    hiss = np.asarray(_fit(hiss, samples.size), np.float64)
    limit = float(rng.uniform(2500, 7000))
    time = np.arange(samples.size) * 200 / rate
    frame = np.minimum(time.astype(int), f0.size - 1)
    known = f0 > 0
    if not known.any():
        return _fit(hiss, samples.size)
    steady = np.interp(np.arange(f0.size), np.flatnonzero(known), f0[known])
    pitch = np.interp(time, np.arange(f0.size), steady)
    voiced = np.interp(time, np.arange(f0.size), known.astype(float))
    turn = 2 * np.pi * np.cumsum(pitch) / rate
    bins = np.arange(envelope.shape[1]) * rate / 2 / (envelope.shape[1] - 1)
    random = bool(rng.random() < 0.5)
    made = np.zeros(samples.size)
    for number in range(1, int(limit / max(steady.min(), 50)) + 1):
        at = np.clip(steady * number / bins[1], 0, envelope.shape[1] - 1).astype(int)
        power = envelope[np.arange(f0.size), at] * (steady * number < limit)
        level = np.sqrt(power * steady)[frame]
        made += level * np.cos(number * turn + (rng.uniform(0, 6.28) if random else 0))
    scale = np.sqrt(np.mean(np.square(samples))) / max(float(np.sqrt(np.mean(made**2))), 1e-9)
    spectrum = np.fft.rfft(hiss)
    spectrum[np.fft.rfftfreq(hiss.size, 1 / rate) < limit] *= 0.1
    high = np.fft.irfft(spectrum, hiss.size)
    level_high = np.sqrt(np.mean(np.square(samples))) / max(float(np.sqrt(np.mean(hiss**2))), 1e-9)
    return _fit(
        voiced * (made * scale + high * level_high) + (1 - voiced) * hiss * level_high, samples.size
    )
