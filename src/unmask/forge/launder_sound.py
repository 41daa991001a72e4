"""What happens to a recording on its way: codecs, telephones, rooms, noise.

Training applies the same chain to real and forged sound, so that no trace of a channel tells the
two apart; evaluation applies one named condition at a time. Every step keeps the length and the
alignment: the delay that a codec adds is measured by correlation and taken away.

Conditions are ``kind:strength``: ``mp3:32``, ``aac:48`` and ``opus:16`` in kbit/s; ``vorbis:0.9``
(0 best quality … 1 smallest file); ``noise:20dB`` (signal over white noise); ``resample:8000``
(down to that rate and back); ``lowpass:3400`` in Hz; ``reverb:0.3`` (seconds until the room has
decayed by 60 dB); ``clip:6dB`` (gain into a hard limit); ``gain:-20dB``; and ``telephone``
(300–3,400 Hz and mu-law at 8 kHz). Also ``highpass:800`` in Hz; ``echo:0.5`` (its volume);
``smooth:10`` (samples averaged); ``quantise:64`` (levels); ``stretch:1.3`` (times as fast) and
``pitch:-1`` (semitones); ``wind:10dB``, ``rain:10dB`` and ``ticks:10dB`` (signal over background).
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

import av
import numpy as np
import soundfile
import soxr
from av.audio.stream import AudioStream
from av.container import InputContainer
from numpy.typing import NDArray

from unmask.errors import SettingError
from unmask.forge import altered_sound, made_noise
from unmask.types import Samples

CONDITIONS: tuple[str, ...] = (
    "mp3:64",
    "mp3:32",
    "aac:64",
    "aac:32",
    "opus:32",
    "opus:16",
    "vorbis:0.9",
    "noise:30dB",
    "noise:20dB",
    "noise:10dB",
    "resample:8000",
    "lowpass:3400",
    "reverb:0.3",
    "clip:6dB",
    "telephone",
)
"""What evaluation goes through, each kind from mild to strong."""

_CODECS = {
    "mp3": ("libmp3lame", "mp3", "s16p"),
    "aac": ("aac", "adts", "fltp"),
    "opus": ("libopus", "ogg", "s16"),
}
_MOST_DELAY = 0.15


def _rms(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64)))) if samples.size else 0.0


def _fit(samples: NDArray[np.floating], length: int) -> Samples:
    out = np.zeros(length, np.float32)
    n = min(length, samples.size)
    out[:n] = samples[:n]
    return out


def _aligned(changed: Samples, original: Samples, rate: int) -> Samples:
    """``changed`` moved onto ``original`` by the lag at which the two correlate best."""
    reach = int(_MOST_DELAY * rate)
    size = 1 << int(np.ceil(np.log2(original.size + changed.size)))
    spectrum = np.fft.rfft(changed, size) * np.conj(np.fft.rfft(original, size))
    correlation = np.fft.irfft(spectrum, size)
    lags = np.concatenate([correlation[-reach:], correlation[: reach + 1]])
    lag = int(np.argmax(lags)) - reach
    moved = changed[lag:] if lag >= 0 else np.concatenate([np.zeros(-lag, np.float32), changed])
    return _fit(moved, original.size)


def codec(samples: Samples, rate: int, kind: str, kilobits: int) -> Samples:
    """Encode and decode with ``mp3``, ``aac`` or ``opus``, in memory.

    Same length and alignment. Raises SettingError for another codec.
    """
    if kind not in _CODECS:
        raise SettingError(f"There is no codec {kind!r}. Use one of: {', '.join(_CODECS)}.")
    if samples.size == 0:
        return samples
    name, container, form = _CODECS[kind]
    room = np.zeros(int(0.1 * rate), np.float32)
    padded = np.concatenate([samples, room])
    held = np.clip(padded, -1, 1)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as sink:
        stream = cast(
            AudioStream, sink.add_stream(name, rate=rate, layout="mono", bit_rate=kilobits * 1000)
        )
        if form.startswith("s16"):
            array: NDArray[Any] = np.round(held * 32767).astype(np.int16)[None]
        else:
            array = held[None].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(array, format=form, layout="mono")
        frame.sample_rate = rate
        sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    buffer.seek(0)
    parts: list[NDArray[Any]] = []
    with cast(InputContainer, av.open(buffer)) as source:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
        for decoded in source.decode(audio=0):
            parts += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(decoded)]
        parts += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    changed = np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)
    if changed.size == 0 or _rms(changed) < 1e-7:
        return _fit(changed, samples.size)
    return _aligned(changed, padded, rate)[: samples.size]


def vorbis(samples: Samples, rate: int, compression: float) -> Samples:
    """Encode and decode with Ogg Vorbis; ``compression`` 0 is the best quality, 1 the smallest."""
    if samples.size == 0:
        return samples
    buffer = io.BytesIO()
    soundfile.write(
        buffer, samples, rate, format="OGG", subtype="VORBIS", compression_level=compression
    )
    buffer.seek(0)
    changed, _ = soundfile.read(buffer, dtype="float32")
    return _fit(changed, samples.size)


def resampled(samples: Samples, rate: int, low: int) -> Samples:
    """Down to ``low`` samples a second and back."""
    there = soxr.resample(samples, rate, low)
    return _fit(soxr.resample(there, low, rate), samples.size)


@lru_cache(maxsize=64)
def _taps(rate: int, low: float, high: float, count: int = 255) -> NDArray[np.float64]:
    n = np.arange(count) - count // 2
    window = np.hamming(count)

    def upto(edge: float) -> NDArray[np.float64]:
        return np.asarray(2 * edge / rate * np.sinc(2 * edge / rate * n) * window)

    return np.asarray(upto(high) - upto(low) if low > 0 else upto(high))


def band(samples: Samples, rate: int, low: float, high: float) -> Samples:
    """Only ``low`` … ``high`` Hz, by a linear-phase filter without delay."""
    taps = _taps(rate, low, min(high, rate / 2 * 0.99))
    if samples.size < taps.size:
        return _fit(np.convolve(samples, taps, "full")[taps.size // 2 :], samples.size)
    return np.asarray(np.convolve(samples, taps, "same"), np.float32)


def noisy(samples: Samples, decibels: float, rng: np.random.Generator, tilt: float = 0) -> Samples:
    """Add noise at a signal-to-noise ratio; ``tilt`` 0 is white, 1 is pink, 2 is brown."""
    noise = rng.standard_normal(samples.size)
    if tilt and samples.size > 1:
        spectrum = np.fft.rfft(noise)
        spectrum[1:] /= np.arange(1, spectrum.size) ** (tilt / 2)
        noise = np.fft.irfft(spectrum, samples.size)
    power = float(np.sqrt(np.mean(np.square(noise)))) if samples.size else 1.0
    level = _rms(samples) * 10 ** (-decibels / 20) / max(power, 1e-12)
    return np.asarray(samples + level * noise, np.float32)


def reverberant(samples: Samples, rate: int, seconds: float, rng: np.random.Generator) -> Samples:
    """A small made-up room: a direct path and an exponentially decaying tail of noise."""
    length = max(8, int(seconds * rate))
    decay = np.exp(-6.9 * np.arange(length) / length)
    room = 0.35 * rng.standard_normal(length) * decay / np.sqrt(np.sum(decay**2))
    room[: int(0.002 * rate)] = 0
    room[0] = 1.0
    size = 1 << int(np.ceil(np.log2(samples.size + length)))
    wet = np.fft.irfft(np.fft.rfft(samples, size) * np.fft.rfft(room, size), size)
    return _fit(wet, samples.size)


def limited(samples: Samples, decibels: float) -> Samples:
    """Gain into a hard limit, ``decibels`` over the point where the highest peak just fits."""
    peak = float(np.max(np.abs(samples), initial=0.0))
    if peak == 0:
        return samples
    return np.asarray(np.clip(samples / peak * 10 ** (decibels / 20), -1, 1) * peak, np.float32)


def telephone(samples: Samples, rate: int) -> Samples:
    """300–3,400 Hz, 8 kHz and 8-bit mu-law (ITU-T G.711), as an old telephone line."""
    narrow = band(samples, rate, 300, 3400)
    at8k = soxr.resample(narrow, rate, 8000)
    peak = max(float(np.max(np.abs(at8k), initial=0.0)), 1e-9)
    unit = at8k / peak
    code = np.sign(unit) * np.log1p(255 * np.abs(unit)) / np.log1p(255)
    code = np.round(code * 127) / 127
    back = np.sign(code) * np.expm1(np.abs(code) * np.log1p(255)) / 255 * peak
    return _fit(soxr.resample(back.astype(np.float32), 8000, rate), samples.size)


def apply(condition: str, samples: Samples, rate: int, seed: int = 0) -> Samples:
    """One named condition; ``clean`` changes nothing. Raises SettingError for an unknown one."""
    kind, _, strength = condition.partition(":")
    rng = np.random.default_rng(seed)
    steps: dict[str, Callable[[float], Samples]] = {
        "clean": lambda _: samples,
        "noise": lambda value: noisy(samples, value, rng),
        "resample": lambda value: resampled(samples, rate, int(value)),
        "lowpass": lambda value: band(samples, rate, 0, value),
        "reverb": lambda value: reverberant(samples, rate, value, rng),
        "clip": lambda value: limited(samples, value),
        "gain": lambda value: np.asarray(samples * 10 ** (value / 20), np.float32),
        "telephone": lambda _: telephone(samples, rate),
        "vorbis": lambda value: vorbis(samples, rate, value),
        "highpass": lambda value: band(samples, rate, value, rate / 2),
        "echo": lambda value: altered_sound.echo(samples, rate, value),
        "smooth": lambda value: altered_sound.smooth(samples, int(value)),
        "quantise": lambda value: altered_sound.quantised(samples, int(value)),
        "stretch": lambda value: altered_sound.stretched(samples, value),
        "pitch": lambda value: altered_sound.pitched(samples, rate, value),
    }
    for name in _CODECS:
        steps[name] = lambda value, name=name: codec(samples, rate, name, int(value))  # type: ignore[misc]
    for name in made_noise.KINDS:
        steps[name] = lambda value, name=name: made_noise.over(name, samples, rate, value, rng)  # type: ignore[misc]
    try:
        value = float(strength.removesuffix("dB")) if strength else 0.0
        step = steps[kind]
    except (KeyError, ValueError):
        raise SettingError(
            f"There is no sound condition {condition!r}. Use: clean, {', '.join(CONDITIONS)}."
        ) from None
    return step(value)


def launder(
    samples: Samples, rate: int, rng: np.random.Generator, strength: float = 1.0
) -> Samples:
    """A random chain, as shared recordings have been through.

    ``strength`` 0 … 1 scales how often each step happens and how hard it is; 0 changes nothing.
    Length and alignment stay.
    """
    out = samples

    def happens(chance: float) -> bool:
        return bool(rng.random() < chance * strength)

    if happens(0.15):
        out = reverberant(out, rate, float(rng.uniform(0.05, 0.1 + 0.4 * strength)), rng)
    if happens(0.4):
        decibels = float(rng.uniform(40 - 28 * strength, 45))
        out = noisy(out, decibels, rng, tilt=float(rng.uniform(0, 2)))
    if happens(0.12):
        out = limited(out, float(rng.uniform(0, 8 * strength)))
    if happens(0.2):
        out = resampled(out, rate, int(rng.choice([8000, 11025, 12000, 14000])))
    elif happens(0.2):
        out = band(out, rate, float(rng.choice([0, 60, 120, 250])), rng.uniform(3200, 7400))
    if happens(0.06):
        out = telephone(out, rate)
    for _ in range(2):
        if happens(0.35):
            kind = str(rng.choice([*_CODECS, "vorbis"]))
            if kind == "vorbis":
                out = vorbis(out, rate, float(rng.uniform(0.3, 0.3 + 0.7 * strength)))
                continue
            out = codec(out, rate, kind, _kilobits(kind, rng, strength))
    if happens(0.5):
        out = np.asarray(out * 10 ** (rng.uniform(-12, 3) / 20), np.float32)
    return out


def _kilobits(kind: str, rng: np.random.Generator, strength: float) -> int:
    lowest = {"mp3": 24, "aac": 24, "opus": 12}[kind]
    least = lowest + (64 - lowest) * (1 - strength)
    choices = [k for k in (12, 16, 24, 32, 48, 64, 96) if k >= min(least, 64)]
    return int(rng.choice(choices))
