"""Stretches that stand out are found with their edges; what is odd throughout is not."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.voices.parts import evidence, filled, smoothed, stretches


def noisy(count: int, base: float = -2.0, seed: int = 0) -> np.ndarray:
    return (base + 0.5 * np.random.default_rng(seed).standard_normal(count)).astype(np.float32)


def test_a_raised_stretch_is_found_with_its_edges() -> None:
    values = noisy(250)
    values[100:125] += 6
    speech = np.ones(250, bool)
    assert evidence(values, speech) == pytest.approx(6, abs=1.5)
    ((first, last),) = stretches(values, speech, 3)
    assert abs(first - 100) <= 2
    assert abs(last - 125) <= 2


def test_two_stretches_are_two() -> None:
    values = noisy(300)
    values[50:75] += 6
    values[200:230] += 5
    found = stretches(values, np.ones(300, bool), 3)
    assert len(found) == 2
    assert abs(found[0][0] - 50) <= 2
    assert abs(found[1][1] - 230) <= 2


def test_a_recording_odd_throughout_does_not_stand_out_of_itself() -> None:
    values = noisy(250, base=9)
    speech = np.ones(250, bool)
    assert evidence(values, speech) < 1
    assert stretches(values, speech, 3) == []


def test_what_is_no_speech_is_no_evidence() -> None:
    values = noisy(200)
    values[80:110] += 8
    speech = np.ones(200, bool)
    speech[75:115] = False
    assert evidence(values, speech) < 1
    assert stretches(values, speech, 3) == []


@pytest.mark.parametrize("count", [0, 1, 4])
def test_next_to_nothing_gives_nothing(count: int) -> None:
    values, speech = noisy(count), np.ones(count, bool)
    assert evidence(values, speech) == pytest.approx(0, abs=2)
    assert stretches(values, speech, 3) == []
    assert filled(values, ~speech).tolist() == [0.0] * count


def test_the_end_of_a_recording_is_averaged_over_what_there_is() -> None:
    assert smoothed(np.full(30, 3.0, np.float32)) == pytest.approx(3.0)


def test_values_that_were_not_scored_do_not_spread() -> None:
    values = noisy(100)
    values[40:60] = np.nan
    assert np.isfinite(filled(values, np.ones(100, bool))).all()
