from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unmask.bench.own.calibrate import fit_operating
from unmask.bench.own.cards import measure, table
from unmask.errors import DataError
from unmask.metrics.predictions import Prediction, read_predictions, write_predictions

CLAIM = "face-manipulated"


def rows(n: int, protocol: str = "calibration", seed: int = 0) -> list[Prediction]:
    """Gaussian scores with the known ratio llr = 2 * score: N(1, 1) against N(-1, 1)."""
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        for label in (0, 1):
            score = float(rng.normal(1 if label else -1))
            made.append(
                Prediction(f"{i}-{label}", f"m{i}", f"g{i}", "made", label, "swap" if label else "",
                           CLAIM, protocol, "clean", score)
            )  # fmt: skip
    return made


def test_calibration_finds_the_true_ratio() -> None:
    fitted = fit_operating(rows(4000), "logit", CLAIM, "2026-01-01")
    assert fitted.slope == pytest.approx(2, abs=0.1)
    assert fitted.offset == pytest.approx(0, abs=0.1)


def test_thresholds_hold_their_rate_on_fresh_items() -> None:
    fitted = fit_operating(rows(2000), "logit", CLAIM, "2026-01-01")
    fresh = [row for row in rows(20000, seed=1) if row.label == 0]
    # 2,000 items leave two beyond the last rate: their quantile is known within a factor of two
    for rate, factor in ((0.1, 1.2), (0.01, 1.5), (0.001, 2.0)):
        flagged = np.mean([row.score > fitted.threshold(rate) for row in fresh])
        assert flagged <= factor * rate
        assert flagged >= rate / 20


def test_clear_misses_what_it_says() -> None:
    fitted = fit_operating(rows(2000), "logit", CLAIM, "2026-01-01")
    fresh = [row for row in rows(5000, seed=1) if row.label == 1]
    assert np.mean([row.score < fitted.clear for row in fresh]) == pytest.approx(0.05, abs=0.02)


def test_too_few_items_are_refused() -> None:
    with pytest.raises(DataError, match="at least 20"):
        fit_operating(rows(5), "logit", CLAIM, "2026-01-01")


def test_scores_that_fall_with_forgery_are_refused() -> None:
    flipped = [Prediction(**{**_fields(row), "score": -row.score}) for row in rows(200)]
    with pytest.raises(DataError, match="do not rise"):
        fit_operating(flipped, "logit", CLAIM, "2026-01-01")


def _fields(row: Prediction) -> dict[str, object]:
    return {name: getattr(row, name) for name in Prediction.__slots__}


def test_tables_put_the_worst_row_first_and_name_unmatched_fakes() -> None:
    fitted = fit_operating(rows(500), "logit", CLAIM, "2026-01-01")
    dev = rows(100, "dev")
    bad = [Prediction(**{**_fields(row), "source": "hard", "score": 0.0}) for row in dev]
    alone = [Prediction(**{**_fields(row), "source": "lone"}) for row in dev if row.label == 1]
    lines = table([*dev, *bad, *alone], fitted, lambda row: row.source)
    assert lines[0].name == "hard"
    assert lines[0].auc == pytest.approx(0.5)
    assert "lone (against all reals)" in [line.name for line in lines]


def test_the_interval_holds_the_rate() -> None:
    fitted = fit_operating(rows(2000), "logit", CLAIM, "2026-01-01")
    line = measure("all", rows(2000, "dev", seed=3), fitted)
    assert line.low <= line.fpr <= line.high
    assert line.fpr < 0.03


def test_predictions_survive_the_disk(tmp_path: Path) -> None:
    made = rows(3)
    path = tmp_path / "sub" / "p.parquet"
    assert write_predictions(path, made) == 6
    back = read_predictions(path)
    assert [row.score for row in back] == [row.score for row in made]
    assert np.isnan(back[0].localization)


def test_missing_predictions_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="unmask bench predict"):
        read_predictions(tmp_path / "none.parquet")


def test_the_rate_holds_for_the_worst_source() -> None:
    """One source in two scores higher by one: its own quantile decides, not the average."""
    made = rows(1000)
    shifted = [
        Prediction(**{**_fields(row), "source": "harsh", "score": row.score + 1})
        for row in rows(1000, seed=5)
    ]
    fitted = fit_operating([*made, *shifted], "logit", CLAIM, "2026-01-01")
    harsh = [row.score + 1 for row in rows(10000, seed=6) if row.label == 0]
    assert np.mean([score > fitted.threshold(0.01) for score in harsh]) <= 0.015


def test_the_worst_source_may_be_allowed_more_than_the_average() -> None:
    """Nine sources alike and one that scores higher by one, allowed three times the rate."""
    many = [
        Prediction(**{**_fields(row), "source": f"s{number}", "score": row.score + (number == 9)})
        for number in range(10)
        for row in rows(500, seed=number)
    ]
    fitted = fit_operating(many, "logit", CLAIM, "2026-01-01", worst_source=3.0)
    assert fitted.worst_source == 3.0
    strict = fit_operating(many, "logit", CLAIM, "2026-01-01")
    assert fitted.threshold(0.01) < strict.threshold(0.01)
    fresh = np.array([row.score for row in rows(10000, seed=20) if row.label == 0])
    for rate in (0.1, 0.02, 0.01):
        usual, harsh = (float(np.mean(fresh + shift > fitted.threshold(rate))) for shift in (0, 1))
        assert harsh <= 3 * 1.5 * rate
        assert 0.9 * usual + 0.1 * harsh <= 1.5 * rate
