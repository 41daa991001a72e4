"""A rule and findings whose numbers can be followed by hand.

A sign's term is its raw score (within ± 20), and the surprise of a file in which one sign alone
could speak is that score from 0.5 on.
"""

from __future__ import annotations

import math
from dataclasses import replace

from unmask.decision.evidence import FACTS, SIGNS, Situation
from unmask.decision.fusion import fuse
from unmask.decision.rule import Level, Point, Ratio, Rule, SignTerm, SituationRule
from unmask.types import Box, Claim, Finding, Kind, MediaInfo, Saying, Verdict, Vote, Where

DETECTOR = {claim: name for name, claim in reversed(SIGNS)}
RARE = -math.log(0.01)
"""The surprise over which a file is flagged at a rate of 1 %."""
NOTED = -math.log(0.05)
"""The surprise from which on it is not passed over."""


def line(*points: tuple[float, float]) -> SignTerm:
    """A term through some points: value, term."""
    return SignTerm(points=[Point(value=value, term=term) for value, term in points])


def part(situation: Situation, together: float = 0.0, facts: bool = False) -> SituationRule:
    plain = line((-20.0, -20.0), (20.0, 20.0))
    fact = line((0.0, 0.0), (1.0, 1.5))
    signs = dict.fromkeys(SIGNS.values(), plain) | (dict.fromkeys(FACTS, fact) if facts else {})
    fall = math.log(len(signs))
    return SituationRule(
        situation=situation,
        signs=signs,
        shares={},
        together=together,
        levels=[Level(rate=math.exp(-score), score=score - fall) for score in (0.5, 3.0, 7.0)],
        ratios=[Ratio(surprise=s, llr=llr) for s, llr in ((1.0, -1.0), (4.0, 1.0), (6.0, 3.0))],
        floor=0.001,
        worst_source=2.0,
        fitted_on="made files",
        date="2026-01-01",
        reals=1000,
        fakes=1000,
        sources=3,
    )


def rule(together: float = 0.0, facts: bool = False) -> Rule:
    return Rule(rule=[part(situation, together, facts) for situation in Situation])


def media(kind: Kind = Kind.IMAGE) -> MediaInfo:
    return MediaInfo("a", kind, "made", 1000, "0" * 64, width=640, height=480)


def ours(score: float, claim: Claim = Claim.PICTURE_EDITED, **more: object) -> Finding:
    """A finding of one of our models, with what it says by vote."""
    place = Where(boxes=(Box(0, 0, 200, 200),))
    sayings = tuple(
        Saying(vote, f"It is {vote}.", Where() if vote is Vote.CLEAR else place) for vote in Vote
    )
    plain = Finding(
        "a",
        claim,
        "as yet",
        detector=DETECTOR[claim],
        score=score,
        llr=score,
        vote=Vote.UNDECIDED,
        sayings=sayings,
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def joined(rate: float | None, name: str = "guest", **more: object) -> Finding:
    """A finding of a detector that joins, whose calibration says ``rate`` of its score."""
    plain = Finding(
        "published",
        Claim.PICTURE_GENERATED,
        "as yet",
        detector=name,
        score=0.5,
        llr=None if rate is None else 1.0,
        vote=None if rate is None else Vote.UNDECIDED,
        rate=rate,
        sayings=tuple(Saying(vote, f"It is {vote}.") for vote in Vote),
    )
    return replace(plain, **more)  # type: ignore[arg-type]


def fused(
    *findings: Finding,
    fpr: float = 0.01,
    prior: float = 0.5,
    by: Rule | None = None,
    kind: Kind = Kind.IMAGE,
) -> tuple[Verdict, tuple[Finding, ...]]:
    return fuse(media(kind), findings, fpr, prior, by or rule())


def verdict(*findings: Finding, **how: object) -> Verdict:
    return fused(*findings, **how)[0]  # type: ignore[arg-type]
