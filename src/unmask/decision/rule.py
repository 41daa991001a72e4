"""The fitted rule: one score for a file, held on whole authentic files.

For each situation (a picture with one face, a clip with sound …) the signs become one score. A file
is forged in one of several ways, and each sign speaks of its own; so each is first held against
authentic files by itself, and gets a share ``w_s`` of the rate:

    score = log(1/n sum_s exp(l_s)) + together * sum_s max(0, l_s),   l_s = log w_s - log p_s,

over those of the ``n`` signs that could speak, where ``p_s`` is the share of authentic files whose
sign is as high. The first part is the harmonic mean p-value (Wilson 2019, "The harmonic mean
p-value for combining dependent tests", PNAS 116). A sign that errs often in authentic files so
takes nothing from the others. What cannot be judged takes nothing of the rate, and what is left out
by choice cannot raise the score. The second part lets several weak signs add up; how much they may
is fitted, for they are not independent. Of several faces the most suspect one counts, divided among
them, and of a long recording its most suspect stretch, likewise. Thresholds are the conformal ones
of the *score of whole files* (Vovk, Gammerman and Shafer 2005, "Algorithmic Learning in a Random
World", section 2), so they hold whatever the dependence between signs.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from unmask._toml import read_toml
from unmask.decision.evidence import ENCODED, FACTS, Evidence, Situation
from unmask.errors import ModelError

PATH = Path(__file__).parent / "rule.toml"
MARKED = 0.05
"""A file over the threshold of this rate is *inconclusive*, and what did it is marked."""


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Point(_Part):
    """A sign of this ``value`` counts ``term``."""

    value: float
    term: float


class SignTerm(_Part):
    """How one sign counts: linear between its points, and not more than at the last of them."""

    points: list[Point] = Field(min_length=1)

    @property
    def lowest(self) -> float:
        """The term of a sign that says nothing."""
        return self.points[0].term

    def of(self, value: float) -> float:
        """The term of a raw score."""
        place = bisect_right(self.points, value, key=lambda point: point.value)
        if place in (0, len(self.points)):
            return self.points[max(0, place - 1)].term
        left, right = self.points[place - 1], self.points[place]
        along = (value - left.value) / (right.value - left.value)
        return left.term + along * (right.term - left.term)


class Level(_Part):
    """A share ``rate`` of authentic files scores over ``score``."""

    rate: float = Field(gt=0, lt=1)
    score: float


class Ratio(_Part):
    """A file of this ``surprise`` has this log-likelihood ratio."""

    surprise: float
    llr: float


class SituationRule(_Part):
    """The rule of one situation, with its birth certificate.

    ``encoder``: whether it is for scans in which the encoder looked as well. ``shares``: of the
    rate, by sign; they are in the terms already. ``ratios``: the
    log-likelihood ratio of the whole file at rising surprise, linear between.
    ``floor``: the lowest rate that so many authentic files can vouch for, 1 / (n + 1); beyond it
    the levels go on as an exponential tail. ``worst_source``: no source of authentic files with
    enough of them exceeds its rate by more than this factor.
    """

    situation: Situation
    encoder: bool = False
    signs: dict[str, SignTerm]
    shares: dict[str, float]
    together: float = Field(ge=0, le=1)
    levels: list[Level] = Field(min_length=2)
    ratios: list[Ratio] = Field(min_length=2)
    floor: float
    worst_source: float
    fitted_on: str
    date: str
    reals: int
    fakes: int
    sources: int

    def terms(self, evidence: Evidence) -> dict[str, float]:
        """The term of each sign that could speak."""
        return {
            name: term.of(evidence.signs.get(name, 0.0)) - math.log(evidence.among(name))
            for name, term in self.signs.items()
            if name in evidence.signs or name in FACTS
        }

    def score(self, terms: Mapping[str, float]) -> float:
        """The fused score of some terms. Raises ValueError when there are none."""
        top = max(terms.values())
        mixed = sum(math.exp(value - top) for value in terms.values()) / len(self.signs)
        return top + math.log(mixed) + self.together * sum(max(0.0, v) for v in terms.values())

    def surprise(self, score: float) -> float:
        """Minus the log of the share of authentic files that score as high; rises with it.

        Between the levels, and beyond the last, linear in the score; under the first it falls off
        towards 0 without reaching it, so that no two scores are told alike.
        """
        pairs = list(pairwise(self.levels))
        left, right = next((pair for pair in pairs if score <= pair[1].score), pairs[-1])
        low, high = -math.log(left.rate), -math.log(right.rate)
        steps = (score - left.score) / (right.score - left.score) * (high - low)
        return low / (1 - steps / low) if steps < 0 else low + steps

    def llr(self, score: float) -> float:
        """The calibrated log-likelihood ratio of a whole file with this fused score."""
        value = self.surprise(score)
        if value <= self.ratios[0].surprise:
            return self.ratios[0].llr
        for left, right in pairwise(self.ratios):
            if value <= right.surprise:
                along = (value - left.surprise) / (right.surprise - left.surprise)
                return left.llr + along * (right.llr - left.llr)
        return self.ratios[-1].llr


class Rule(_Part):
    """The rules of all situations, with an encoder and without."""

    rule: list[SituationRule]

    def of(self, evidence: Evidence) -> SituationRule:
        """The rule of the situation of some evidence. Raises ModelError when it was not fitted."""
        situation, encoder = evidence.situation, ENCODED in evidence.signs
        for one in self.rule:
            if one.situation is situation and one.encoder is encoder:
                return one
        raise ModelError(
            f"The decision rule has no part for {situation.value!r}. Reinstall unmask."
        )


def read_rule(path: Path) -> Rule:
    """Read a rule. Raises ModelError when it is missing or malformed."""
    return read_toml(path, Rule, "decision rule", ModelError)


@lru_cache(maxsize=1)
def shipped_rule() -> Rule:
    """The rule that comes with unmask."""
    return read_rule(PATH)
