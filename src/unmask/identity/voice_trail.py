"""A recording's voice as embeddings along time."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples, Tensor
from unmask.voices.activity import RATE, STEP, Activity, Meter
from unmask.voices.embed import levelled
from unmask.voices.mel import spectrogram

Network = Callable[[Tensor], Tensor]
"""Mel windows (n × 160 × 40) to embeddings (n × d) of length 1."""
WINDOW, HOP = 1.6, 0.2
"""Seconds of a window and between two."""
SHORT, SHORT_HOP = 0.8, 0.1
"""The same, where the edge of another voice is sought."""
_SPOKEN = 0.6
"""Share of speech that a window needs."""
_MOST_SECONDS = 1200.0
"""Sound kept to look at more closely; of longer recordings the rest is left out."""
_SCALE = 32767.0
_BATCH = 32
_FRAME = RATE // 100
_TAKES = 160
"""Frames that the network takes; a shorter window is repeated until it has so many."""


@dataclass(frozen=True, slots=True)
class Voice:
    """What was heard: middles of the windows of speech (seconds) and their embeddings (n × d).

    ``seconds``: length of what was compared; ``whole``: of the recording.
    """

    times: NDArray[np.float64]
    vectors: Tensor
    activity: Activity
    seconds: float
    whole: float


class VoiceTrail:
    """Takes mono sound at 16 kHz; keeps it, as 16-bit numbers, for up to twenty minutes."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._blocks: list[NDArray[np.int16]] = []
        self._kept = 0
        self._heard = 0
        self._wave: NDArray[np.int16] = np.zeros(0, np.int16)
        self._speech: NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._gain = 1.0

    def feed(self, samples: Samples) -> None:
        """Take the next samples, in blocks of any size."""
        self._heard += samples.size
        part = samples[: max(0, int(_MOST_SECONDS * RATE) - self._kept)]
        if part.size:
            self._blocks.append((np.clip(part, -1, 1) * _SCALE).astype(np.int16))
            self._kept += part.size

    def finish(self) -> Voice:
        """Embed every window of speech."""
        self._wave = np.concatenate(self._blocks) if self._blocks else self._wave
        self._blocks = []
        meter = Meter()
        for at in range(0, self._wave.size, 60 * RATE):
            meter.feed(self._floats(at, at + 60 * RATE))
        activity = meter.finish()
        self._speech = activity.speech
        self._gain = _gain(self._floats(0, 60 * RATE))
        seconds = self._wave.size / RATE
        times, vectors = self.windows(0.0, seconds, WINDOW, HOP)
        return Voice(times, vectors, activity, seconds, self._heard / RATE)

    def windows(
        self, start: float, end: float, length: float, hop: float
    ) -> tuple[NDArray[np.float64], Tensor]:
        """Middles (seconds) and embeddings of the windows of speech between two seconds."""
        size, step = round(length * 100), round(hop * 100)
        first = max(0, round(start * 100))
        last = min(self._wave.size // _FRAME, round(end * 100))
        places = [at for at in range(first, last - size + 1, step) if self._spoken(at, size)]
        rows: list[Tensor] = []
        for at in range(0, len(places), _BATCH):
            part = places[at : at + _BATCH]
            sound = self._floats(part[0] * _FRAME, (part[-1] + size) * _FRAME) * self._gain
            mel = spectrogram(sound)
            cut = [mel[p - part[0] :][:size] for p in part]
            rows.append(self._network(np.stack([np.resize(m, (_TAKES, m.shape[1])) for m in cut])))
        middles = (np.array(places, np.float64) + size / 2) / 100
        return middles, np.concatenate(rows) if rows else np.zeros((0, 256), np.float32)

    def _spoken(self, at: int, size: int) -> bool:
        """Whether enough of a window, given in frames of 10 ms, is speech."""
        part = self._speech[at * _FRAME // STEP : -(-(at + size) * _FRAME // STEP)]
        return bool(part.size) and float(part.mean()) >= _SPOKEN

    def _floats(self, start: int, end: int) -> Samples:
        return self._wave[start:end].astype(np.float32) / _SCALE


def _gain(samples: Samples) -> float:
    """The factor that raises a quiet recording to the level that the network knows."""
    loudest = float(np.abs(samples).max()) if samples.size else 0.0
    return float(np.abs(levelled(samples)).max()) / loudest if loudest > 0 else 1.0
