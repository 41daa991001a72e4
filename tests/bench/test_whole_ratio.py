"""The likelihood ratio of a whole file claims no more than holds in a kind nobody showed it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unmask.bench.whole.ratio import SURE, Numbers, ratios
from unmask.decision.rule import Ratio

FILES = 400


def cost(found: Sequence[Ratio], real: Numbers, fake: Numbers) -> float:
    """Cllr of files with these surprises."""
    places, llrs = [one.surprise for one in found], [one.llr for one in found]
    bits = [
        np.log2(1 + np.exp(sign * np.interp(some, places, llrs))).mean()
        for some, sign in ((real, 1.0), (fake, -1.0))
    ]
    return float(sum(bits) / 2)


def fitted(*kinds: Numbers) -> tuple[list[Ratio], Numbers]:
    """Of authentic files and of kinds of forged ones, each of one maker."""
    real = np.random.default_rng(0).exponential(size=FILES)
    names = [f"kind {number}" for number, some in enumerate(kinds) for _ in some]
    origin = [f"source {number % 4}" for number in range(FILES)]
    return ratios(real, origin, np.concatenate(kinds), names, names), real


def surprises(seed: int, more: float) -> Numbers:
    """Of forged files: as authentic ones, and ``more``."""
    return np.random.default_rng(seed).exponential(size=FILES) + more


def test_a_kind_that_hides_costs_no_more_than_saying_nothing() -> None:
    seen, hidden = surprises(1, 4.0), surprises(2, 0.0)
    for kinds in ((seen, hidden), (hidden, seen), (seen, surprises(3, 3.0), hidden)):
        found, real = fitted(*kinds)
        assert cost(found, real, hidden) < 1.02


def test_kinds_that_show_are_told_on_both_sides() -> None:
    kinds = [surprises(seed, 4.0) for seed in (1, 2)]
    found, real = fitted(*kinds)
    assert found[0].llr < -0.5 < 0.5 < found[-1].llr
    assert all(cost(found, real, some) < 0.6 for some in kinds)


def test_a_few_odd_files_of_one_source_do_not_silence_what_is_flagged() -> None:
    real = np.random.default_rng(0).exponential(size=FILES)
    odd = np.linspace(0.1, 6.0, 30)  # a third of them over 4
    makers = ["maker"] * FILES
    origin = [f"source {number % 4}" for number in range(FILES)] + ["odd"] * len(odd)
    found = ratios(np.concatenate([real, odd]), origin, surprises(1, 4.0), makers, makers)
    assert all(one.llr > 0.5 for one in found if one.surprise > -np.log(0.01))
    assert all(one.llr <= 0 for one in found if one.surprise < SURE[1])


def test_a_file_that_is_not_marked_for_a_look_is_not_shown_over_one_half() -> None:
    found, _ = fitted(surprises(1, 2.0), surprises(2, 2.5))
    assert all(one.llr <= 0 for one in found if one.surprise < SURE[0])
    assert found[-1].llr > 0.5
