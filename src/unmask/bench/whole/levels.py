"""Thresholds of authentic files, held in all of them together and in their sources."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np

from unmask.bench.whole.ratio import SOME, Numbers
from unmask.decision.conformal import Grouped, needed
from unmask.decision.rule import Level

RATES = (
    0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01,
    0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001,
)  # fmt: skip
TAIL = 0.05
"""From this rate on the excesses give the exponential tail that goes on under the floor."""
ALLOWED = 0.85
"""The share of a rate at which thresholds stand. Files of a source that no rule met exceed a rate
by a tenth or so (``results/verdicts.md``); what is promised is to hold for those."""
WORST = 2.0
"""How much the rate of a source with ``HELD`` authentic files may exceed the promised one."""
HELD = 100
"""With fewer, and many such sources, their single highest scores would be the threshold."""


class _OverSources:
    """The scores that shares of a mixture exceed in which every source weighs alike.

    A file of a source that nobody knows is a draw from such a mixture, and not from one in which
    the largest source has most of the say. Sources of fewer than ``SOME`` files are one together.
    """

    def __init__(self, real: Numbers, origin: Sequence[str]) -> None:
        counts = Counter(origin)
        names = [name if counts[name] >= SOME else "" for name in origin]
        sizes = Counter(names)
        order = np.argsort(real)[::-1]
        share = np.array([1 / sizes[name] for name in names])[order]
        self._over = np.cumsum(share) / len(sizes)
        self._falling = real[order]

    def threshold(self, rate: float) -> float:
        """The score that ``rate`` of the mixture exceeds."""
        place = int(np.searchsorted(self._over, rate, side="right"))
        return float(self._falling[min(place, len(self._falling) - 1)])


def levels_of(
    real: Numbers, origin: Sequence[str], files: int, parts: Sequence[str] = ()
) -> list[Level]:
    """Conformal thresholds down to what ``files`` can vouch for; an exponential tail beyond.

    ``real``: scores of authentic files, ``origin``: their sources; ``parts``: other groups of them
    in which the rates are held as in sources.
    """
    groupings = [Grouped.of(real, names, WORST, HELD) for names in (origin, parts) if names]
    mixture = _OverSources(real, origin)
    start = float(np.quantile(real, 1 - TAIL))
    scale = max(float((real[real > start] - start).mean()) if (real > start).any() else 0.0, 1e-3)
    levels: list[Level] = []
    for rate in RATES:
        own = ALLOWED * rate
        if files >= needed(own):
            held = [grouped.threshold(own) for grouped in groupings]
            score = max(*held, mixture.threshold(own))
        else:
            score = levels[-1].score + scale * math.log(levels[-1].rate / rate)
        last = levels[-1].score + 1e-4 if levels else -math.inf
        levels.append(Level(rate=rate, score=round(max(score, last), 5)))
    return levels
