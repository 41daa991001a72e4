"""Is the voice of a recording that of a person?"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.cards.card import Operating
from unmask.identity.cards import operating
from unmask.identity.distance import distance, distances, mean_vector
from unmask.identity.likeness import drift_operating
from unmask.identity.outcome import PART_SHARE, WHOLE_SHARE, Drift, Outcome, Score, curve
from unmask.identity.references import Person
from unmask.identity.voice_drift import Stretch, stretch
from unmask.identity.voice_trail import HOP, WINDOW, Voice, VoiceTrail
from unmask.types import Series, Tensor, Vote

LEAST = 1.6
"""Seconds of speech that a comparison needs."""
_MOST = 4
"""Stretches of another voice that are looked for."""
_FITTED_SECONDS = 9.0
"""Length of the recordings that the thresholds of stretches were fitted on: in longer ones there is
more to search, and the rate is shared."""


def voice_outcome(
    trail: VoiceTrail, voice: Voice, person: Person, template: Tensor, fpr: float
) -> Outcome:
    """Compare a recording with a person's mean embedding. It must hold windows of speech.

    ``fpr`` is shared by the whole and its stretches.
    """
    table = operating("voice_identity", person.count("voice"))
    tries = max(1.0, voice.seconds / _FITTED_SECONDS)
    share = fpr * PART_SHARE / tries
    part, inside = drift_operating("voice", "part"), drift_operating("voice", "inside")
    drifts: list[Drift] = []
    inner: list[Drift] = []
    taken = np.zeros(len(voice.times), bool)
    for _ in range(_MOST):
        found = stretch(voice, template, trail.windows, taken)
        if found is None:
            break
        score = Score.by(part, found.part, share)
        drifts.append(Drift(found.span, "part", score))
        own = Score.by(inside, found.inside, fpr / tries)
        inner.append(Drift(found.span, "inside", own))
        if score.vote is not Vote.FORGED and own.vote is not Vote.FORGED:
            break
        taken |= _touched(voice, found)
    marked = np.zeros(len(voice.times), bool)
    for drift in drifts:
        if drift.score.vote is Vote.FORGED:
            half = WINDOW / 4
            times = voice.times
            marked |= (times + half > drift.span.start) & (times - half < drift.span.end)
    rest = voice.vectors[~marked] if (~marked).sum() * HOP >= LEAST else voice.vectors
    whole = Score.by(table, distance(mean_vector(rest), template), fpr * WHOLE_SHARE)
    return Outcome(
        "voice",
        person.name,
        whole,
        tuple(drifts) if whole.vote is not Vote.FORGED else (),
        tuple(drift for drift in inner if drift.score.vote is Vote.FORGED),
        (),
        _curve(voice, template, table, person.name),
        voice.activity.seconds,
    )


def _touched(voice: Voice, found: Stretch) -> NDArray[np.bool_]:
    """The windows that overlap a stretch."""
    half, span = WINDOW / 2, found.span
    return np.asarray((voice.times + half > span.start) & (voice.times - half < span.end))


def _curve(voice: Voice, template: Tensor, table: Operating, name: str) -> Series:
    away = distances(voice.vectors, template[None])[:, 0]
    step = max(1, len(away) // 2000)
    return curve(f"not {name}'s voice", voice.times[::step].tolist(), away[::step].tolist(), table)
