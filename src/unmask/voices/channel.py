"""What the voice came through: codec, rate and band, and what breaks the promised rates.

A speech codec builds a voice again from a few parameters, as a vocoder does, and the trained
network takes it for one. Where that was measured to happen, a voice gets a score and no vote. The
codec is known from the container; where the sound was coded once more, a narrow band is what is
left of it. Measured on 238 genuine recordings of 19 sources each: ``docs/voice-channels.md``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples, Tensor
from unmask.voices.activity import RATE, STEP

_ALWAYS = math.inf
_SPEECH: dict[str, tuple[str, float]] = {
    "amrnb": ("AMR-NB", _ALWAYS),
    "amrwb": ("AMR-WB", _ALWAYS),
    "gsm": ("GSM full rate", _ALWAYS),
    "gsm_ms": ("GSM full rate", _ALWAYS),
    "speex": ("Speex", _ALWAYS),
    "opus": ("Opus", 21.0),
    "ilbc": ("iLBC", _ALWAYS),
    "codec2": ("Codec 2", _ALWAYS),
    "g723_1": ("G.723.1", _ALWAYS),
    "g729": ("G.729", _ALWAYS),
    "g728": ("G.728", _ALWAYS),
    "evrc": ("EVRC", _ALWAYS),
    "qcelp": ("QCELP", _ALWAYS),
    "sipr": ("RealAudio SIPR", _ALWAYS),
    "ra_144": ("RealAudio 1.0", _ALWAYS),
    "ra_288": ("RealAudio 2.0", _ALWAYS),
    "truespeech": ("TrueSpeech", _ALWAYS),
    "nellymoser": ("Nellymoser", _ALWAYS),
    "wmavoice": ("Windows Media Voice", _ALWAYS),
    "g726": ("G.726", _ALWAYS),
    "g726le": ("G.726", _ALWAYS),
    "siren": ("Siren", _ALWAYS),
    "msnsiren": ("MSN Siren", _ALWAYS),
    "lc3": ("LC3", _ALWAYS),
    "mp3": ("MP3", 40.0),
    "mp3float": ("MP3", 40.0),
}
"""Name by FFmpeg's decoder: what people call it, kbit/s under which the rate does not hold."""
NARROW = 5300.0
"""Hertz: a voice whose band ends under it may have come over a telephone, whatever holds it now."""
_FRAME, _EVERY = 512, 2 * STEP
_DOWN = 60.0
"""dB under the loudest frequency at which the band ends."""
_SMOOTH = 5
_POWER = 0.25
"""Frames are averaged by this power of theirs, so that clicks do not widen the band."""
_QUIET = -62.0


@dataclass(frozen=True, slots=True)
class Channel:
    """``codec``: FFmpeg's name; ``bitrate``: bit/s, where known; ``band``: its upper edge in Hz.

    ``voiced``: whether the speech has the periods of a voice.
    """

    codec: str
    bitrate: float | None
    band: float
    voiced: bool = True

    @property
    def doubt(self) -> str:
        """Why the promised rates do not hold for such speech; empty where they do."""
        title, least = _SPEECH.get(self.codec, ("", 0.0))
        rate = (self.bitrate or 0.0) / 1000
        if rate < least:
            known = f" at {_number(rate)} kbit/s" if rate else ""
            return f"the speech came through {title}{known}: this model wasn't calibrated for it"
        if self.band < NARROW:
            return (
                f"the band of the speech ends at {self.band / 1000:.1f} kHz, as after a telephone "
                "or a speech codec: this model wasn't calibrated for those"
            )
        if not self.voiced:
            return (
                "the speech is whispered or hardly stands out of the noise: this model wasn't "
                "calibrated for that"
            )
        return ""

    def details(self) -> dict[str, Any]:
        """Numbers for a finding."""
        rate = None if self.bitrate is None else round(self.bitrate / 1000, 2)
        return {"codec": self.codec, "kbit_per_second": rate, "band_hz": round(self.band)}


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


class Band:
    """Finds where the band of a recording ends, as mono sound at 16 kHz arrives in any blocks."""

    def __init__(self) -> None:
        self._rest = np.zeros(0, np.float32)
        self._owed = 0  # samples between two frames that are still to come
        self._sum: NDArray[np.float64] = np.zeros(_FRAME // 2 + 1)
        self._count = 0

    def feed(self, samples: Samples) -> None:
        """Take the next samples."""
        passed = min(self._owed, samples.size)
        self._owed -= passed
        self._rest = np.concatenate([self._rest, samples[passed:]])
        count = (self._rest.size - _FRAME) // _EVERY + 1
        if count > 0:
            frames = np.lib.stride_tricks.sliding_window_view(self._rest, _FRAME)[::_EVERY][:count]
            self._add(frames)
            self._owed = max(0, count * _EVERY - self._rest.size)
            self._rest = self._rest[count * _EVERY :].copy()

    def _add(self, frames: Tensor) -> None:
        power = np.square(frames).mean(axis=1)
        loud = frames[power > 10 ** (_QUIET / 10)]
        if loud.size:
            spectra = np.abs(np.fft.rfft(loud * np.hanning(_FRAME).astype(np.float32)))
            self._sum += (spectra ** (2 * _POWER)).sum(axis=0)
            self._count += len(loud)

    def edge(self) -> float:
        """The highest frequency in Hz that is less than 60 dB under the loudest; 0 for silence."""
        if not self._count:
            return 0.0
        level = 10 / _POWER * np.log10(self._sum / self._count + 1e-9)
        smooth = np.convolve(np.pad(level, _SMOOTH // 2, mode="edge"), np.ones(_SMOOTH) / _SMOOTH)
        smooth = smooth[_SMOOTH - 1 : _SMOOTH - 1 + level.size]
        return float(np.nonzero(smooth > smooth.max() - _DOWN)[0][-1]) * RATE / _FRAME
