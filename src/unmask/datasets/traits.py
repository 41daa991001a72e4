"""What a file shows that has nothing to do with forgery: format, size, level, silence, band.

A detector that can read these needs to see no forgery at all, so a dataset in which they differ
between real and forged measures nothing.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from unmask.media import Limits, probe, stream
from unmask.types import AudioBlock, Kind, MediaInfo, Samples

Traits = dict[str, float | str]
"""Names and values; text is a class and not a quantity."""
_FRAME_SECONDS = 0.02
_QUIET_DB = 40.0  # under the loudest frame
_BAND_DB = 75.0  # under the strongest frequency
_SILENCE = 1e-5
_WINDOW = 1024


def traits(path: Path, limits: Limits | None = None) -> Traits:
    """Nuisance traits of a picture, video or recording. Raises MediaError when it is unreadable.

    ``container``, ``video codec``, ``audio codec``, ``colour mode`` and ``JPEG tables`` are
    classes. Sizes are in pixels, times in seconds, levels in decibels of full scale, ``bandwidth``
    is in hertz.
    """
    info = probe(path, limits)
    found: Traits = {"container": info.container}
    if info.width and info.height:
        found |= {"width": float(info.width), "height": float(info.height)}
        found["aspect"] = info.width / info.height
    if info.kind is Kind.IMAGE:
        return found | _picture(path)
    found["seconds"] = round(info.seconds or 0.0, 3)
    if info.video_codec:
        found |= {"video codec": info.video_codec, "frame rate": info.frame_rate or 0.0}
        found["has sound"] = float(info.audio_codec is not None)
    if info.audio_codec:
        found |= {"audio codec": info.audio_codec, "channels": float(info.channels or 0)}
        found["sample rate"] = float(info.sample_rate or 0)
        found |= _sound(path, info, limits)
    return found


def _picture(path: Path) -> Traits:
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as image:
            tables = getattr(image, "quantization", None) or {}
            found: Traits = {
                "colour mode": image.mode,
                "JPEG tables": _named(tables) if tables else "none",
                "metadata": float(bool(image.getexif()) or "icc_profile" in image.info),
            }
            if tables:
                found["JPEG coarseness"] = float(np.mean(list(tables[min(tables)])))
            return found
    except (UnidentifiedImageError, OSError):  # HEIC and others that only the media room opens
        return {"colour mode": "unknown", "JPEG tables": "none"}


def _named(tables: dict[int, list[int]]) -> str:
    flat = repr(sorted((number, tuple(table)) for number, table in tables.items()))
    return hashlib.sha256(flat.encode()).hexdigest()[:12]


def _sound(path: Path, info: MediaInfo, limits: Limits | None) -> Traits:
    rate = info.sample_rate or 16_000
    blocks = stream(path, info, rate=rate, want_frames=False, limits=limits)
    parts = [block.samples for block in blocks if isinstance(block, AudioBlock)]
    samples = np.concatenate(parts) if parts else np.zeros(0, np.float32)
    return sound_traits(samples, rate)


def sound_traits(samples: Samples, rate: int) -> Traits:
    """Level, silence at both ends, offset and band of mono ``samples`` in -1…1."""
    size = max(1, round(_FRAME_SECONDS * rate))
    whole = samples[: len(samples) // size * size].reshape(-1, size)
    power = np.sqrt((whole.astype(np.float64) ** 2).mean(1)) if len(whole) else np.zeros(0)
    if not len(power) or power.max() < _SILENCE:
        return {"silent": 1.0}
    loud = np.flatnonzero(power > power.max() * 10 ** (-_QUIET_DB / 20))
    return {
        "silent": 0.0,
        "loudness": _decibels(float(np.sqrt((power[loud] ** 2).mean()))),
        "peak": _decibels(float(np.abs(samples).max())),
        "silence at start": float(loud[0] * _FRAME_SECONDS),
        "silence at end": float((len(power) - 1 - loud[-1]) * _FRAME_SECONDS),
        "offset": float(abs(samples.mean())),
        "bandwidth": _bandwidth(samples, rate),
    }


def _decibels(value: float) -> float:
    return round(20 * float(np.log10(max(value, _SILENCE))), 3)


def _bandwidth(samples: Samples, rate: int) -> float:
    """The highest frequency that stands out of the floor of the mean spectrum, in hertz."""
    count = len(samples) // _WINDOW
    if not count:
        return 0.0
    frames = samples[: count * _WINDOW].reshape(count, _WINDOW) * np.hanning(_WINDOW)
    spectrum = (np.abs(np.fft.rfft(frames, axis=1)) ** 2).mean(0)
    strong = np.flatnonzero(spectrum > spectrum.max() * 10 ** (-_BAND_DB / 10))
    return float(strong[-1] * rate / _WINDOW)
