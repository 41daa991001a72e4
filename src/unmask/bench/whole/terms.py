"""The terms of the decision rule: how seldom a sign is as high in authentic files.

What a sign tells of forged files decides about its share of the rate (``shares``), not about its
term: so a kind of picture in which one model errs costs the others nothing.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from unmask.bench.whole.levels import levels_of
from unmask.bench.whole.rows import FileRow
from unmask.decision.evidence import FACTS
from unmask.decision.rule import Level, Point, SignTerm
from unmask.errors import DataError

LEAST = 60
"""Authentic files with a sign from which on a situation has a curve of its own; else all have."""


def curves(
    reals: Sequence[FileRow], mine: Sequence[FileRow], signs: Sequence[str]
) -> dict[str, list[Level]]:
    """Of each sign the share of authentic files in which it is as high.

    ``reals``: those of all situations, ``mine`` those of one. Of a sign that is the most suspect of
    several faces or stretches the share is that of one of them, in a file that has as many as most.
    Raises DataError when no authentic file has a sign.
    """
    found = {}
    for sign in signs:
        having = [row for row in mine if sign in row.evidence().signs]
        if len({row.item for row in having}) < LEAST:
            having = [row for row in reals if sign in row.evidence().signs]
        if not having:
            raise DataError(f"No authentic file has the sign {sign!r}.")
        among = float(np.median([row.evidence().among(sign) for row in having]))
        found[sign] = [
            level.model_copy(update={"rate": level.rate / among}) for level in _curve(having, sign)
        ]
    return found


def fact_curves(reals: Sequence[FileRow]) -> dict[str, list[Level]]:
    """The same of facts, over all stills: a missing one is 0. None where there are no stills."""
    stills = [row for row in reals if row.kind == "image"]
    return {sign: _curve(stills, sign) for sign in FACTS} if stills else {}


def _curve(reals: Sequence[FileRow], sign: str) -> list[Level]:
    """As far as so many files can vouch for it."""
    values = np.array([row.evidence().signs.get(sign, 0.0) for row in reals])
    files = len({row.item for row in reals})
    levels = levels_of(values, [row.source for row in reals], files)
    return [level for level in levels if level.rate * (files + 1) >= 1] or levels[:1]


def terms_of(
    curves_by_sign: Mapping[str, Sequence[Level]], shares: Mapping[str, float]
) -> dict[str, SignTerm]:
    """Terms of the signs; one without a share has all of the rate, as a fact that is there."""
    return {
        sign: SignTerm(
            points=[
                Point(
                    value=level.score,
                    term=round(math.log(shares.get(sign, 1.0)) - math.log(level.rate), 5),
                )
                for level in levels
            ]
        )
        for sign, levels in curves_by_sign.items()
    }
