"""What a comparison of one sense with one person came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from unmask.cards.card import Operating
from unmask.identity.likeness import Question, Sense
from unmask.types import Series, Span, Vote, posterior

WHOLE_SHARE, PART_SHARE = 0.25, 0.75
"""How the false-positive rate is shared between the whole and its stretches (Bonferroni)."""
HINT = 0.05
"""A stretch over the threshold of this rate is marked, even if it does not vote."""


@dataclass(frozen=True, slots=True)
class Score:
    """A distance with what it is worth. ``marked``: worth a look, whether it votes or not."""

    value: float
    llr: float
    vote: Vote
    marked: bool

    @classmethod
    def by(cls, table: Operating, value: float, fpr: float) -> Score:
        """The score of a distance at a false-positive rate."""
        hint = value > table.threshold(max(fpr, HINT))
        return cls(value, table.llr(value), table.vote(value, fpr), hint)


@dataclass(frozen=True, slots=True)
class Drift:
    """A stretch of another person. ``score`` answers ``question``; see ``likeness``."""

    span: Span
    question: Question
    score: Score


@dataclass(frozen=True, slots=True)
class Outcome:
    """One sense of a file against one person.

    ``whole``: the mean of what is nearest to the person. ``drifts``: stretches that deviate from
    the rest and the references, ``inner``: those that deviate from the rest, whoever it is.
    ``shots``: stretches in which somebody else is seen after a cut. ``beside``: faces seen
    together with the person.
    """

    sense: Sense
    person: str
    whole: Score
    drifts: tuple[Drift, ...]
    inner: tuple[Drift, ...]
    shots: tuple[Span, ...]
    series: Series | None
    judged: float
    beside: int = 0

    @property
    def flagged(self) -> tuple[Drift, ...]:
        """Stretches that are another person's."""
        return tuple(drift for drift in self.drifts if drift.score.vote is Vote.FORGED)

    @property
    def hinted(self) -> tuple[Drift, ...]:
        """Stretches that deviate as few do, without being flagged."""
        return tuple(d for d in self.drifts if d.score.marked and d not in self.flagged)

    @property
    def vote(self) -> Vote:
        """Forged: another person, in whole or in part."""
        if self.whole.vote is Vote.FORGED or self.flagged:
            return Vote.FORGED
        return Vote.UNDECIDED if self.hinted or self.shots else self.whole.vote

    @property
    def leading(self) -> Score:
        """The score that the vote rests on."""
        if self.whole.vote is not Vote.FORGED and self.flagged:
            return max((drift.score for drift in self.flagged), key=lambda score: score.llr)
        return self.whole


def curve(name: str, times: Sequence[float], values: Sequence[float], table: Operating) -> Series:
    """Probability of another person along time, at a prior of one half."""
    chances = tuple(round(posterior(table.llr(float(value)), 0.5), 4) for value in values)
    return Series(name, tuple(round(float(time), 3) for time in times), chances)
