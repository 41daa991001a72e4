"""A stranger's detector joins a calibration: it votes, and cannot accuse more than the rate."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from make_media import image

pytest.importorskip("onnx")

sys.path.insert(0, str(Path(__file__).parents[1] / "analyzers"))
from mean_models import model

from unmask.cli import main
from unmask.decision.binomial import least_significant
from unmask.errors import DataError
from unmask.scanning import scan
from unmask.settings import make_settings
from unmask.types import FLAGGED, Claim, Vote

FILES, NEW = 39, 40


def grey(path: Path, seed: int) -> Path:
    """A picture whose mean, which is all that the detector sees, is chance."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 9, (72, 80, 3)) + int(rng.integers(20, 200))
    return image(path, pixels.astype(np.uint8), quality=90)


@pytest.fixture(scope="module")
def chance(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The card of a detector that knows nothing."""
    folder = tmp_path_factory.mktemp("chance")
    shape: list[int | str] = ["batch", 3, 16, 16]
    return model(folder, "picture", shape, Claim.PICTURE_GENERATED, False, name="chance")


@pytest.fixture(scope="module")
def made(chance: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibration of it on authentic pictures alone."""
    folder = tmp_path_factory.mktemp("real")
    for at in range(FILES):
        grey(folder / f"{at}.jpg", at)
    out = folder.parent / "own.toml"
    order = ["calibrate", "--real", folder, "--out", out, "--with", chance, "--jobs", "1"]
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in [*order, "--only", "compression", "--json"]])
    assert not ended.value.code
    return out


def test_it_votes_without_probability_and_flags_no_more_than_the_rate(
    made: Path, chance: Path, tmp_path: Path
) -> None:
    settings = make_settings(
        calibration=str(made), joined=(str(chance),), analyzers=("compression",), fpr=0.05
    )
    flagged = 0
    for at in range(NEW):
        report = scan(grey(tmp_path / f"{at}.jpg", 1000 + at), settings)
        flagged += report.verdict.label in FLAGGED
        own = next(one for one in report.findings if one.detector == "chance")
        assert own.vote in tuple(Vote)
        assert own.llr is None
        assert report.verdict.probability is None
    assert flagged < least_significant(NEW, 0.05)
    light = scan(image(tmp_path / "x.jpg", np.full((72, 80, 3), 250, np.uint8)), settings)
    assert light.verdict.label in FLAGGED
    assert "with chance" in light.verdict.basis


def test_without_it_the_calibration_does_not_fit(made: Path, tmp_path: Path) -> None:
    settings = make_settings(calibration=str(made), analyzers=("compression",), fpr=0.05)
    with pytest.raises(DataError, match=r"joined detectors chance, now none \(--with\)"):
        scan(grey(tmp_path / "1.jpg", 1), settings)


def test_a_check_needs_the_card_again_where_it_has_no_name(
    made: Path, chance: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for at in range(5):
        grey(tmp_path / f"{at}.jpg", 2000 + at)
    order = ["calibrate", "check", made, "--real", tmp_path, "--jobs", "1", "--json"]
    with pytest.raises(SystemExit):
        main([str(one) for one in order])
    assert "No detector is called 'chance'" in capsys.readouterr().err
    with pytest.raises(SystemExit) as ended:
        main([str(one) for one in [*order, "--with", chance]])
    assert not ended.value.code
    assert json.loads(capsys.readouterr().out)["kinds"][0]["overall"]["files"] == 5
