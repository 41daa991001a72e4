"""Likelihood ratios fitted on one half of the files and tested on the other."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from unmask.decision.conformal import Floats

LEAST = 20
"""Files of each class in each half under which no ratio is fitted."""
_BINS = 15
_RIDGE = 1e-6
_STEPS = 50


class Ratio(BaseModel):
    """``llr = slope · value + offset`` in nats, held within ± ``limit``, and how it did.

    Fitted on ``fitted_reals`` and ``fitted_fakes`` files; ``cllr`` (bits; 0 perfect, 1 no use) and
    ``ece`` are those of the other half, of ``tested_reals`` and ``tested_fakes`` files.
    ``split``: "groups", or "files" where a class has one group only, so that the figures are
    those of files from places already seen.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    slope: float = Field(gt=0)
    offset: float
    limit: float = Field(gt=0)
    cllr: float
    ece: float
    fitted_reals: int
    fitted_fakes: int
    tested_reals: int
    tested_fakes: int
    split: str

    def llr(self, value: float) -> float:
        """Log-likelihood ratio (nats) of one value."""
        return max(-self.limit, min(self.limit, self.slope * value + self.offset))


def fit_ratio(
    reals: Floats, fakes: Floats, real_groups: Sequence[str], fake_groups: Sequence[str]
) -> Ratio | str:
    """Fit on one half of the groups, test on the other; or say why there is no ratio.

    Logistic regression with classes weighted alike (Brümmer and du Preez 2006). The smaller class
    of the fitted half bounds the ratio: n files cannot vouch for more than n to 1.
    """
    values = np.concatenate([reals, fakes])
    labels = np.repeat([0, 1], [len(reals), len(fakes)])
    groups = [*real_groups, *fake_groups]
    first, split = _half(groups, labels)
    counts = [int(((labels == label) & (first == side)).sum()) for side in (True, False)
              for label in (0, 1)]  # fmt: skip
    if min(counts) < LEAST:
        return (
            f"{len(reals)} authentic and {len(fakes)} forged files are too few: each half needs "
            f"{LEAST} of each"
        )
    slope, offset = _logistic(values[first], labels[first])
    if slope <= 0:
        return "its values do not rise with forgery"
    ratio = Ratio(
        slope=round(slope, 9),
        offset=round(offset, 9),
        limit=round(math.log(min(counts[:2])), 6),
        cllr=0.0,
        ece=0.0,
        fitted_reals=counts[0],
        fitted_fakes=counts[1],
        tested_reals=counts[2],
        tested_fakes=counts[3],
        split=split,
    )
    llrs = np.array([ratio.llr(float(value)) for value in values[~first]])
    tested = labels[~first]
    figures = {"cllr": round(cllr(tested, llrs), 6), "ece": round(ece(tested, llrs), 6)}
    return ratio.model_copy(update=figures)


def _half(groups: Sequence[str], labels: NDArray[np.int64]) -> tuple[NDArray[np.bool_], str]:
    """Which files are fitted on: half of each class, whole groups where a class has two.

    The largest groups are dealt first, each to the half that lacks more of what it holds, so the
    result depends on names and sizes alone.
    """
    sizes = [Counter(g for g, label in zip(groups, labels, strict=True) if label == side)
             for side in (0, 1)]  # fmt: skip
    if min(len(side) for side in sizes) < 2:
        return _alternating(labels), "files"
    held: list[list[float]] = [[0.0, 0.0], [0.0, 0.0]]
    chosen: dict[str, int] = {}
    shares = [{g: n / side.total() for g, n in side.items()} for side in sizes]
    names = sorted({*sizes[0], *sizes[1]}, key=lambda g: (-_total(shares, g), _mark(g)))
    for name in names:
        own = [share.get(name, 0.0) for share in shares]
        lack = [sum(s * h for s, h in zip(own, half, strict=True)) for half in held]
        chosen[name] = int(lack[1] < lack[0])
        for label in (0, 1):
            held[chosen[name]][label] += own[label]
    return np.array([chosen[name] == 0 for name in groups]), "groups"


def _total(shares: Sequence[dict[str, float]], name: str) -> float:
    return sum(share.get(name, 0.0) for share in shares)


def _mark(name: str) -> str:
    return hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()


def _alternating(labels: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Every other file of each class."""
    first = np.zeros(len(labels), bool)
    for label in (0, 1):
        first[np.flatnonzero(labels == label)[::2]] = True
    return first


def _logistic(values: Floats, labels: NDArray[np.int64]) -> tuple[float, float]:
    """Slope and offset by Newton's method, classes weighted alike, a very small ridge."""
    centre, spread = float(values.mean()), float(values.std())
    if spread == 0:
        return 0.0, 0.0
    x = np.stack([(values - centre) / spread, np.ones(len(values))], axis=1)
    weight = np.where(labels == 1, 0.5 / (labels == 1).sum(), 0.5 / (labels == 0).sum())
    found = np.zeros(2)
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(x @ found, -30, 30)))
        slope = x.T @ (weight * (chance - labels)) + _RIDGE * found
        bend = (x * (weight * chance * (1 - chance))[:, None]).T @ x + _RIDGE * np.eye(2)
        step = np.linalg.solve(bend, slope)
        # Far steps overshoot where the classes are apart.
        found = found - step * min(1.0, 5 / max(1e-12, float(np.abs(step).max())))
        if float(np.abs(step).max()) < 1e-10:
            break
    return float(found[0] / spread), float(found[1] - found[0] * centre / spread)


def cllr(labels: NDArray[np.int64], llrs: Floats) -> float:
    """Cost of log-likelihood ratios in bits (Brümmer and du Preez 2006): 0 perfect, 1 no use."""
    fake = np.logaddexp(0, -llrs[labels == 1]).mean()
    real = np.logaddexp(0, llrs[labels == 0]).mean()
    return float((fake + real) / 2 / np.log(2))


def ece(labels: NDArray[np.int64], llrs: Floats) -> float:
    """Expected calibration error of the posterior at equal priors, classes weighted alike."""
    weight = np.where(labels == 1, 0.5 / (labels == 1).sum(), 0.5 / (labels == 0).sum())
    chance = 1 / (1 + np.exp(-llrs))
    place = np.minimum((chance * _BINS).astype(int), _BINS - 1)
    gaps = np.bincount(place, weight * (chance - labels), _BINS)
    return float(np.abs(gaps).sum())
