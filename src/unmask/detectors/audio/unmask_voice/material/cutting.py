"""Cuts running speech where nobody speaks, and says what is wrong with a stretch of it."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from unmask.types import Samples
from unmask.voices.activity import RATE, STEP, Activity, Meter

LONG = 5.0
"""Seconds from which on speech counts as running."""
LOWEST, HIGHEST = 10, 18
"""Seconds of a stretch between which the quietest moment is looked for."""
SHARE = 0.6
"""Of a recording in which somebody has to speak."""
DYNAMIC = 15.0
"""Decibels between the 3rd and the 95th percentile of the level; music or noise fills the gap."""
CLIPPED = 0.003
"""Most samples, as a share, within 0.5 % of the peak."""
FAINT = 1e-4
"""Root mean square under which a recording is too quiet to be brought to a level."""
_FRAMES = RATE // STEP
_SIZE = 2 * STEP


class Turn(NamedTuple):
    """Somebody speaks, in seconds."""

    start: float
    end: float
    speaker: str


def heard(samples: Samples) -> Activity:
    """Level and speech of a whole recording."""
    meter = Meter()
    meter.feed(samples.astype(np.float32))
    return meter.finish()


def stretches(samples: Samples) -> list[Samples]:
    """Parts of 10 to 18 s, each up to the quietest moment there; the last is 5 s or longer."""
    levels = heard(samples).levels
    parts = []
    at = 0
    while len(levels) - at > LONG * _FRAMES:
        end = len(levels)
        if end - at > HIGHEST * _FRAMES:
            first = at + LOWEST * _FRAMES
            smooth = np.convolve(levels[first : at + HIGHEST * _FRAMES], np.ones(5) / 5, "same")
            # Three frames at either end have no full neighbourhood.
            end = first + 3 + int(np.argmin(smooth[3:-3]))
        parts.append(samples[at * STEP : end * STEP])
        at = end
    return parts


def fault(samples: Samples, seconds: float) -> str:
    """What speaks against a recording that should last ``seconds`` at least; "" if nothing does."""
    if samples.size < seconds * RATE:
        return "short"
    size = np.abs(samples)
    if np.sqrt(np.mean(np.square(samples))) < FAINT:
        return "too quiet"
    if np.mean(size >= 0.995 * size.max()) > CLIPPED:
        return "clipped"
    activity = heard(samples)
    if activity.speech.mean() < SHARE:
        return "little speech"
    low, high = np.percentile(activity.levels, [3, 95])
    return "noise or music" if high - low < DYNAMIC else ""


def pitch(samples: Samples) -> float:
    """Median fundamental in Hz of the frames that repeat (70 … 400 Hz); 0 when none does."""
    if samples.size <= _SIZE:
        return 0.0
    frames = np.lib.stride_tricks.sliding_window_view(samples, _SIZE)[:-1:STEP]
    frames = (frames - frames.mean(axis=1, keepdims=True)) * np.hanning(_SIZE)
    power = np.abs(np.fft.rfft(frames, 4096)) ** 2
    correlation = np.fft.irfft(power, axis=1)
    lags = 40 + np.argmax(correlation[:, 40:230], axis=1)
    best = np.take_along_axis(correlation, lags[:, None], axis=1)[:, 0]
    repeats = (best > 0.45 * correlation[:, 0]) & (correlation[:, 0] > 1e-6)
    return float(np.median(RATE / lags[repeats])) if repeats.any() else 0.0


def turns(rttm: str) -> dict[str, list[Turn]]:
    """The turns of each recording of an annotation in RTTM, in the order of time."""
    spoken: dict[str, list[Turn]] = defaultdict(list)
    for line in rttm.splitlines():
        fields = line.split()
        start, length = float(fields[3]), float(fields[4])
        spoken[plain(fields[1])].append(Turn(start, start + length, plain(fields[7])))
    return {name: sorted(part) for name, part in spoken.items()}


def alone(said: list[Turn], pause: float = 0.8) -> Iterator[Turn]:
    """Where one speaker is heard and nobody else, for 5 s and more; shorter pauses are no end."""
    joined: list[Turn] = []
    for turn in said:
        last = joined[-1] if joined else None
        if last and last.speaker == turn.speaker and turn.start - last.end < pause:
            joined[-1] = last._replace(end=max(turn.end, last.end))
        else:
            joined.append(turn)
    for turn in joined:
        at = turn.start
        for other in said:
            if other.speaker != turn.speaker and other.start < turn.end and other.end > at:
                if other.start - at >= LONG:
                    yield Turn(at, other.start, turn.speaker)
                at = max(at, other.end)
        if turn.end - at >= LONG:
            yield Turn(at, turn.end, turn.speaker)


def plain(text: str) -> str:
    """Without accents, so that the names of files and those of annotations agree."""
    letters = unicodedata.normalize("NFKD", text)
    return "".join(letter for letter in letters if letter.isascii())
