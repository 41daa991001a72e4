"""What the rule makes of the signs of a file: one score, its surprise, and what did most for it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

from unmask.decision.evidence import FACTS, OF_FACES, SIGNS, Evidence
from unmask.decision.rule import Rule, SituationRule
from unmask.types import Finding


@dataclass(frozen=True, slots=True)
class Fused:
    """What the rule makes of the signs: score, surprise, and the term of each sign."""

    evidence: Evidence
    rule: SituationRule | None = None
    terms: dict[str, float] = field(default_factory=dict)
    score: float = 0.0
    surprise: float | None = None

    @property
    def driver(self) -> int | None:
        """Number of the finding whose sign counts most."""
        found = [sign for sign in self.terms if sign in self.evidence.where_from]
        if not found or self.rule is None:
            return None
        return self.evidence.where_from[max(found, key=self.alone)]

    def alone(self, sign: str) -> float:
        """The fused score that a sign would make with nothing suspect beside it."""
        assert self.rule is not None
        quiet = {name: term.lowest for name, term in self.rule.signs.items() if name in self.terms}
        return self.rule.score(quiet | {sign: self.terms[sign]})

    def of_face(self, sign: str, score: float) -> float:
        """The fused score that one of several faces would make alone."""
        assert self.rule is not None
        term = self.rule.signs[sign].of(score) - math.log(max(1, self.evidence.faces))
        return replace(self, terms=self.terms | {sign: term}).alone(sign)

    def counts(self, finding: Finding) -> bool:
        """Whether the rule makes anything of a finding's score in a file like this one."""
        return SIGNS.get((finding.detector, finding.claim), "") in self.terms


def judged(evidence: Evidence, rule: Rule) -> Fused:
    """The fused score of some evidence; without one where no sign could speak."""
    own = rule.of(evidence)
    if not set(own.signs) & set(evidence.signs) - set(FACTS):
        return Fused(evidence)
    terms = own.terms(evidence)
    score = own.score(terms)
    return Fused(evidence, own, terms, score, own.surprise(score))


def alone_of(finding: Finding, fused: Fused) -> float:
    """The surprise that a finding of ours would make with nothing suspect beside it."""
    assert fused.rule is not None
    return fused.rule.surprise(score_of(finding, fused))


def score_of(finding: Finding, fused: Fused) -> float:
    """The fused score that a finding of ours would make with nothing suspect beside it."""
    sign = SIGNS[finding.detector, finding.claim]
    assert finding.score is not None
    return fused.of_face(sign, finding.score) if sign in OF_FACES else fused.alone(sign)
