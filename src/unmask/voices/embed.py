"""A voice as a vector that tells people apart, whatever they say.

The network is Resemblyzer's speaker encoder (Apache-2.0), trained with the generalised end-to-end
loss (Wan et al. 2018, "Generalized End-to-End Loss for Speaker Verification"): three recurrent
layers over 1.6 s of a mel spectrogram. A recording's vector is the mean over its windows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from unmask.errors import MediaError
from unmask.identity.cards import card_path
from unmask.runtime.model import Model
from unmask.types import Samples, Tensor
from unmask.voices.activity import RATE, STEP, Activity, Meter
from unmask.voices.mel import BANDS, spectrogram

WINDOW = 160
"""Frames of 10 ms that the network hears at once."""
_HOP = 77
"""Frames between two windows: 1.3 windows a second."""
_COVERED = 0.75
"""Share of the last window that must be sound, unless it is the only one."""
_QUIET = -30.0
"""Level in dB of full scale to which a quieter recording is raised."""
_BATCH = 32
_LEAST = 0.2
"""Seconds of speech under which there is nothing to embed."""


class VoiceEmbedder:
    """Recordings as vectors of length 1; the same speaker lies near.

    ``name`` tells whose vectors may be compared: those of two names never. ``size``: numbers of a
    vector. Raises ModelError when the weights are missing or altered.
    """

    def __init__(self, threads: int = 0) -> None:
        self._model = _model(threads)
        card = self._model.card
        self.name = card.name
        self.licence = card.file().licence
        self.size = 256

    def embed(self, samples: Samples) -> Tensor:
        """The vector (256) of mono sound at 16 kHz; pauses are left out.

        Raises MediaError when hardly anybody speaks.
        """
        return self.embed_speech(speech_only(samples))

    def embed_all(self, recordings: Sequence[Samples]) -> Tensor:
        """The vectors (recordings × 256). Raises MediaError like ``embed``."""
        rows = [self.embed(samples) for samples in recordings]
        return np.stack(rows) if rows else np.zeros((0, self.size), np.float32)

    def embed_speech(self, speech: Samples) -> Tensor:
        """The vector (256) of sound at 16 kHz that is speech from end to end."""
        vectors = self.embed_windows(speech)
        mean = vectors.mean(axis=0)
        return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)

    def embed_windows(self, speech: Samples) -> Tensor:
        """The vectors (windows × 256) of the windows of 1.6 s, one every 0.77 s."""
        mels = windows(levelled(speech))
        parts = [
            self._model.run({"mel": mels[at : at + _BATCH]})["embedding"]
            for at in range(0, len(mels), _BATCH)
        ]
        return np.concatenate(parts)


def speech_only(samples: Samples, activity: Activity | None = None) -> Samples:
    """The stretches of a recording (16 kHz) in which somebody speaks, joined.

    ``activity``: what the meter heard, when it is known already. Raises MediaError when hardly
    anybody speaks.
    """
    if activity is None:
        meter = Meter()
        meter.feed(samples)
        activity = meter.finish()
    if activity.seconds < _LEAST:
        raise MediaError(
            f"There are {activity.seconds:.1f} s of speech; {_LEAST} s are needed to compare "
            "a voice."
        )
    keep = np.repeat(activity.speech, STEP)[: samples.size]
    return np.ascontiguousarray(samples[: keep.size][keep], np.float32)


def levelled(samples: Samples) -> Samples:
    """Sound raised to the level that the network knows; louder sound stays."""
    power = float(np.mean(np.square(samples, dtype=np.float64))) if samples.size else 0.0
    gain = 10 ** ((_QUIET - 10 * np.log10(max(power, 1e-12))) / 20)
    return np.asarray(samples * max(1.0, gain), np.float32)


def windows(samples: Samples) -> Tensor:
    """Mel windows (windows × 160 × 40) of sound at 16 kHz, silence after its end."""
    step = RATE // 100
    frames = -(-(samples.size + 1) // step)
    starts = list(range(0, max(1, frames - WINDOW + _HOP + 1), _HOP))
    covered = (samples.size / step - starts[-1]) / WINDOW
    if covered < _COVERED and len(starts) > 1:
        starts.pop()
    missing = (starts[-1] + WINDOW) * step - samples.size
    mel = spectrogram(np.pad(samples, (0, max(0, missing))))
    made = np.zeros((len(starts), WINDOW, BANDS), np.float32)
    for row, at in zip(made, starts, strict=True):
        row[:] = mel[at : at + WINDOW]
    return made


@lru_cache(maxsize=4)
def _model(threads: int) -> Model:
    return Model(card_path("voice_identity"), threads)
