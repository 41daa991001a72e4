"""How a rate is shared among the signs of a situation: so that most forged files are found."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.bench.whole.levels import levels_of
from unmask.bench.whole.ratio import Numbers
from unmask.bench.whole.rows import FileRow
from unmask.decision.evidence import COPIED, ENCODED, FACTS, PARTS
from unmask.decision.rule import SituationRule

TOGETHER = (0.0, 0.15, 0.3, 0.5)
"""How much weak signs may add up: the least of these with the best share found."""
DRAWS = 150
"""Ways to share a rate that are tried, drawn evenly; the first is alike for all."""
ROUNDS = 4
"""How often every share of the best is then halved and doubled."""
LEAST = 0.02
"""The share that every sign keeps."""
KEPT = {PARTS: 0.1}
"""Shares of signs whose kind of forgery no whole file of the study shows."""
GRADED = {COPIED: 0.4}
"""Facts that tell how sure they are, and the share of the rate that they have beside an encoder.
Other facts are there or not and have all of theirs, as these have where nothing else finds much.
With all of it every copy that is stated in an authentic picture, letters and windows among them,
would be flagged, and the encoder be left half the rate."""
THERE = 1.0
"""A fact that counts as much is there; one that is missing counts next to nothing."""
SOUGHT = (0.02, 0.01)
"""The rates at which what is found counts."""


@dataclass(frozen=True, slots=True)
class Sharing:
    """The share of each sign that is a score, and how much signs add up."""

    shares: Mapping[str, float]
    together: float


@dataclass(frozen=True, slots=True)
class Terms:
    """What the signs of files count before the rate is shared: files × signs, NaN where none."""

    names: tuple[str, ...]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, rows: Sequence[FileRow], bare: SituationRule) -> Terms:
        """``bare``: a rule in which every sign has all of the rate."""
        names = tuple(bare.signs)
        terms = [bare.terms(row.evidence()) for row in rows]
        values = [[one.get(name, math.nan) for name in names] for one in terms]
        return cls(names, np.array(values))

    def scores(self, sharing: Sharing) -> Numbers:
        """The fused scores, as ``SituationRule.score`` gives them."""
        share = np.array([sharing.shares.get(name, 1.0) for name in self.names])
        values = self.values + np.log(share)
        mixed = np.log(np.nansum(np.exp(values), axis=1) / len(self.names))
        return np.asarray(mixed + sharing.together * np.nansum(np.maximum(values, 0.0), axis=1))


def searched(
    real: Terms, fake: Terms, origin: Sequence[str], kinds: Sequence[str], files: int
) -> Sharing:
    """The sharing that finds most forged files; of ``kinds`` each weighs as the root of its files.

    Files with a fact are left out of what is sought: they are found whatever the shares.
    ``origin``: sources of the authentic files.
    """
    scores = [name for name in real.names if name not in FACTS]
    facts = [number for number, name in enumerate(fake.names) if name in FACTS]
    plain = np.asarray((fake.values[:, facts] < THERE).all(axis=1), bool)
    apart = Terms(fake.names, fake.values[plain])
    kept = [kind for kind, keep in zip(kinds, plain, strict=True) if keep]
    counts = Counter(kept)
    weight = np.array([1 / math.sqrt(counts[kind]) for kind in kept])
    graded = {name: GRADED[name] for name in GRADED if {name, ENCODED} <= set(real.names)}
    best, most = Sharing({}, 0.0), -1.0

    def tried(shares: Mapping[str, float], all_together: Sequence[float]) -> bool:
        """Whether one of these is the best so far, which is kept."""
        nonlocal best, most
        before = most
        for together in all_together:
            one = Sharing({**shares, **graded}, together)
            found = _found(one, real, apart, weight, origin, files)
            if found > most + 1e-3:
                best, most = one, found
        return most > before

    for shares in _drawn(scores):
        tried(shares, TOGETHER)
    for _ in range(ROUNDS):
        moves = [(name, factor) for name in scores if name not in KEPT for factor in (0.5, 2.0)]
        better = [
            tried(_moved({name: best.shares[name] for name in scores}, *move), (best.together,))
            for move in moves
        ]
        if not any(better):
            break
    return best


def _moved(shares: Mapping[str, float], name: str, factor: float) -> dict[str, float]:
    """The shares with one of them larger or smaller, at the cost of the others."""
    kept = sum(shares[one] for one in KEPT if one in shares)
    raw = {
        one: max(LEAST, share * (factor if one == name else 1.0))
        for one, share in shares.items()
        if one not in KEPT
    }
    scale = (1 - kept) / sum(raw.values())
    return {
        one: share if one in KEPT else round(raw[one] * scale, 5) for one, share in shares.items()
    }


def _drawn(scores: Sequence[str]) -> list[dict[str, float]]:
    """Shares that are tried; those of ``KEPT`` are not drawn."""
    kept = {name: KEPT[name] for name in scores if name in KEPT}
    free = [name for name in scores if name not in kept]
    left = 1 - sum(kept.values())
    law = np.random.default_rng(0)
    rows = [np.full(len(free), 1 / len(free))]
    rows += [law.dirichlet(np.ones(len(free))) for _ in range(DRAWS if len(free) > 1 else 0)]
    found = []
    for row in rows:
        held = (row + LEAST) / (row + LEAST).sum() * left
        found.append({n: round(float(v), 5) for n, v in zip(free, held, strict=True)} | kept)
    return found


def _found(
    sharing: Sharing,
    real: Terms,
    fake: Terms,
    weight: Numbers,
    origin: Sequence[str],
    files: int,
) -> float:
    levels = {one.rate: one.score for one in levels_of(real.scores(sharing), origin, files)}
    hits = [fake.scores(sharing) > levels[rate] for rate in SOUGHT]
    return float(sum((weight * hit).sum() for hit in hits) / weight.sum()) / len(SOUGHT)
