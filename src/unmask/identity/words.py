"""What a comparison came to, in words for a person."""

from __future__ import annotations

import math
from collections.abc import Sequence

from unmask.identity.outcome import Drift, Outcome
from unmask.types import Span, Vote

_MOST = 5


def reason(outcome: Outcome) -> str:
    """Why a comparison got its vote."""
    sense, name = outcome.sense, outcome.person
    far = "lies further from the references than one person's nearly ever do"
    if outcome.whole.vote is Vote.FORGED and outcome.beside:
        return f"No face here is that of {name}: the nearest {far}."
    if outcome.whole.vote is Vote.FORGED:
        return f"The {sense} is not that of {name}: it {far}."
    if outcome.flagged:
        return (
            f"At {stretches([drift.span for drift in outcome.flagged])} the {sense} is not that of "
            f"{name}, while the rest lies nearer. {_honest(sense)}"
        )
    if outcome.shots:
        return (
            f"At {stretches(outcome.shots)} somebody else is shown after a cut, and not {name}: "
            "another shot, or a replaced one."
        )
    if outcome.hinted:
        where = stretches([drift.span for drift in outcome.hinted])
        return (
            f"At {where} the {sense} deviates from {name} as few do, but too little for a verdict."
        )
    if outcome.whole.vote is Vote.CLEAR:
        return f"The {sense} fits the references of {name}."
    return f"The {sense} lies between what is usual for {name} and for other people."


def inner_reason(sense: str, found: Sequence[Drift]) -> str:
    """Why a file is said to hold two people in the place of one."""
    where = stretches([drift.span for drift in found])
    if sense == "face":
        return (
            f"The followed face becomes another person's at {where}, without the face leaving its "
            "place."
        )
    return f"Two voices are heard: the one at {where} is not that of the rest. {_honest(sense)}"


def stretches(spans: Sequence[Span]) -> str:
    """Spans as "3.0–6.0 s, 8.2–9.0 s"."""
    said = ", ".join(f"{_tenth(span.start)}–{_tenth(span.end)} s" for span in spans[:_MOST])
    return said + (f" and {len(spans) - _MOST} more" if len(spans) > _MOST else "")


def _tenth(seconds: float) -> str:
    """Seconds to a tenth, halves upwards as on the timeline."""
    return f"{math.floor(seconds * 10 + 0.5) / 10:.1f}"


def _honest(sense: str) -> str:
    if sense == "voice":
        return "Two people talking look the same as a replaced stretch."
    return "The face stays in its place while the person changes."
