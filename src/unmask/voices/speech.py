"""Whether it is speech at all: Silero VAD beside the meter of ``activity``, as the sound arrives.

Applause, barks and piano move and repeat as voices do; a network that has heard many voices tells
them apart. See ``speech_detector/README.md`` for what it is and what was measured.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.runtime.model import Model
from unmask.types import Samples, Tensor
from unmask.voices.activity import RATE, STEP

CARD = Path(__file__).parent / "speech_detector" / "card.toml"
_SIZE, _BEFORE = 512, 64
_CHUNK = 125
"""Frames of 32 ms in one call: 4 s."""
_STATE = (1, 1, 128)
_QUIET = 1e-4
SURE = 0.5
"""Probability over which a frame is speech."""
_LIKELY = 0.3
"""Probability over which the meter is believed around a frame."""
_LEAST = 0.4
"""Seconds of sure frames under which nobody speaks."""
_NEAR = 25
"""Frames of 40 ms around likely ones in which the meter is believed: 1 s."""


class SpeechDetector:
    """Takes mono sound at 16 kHz in blocks of any size; keeps one small number for every 32 ms.

    Raises ModelError when the weights are missing or altered.
    """

    def __init__(self, threads: int = 0) -> None:
        self._model = _model(threads)
        self._rest = np.zeros(0, np.float32)
        self._heard = 0
        self._chances: list[NDArray[np.float16]] = []
        self._forget()

    def _forget(self) -> None:
        self._before = np.zeros(_BEFORE, np.float32)
        self._state = np.zeros(_STATE, np.float32)
        self._cell = np.zeros(_STATE, np.float32)

    def feed(self, samples: Samples) -> None:
        """Take the next samples."""
        self._heard += samples.size
        self._rest = np.concatenate([self._rest, samples])
        size = _CHUNK * _SIZE
        while self._rest.size >= size:
            self._run(self._rest[:size])
            self._rest = self._rest[size:].copy()

    def finish(self) -> Tensor:
        """Probability of speech (0 … 1) for each frame of 40 ms."""
        if self._rest.size:
            self._run(np.pad(self._rest, (0, -self._rest.size % _SIZE)))
            self._rest = self._rest[:0]
        if not self._chances:
            return np.zeros(0, np.float32)
        chances = np.concatenate(self._chances).astype(np.float32)
        middles = np.arange(-(-self._heard // STEP)) * STEP + STEP // 2
        return chances[np.minimum(middles // _SIZE, chances.size - 1)]

    def _run(self, sound: Samples) -> None:
        frames = sound.reshape(-1, _SIZE)
        if float(np.abs(sound).max()) < _QUIET:
            self._chances.append(np.zeros(len(frames), np.float16))
            self._forget()
            return
        ends = np.concatenate([self._before[None], frames[:-1, -_BEFORE:]])
        given = {"input": np.concatenate([ends, frames], 1), "h": self._state, "c": self._cell}
        out = self._model.run(given)
        self._before = frames[-1, -_BEFORE:].copy()
        self._state, self._cell = out["hn"], out["cn"]
        self._chances.append(out["speech_probs"].reshape(-1).astype(np.float16))


def speech_frames(
    metered: NDArray[np.bool_], chances: Tensor, least: float
) -> tuple[NDArray[np.bool_], bool]:
    """Which frames of 40 ms are speech, and whether it is voiced.

    ``metered``: where the meter hears speech; ``chances``: the detector's. Both must agree, to
    within a second. When that leaves less than ``least`` seconds of what the detector hears, its
    own frames are given, and the speech is not voiced: whispered, or hardly over the noise.
    """
    heard = chances > SURE
    if float(heard.sum()) * STEP / RATE < _LEAST:
        return np.zeros(metered.size, np.bool_), True
    likely = np.convolve(chances > _LIKELY, np.ones(2 * _NEAR + 1), "full")
    near = likely[_NEAR : _NEAR + heard.size] > 0.5
    both = metered & near
    if float(both.sum()) * STEP / RATE >= least or heard.sum() <= both.sum():
        return both, True
    return heard, False


@lru_cache(maxsize=4)
def _model(threads: int) -> Model:
    return Model(CARD, threads)
