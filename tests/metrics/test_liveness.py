"""Figures of presentation attacks by hand: the worst species, frames of one recording, no class."""

from __future__ import annotations

import math

import pytest

from unmask.errors import SettingError
from unmask.metrics.named import measure
from unmask.metrics.outcomes import Outcome


def row(number: int, label: int, score: float, generator: str = "", media: str = "") -> Outcome:
    return Outcome(f"{number}", media or f"m{number}", "p", "t", "clean", label, score,
                   generator=generator)  # fmt: skip


ROWS = [
    row(0, 0, -1.0), row(1, 0, -2.0), row(2, 0, 0.5), row(3, 0, -0.1),
    row(4, 1, 2.0, "print"), row(5, 1, 1.0, "print"), row(6, 1, -1.0, "replay"),
    row(7, 1, 3.0, "replay"), row(8, 1, 0.0, "mask"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("apcer", 1.0), ("apcer:pooled", 2 / 5), ("bpcer", 1 / 4), ("acer", 5 / 8),
        ("acer:pooled", 13 / 40), ("hter", 13 / 40),
    ],
)  # fmt: skip
def test_by_hand(spec: str, wanted: float) -> None:
    assert measure(spec).of_rows(ROWS) == pytest.approx(wanted)
    assert not measure(spec).entry.rises


def test_the_threshold_of_the_protocol_counts() -> None:
    assert measure("bpcer").of_rows(ROWS, 1.0) == 0
    assert measure("apcer").of_rows(ROWS, -1.5) == 0


def test_frames_of_a_recording_are_one_presentation() -> None:
    frames = [row(0, 1, 4.0, "print", "a"), row(1, 1, -1.0, "print", "a"), row(2, 1, -3, "print")]
    assert measure("apcer").of_rows(frames) == 0.5  # the mean probability of both frames is 0.63


def test_without_a_class_there_is_no_figure() -> None:
    assert math.isnan(measure("apcer").of_rows(ROWS[:4]))
    assert math.isnan(measure("hter").of_rows(ROWS[4:]))
    with pytest.raises(SettingError, match="worst, pooled"):
        measure("acer:best")
