"""What a recording is, before anything judges it: speech, a song, music, or none of them.

A song is a voice with tones that are held (``held_tones``), without the pauses of speech and
with less that a detector of speech is sure of. Speech over loud music is one to this ear too. The
weights are those of a logistic regression, rounded; what was measured stands in
``docs/voice-channels.md``.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples
from unmask.voices.activity import RATE, STEP, Activity, Meter
from unmask.voices.held_tones import BLOCK, EVERY, HeldTones
from unmask.voices.speech import SURE, SpeechDetector, speech_frames

SHORTEST = 5.0
"""Seconds under which a song is not told from speech."""
_VOICED = 0.25
"""Share of a block that is speech where a voice is in it."""
_LOUD = 25.0
"""dB under the loud moments (the 95th percentile) at which a pause begins."""
_HELD, _PAUSES, _SURE, _MOVES, _SONG = 2.0, 1.0, 4.0, 1.0, -2.4
_LEAST, _MUSIC = 2.2, 3.0
"""Strength of held tones from which a voice may be a song's, and sound without a voice is music."""


class Sort(StrEnum):
    """What somebody would call it."""

    SPEECH = "speech"
    SONG = "a song, or speech over music"
    MUSIC = "music without a voice"
    OTHER = "neither speech nor music"
    SHORT = "too short to tell"


_SPOKEN = {
    Sort.SONG: "it is a song, or speech over music, and this judges speech alone; for songs "
    "there is: unmask scan FILE --detector spectttra",
    Sort.MUSIC: "it is music, and no speech was heard in its sound",
    Sort.OTHER: "no speech was heard in its sound",
}
_SUNG = {
    Sort.SPEECH: "it is speech, and this judges songs",
    Sort.OTHER: "no music was heard in its sound",
}


def unfit(judges: str, sort: Sort) -> str:
    """Why a detector that ``judges`` speech or songs says nothing of it; nothing where it does."""
    return {"speech": _SPOKEN, "songs": _SUNG}.get(judges, {}).get(sort, "")


@dataclass(frozen=True, slots=True)
class Listened:
    """``activity``: levels and where somebody speaks; ``voiced``: see ``speech.speech_frames``."""

    activity: Activity
    voiced: bool
    sort: Sort
    seconds: float


class Listener:
    """Takes mono sound at 16 kHz in blocks of any size.

    ``least``: seconds of voiced speech that suffice. Raises ModelError when the weights of the
    detector of speech are missing or altered.
    """

    def __init__(self, threads: int = 0, least: float = 1.0) -> None:
        self._least = least
        self._meter = Meter()
        self._detector = SpeechDetector(threads)
        self._tones = HeldTones()
        self._heard = 0

    def feed(self, samples: Samples) -> None:
        """Take the next samples."""
        self._heard += samples.size
        self._meter.feed(samples)
        self._detector.feed(samples)
        self._tones.feed(samples)

    def finish(self) -> Listened:
        """What was heard."""
        metered, chances = self._meter.finish(), self._detector.finish()
        speech, voiced = speech_frames(metered.speech, chances, self._least)
        seconds = self._heard / RATE
        activity = Activity(metered.levels, speech)
        sort = sort_of(activity, chances > SURE, self._tones.finish(), seconds)
        return Listened(activity, voiced, sort, seconds)


def sort_of(
    activity: Activity, sure: NDArray[np.bool_], held: NDArray[np.float32], seconds: float
) -> Sort:
    """What it is. ``sure``: where the detector hears speech, a frame of 40 ms each; ``held``: the
    strength of tones, a block each."""
    spoken = activity.speech.any()
    if seconds < SHORTEST or not held.size:
        return Sort.SPEECH if spoken else Sort.SHORT
    voices = _shares(activity.speech, held.size)
    if not spoken or not (voices > _VOICED).any():
        loud_music = not activity.silent and float(np.median(held)) > _MUSIC
        return Sort.SPEECH if spoken else Sort.MUSIC if loud_music else Sort.OTHER
    levels = activity.levels
    count = min(levels.size, sure.size)
    loud = levels[:count] > np.percentile(levels, 95) - _LOUD
    tones = float(np.median(held[voices > _VOICED]))
    score = (
        _HELD * tones
        - _PAUSES * float(1 - loud.mean())
        - _SURE * float(sure[:count][loud].mean())
        - _MOVES * float(levels[:count][loud].std())
    )
    return Sort.SONG if tones > _LEAST and score > _SONG else Sort.SPEECH


def _shares(speech: NDArray[np.bool_], blocks: int) -> NDArray[np.float64]:
    """The share of every block that is speech."""
    first = np.round(np.arange(blocks) * EVERY * RATE / STEP).astype(int)
    size = round(BLOCK * RATE / STEP)
    return np.array([speech[at : at + size].mean() if at < speech.size else 0.0 for at in first])
