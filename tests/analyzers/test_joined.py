"""Detectors that join a scan run beside the analyzers, and accuse nobody uncalibrated."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

onnx = pytest.importorskip("onnx")

import soundfile  # noqa: E402
from mean_models import model, video  # noqa: E402

from unmask.analyzers.base import Analyzer, Options, Result  # noqa: E402
from unmask.analyzers.identity import IdentityAnalyzer  # noqa: E402
from unmask.cli.app import main  # noqa: E402
from unmask.scanning import scan  # noqa: E402
from unmask.types import Claim, MediaInfo  # noqa: E402

SMALL: list[int | str] = ["batch", 3, 16, 16]
GENERATED = Claim.PICTURE_GENERATED


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "shelf"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((60, 90, 3), 120, np.uint8)).save(path)
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def scanned(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, err = run(capsys, "scan", "--json", "--only", "metadata", *arguments)
    assert out, err
    return code, json.loads(out)


def of(report: dict[str, Any], name: str) -> dict[str, Any]:
    (finding,) = [one for one in report["findings"] if one["detector"] == name]
    return dict(finding)


def test_two_join_beside_an_analyzer_and_only_the_calibrated_one_votes(
    shelf: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(shelf / "plain", "picture", SMALL, GENERATED, False, name="plain")
    model(shelf / "judge", "picture", SMALL, GENERATED, True, name="judge")
    code, report = scanned(capsys, str(picture), "--with", "plain", "--with", "judge")
    assert code == 1
    assert of(report, "plain")["vote"] is None
    assert of(report, "plain")["score"] == pytest.approx(120, abs=0.5)
    assert of(report, "judge")["vote"] == "forged"
    assert {card["name"] for card in report["detectors"]} == {"plain", "judge"}
    assert report["settings"]["joined"] == ["plain", "judge"]
    assert "metadata" not in {row["analyzer"] for row in report["not_checked"]}


def test_a_comparison_with_a_person_shares_the_rate_with_calibrated_guests_alone(
    shelf: Path, picture: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[float] = []

    def begin(self: IdentityAnalyzer, media: MediaInfo, options: Options) -> None:
        Analyzer.__init__(self, media, options)
        self.wants_frames = self.wants_sound = False
        seen.append(options.fpr)

    monkeypatch.setattr(IdentityAnalyzer, "__init__", begin)
    monkeypatch.setattr(IdentityAnalyzer, "finish", lambda self: Result())
    for name, calibrated in (("plain", False), ("judge", True), ("jury", True)):
        model(shelf / name, "picture", SMALL, GENERATED, calibrated, name=name)
    for joined in (("plain",), ("plain", "judge"), ("judge", "jury")):
        chosen = {"analyzers": ("identity",), "joined": joined, "reference": str(picture)}
        scan(picture, fpr=0.06, **chosen)
    assert seen == pytest.approx([0.06, 0.03, 0.02])


def test_one_without_calibration_flags_nothing(
    shelf: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(shelf / "plain", "picture", SMALL, GENERATED, False, name="plain")
    code, report = scanned(capsys, str(picture), "--with", "plain")
    assert code != 1
    assert of(report, "plain")["llr"] is None


def test_one_that_does_not_apply_is_said(
    shelf: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(shelf / "ear", "sound", ["batch", 16000], Claim.VOICE_SYNTHETIC, False, name="ear")
    _, report = scanned(capsys, str(picture), "--with", "ear")
    (row,) = [row for row in report["not_checked"] if row["analyzer"] == "ear"]
    assert "does not hold what it takes" in row["why"]


@pytest.mark.parametrize(
    ("names", "said"), [(("mean", "mean"), "Two detectors"), (("face",), "like an analyzer")]
)
def test_names_that_cannot_be_told_apart_are_refused(
    names: tuple[str, ...], said: str, tmp_path: Path, picture: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    given: list[str] = []
    for place, name in enumerate(names):
        folder = model(tmp_path / str(place), "picture", SMALL, GENERATED, False, name=name)
        given += ["--with", str(folder)]
    code, _, err = run(capsys, "scan", str(picture), *given)
    assert (code, err.count("\n")) == (4, 1)
    assert said in err


def test_weights_that_changed_are_refused(
    shelf: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = model(shelf / "plain", "picture", SMALL, GENERATED, False, name="plain")
    assert scanned(capsys, str(picture), "--with", "plain")[0] != 4
    data = bytearray((folder / "weights.onnx").read_bytes())
    data[-1] ^= 1
    (folder / "weights.onnx").write_bytes(bytes(data))
    code, _, err = run(capsys, "scan", str(picture), "--with", "plain")
    assert code == 4
    assert "sha256 differs" in err


def test_alone_and_joined_exclude_each_other(
    shelf: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(shelf / "plain", "picture", SMALL, GENERATED, False, name="plain")
    code, _, err = run(capsys, "scan", str(picture), "--detector", "plain", "--with", "plain")
    assert code == 2
    assert "--detector runs alone" in err


def test_whole_frames_go_in_stretches_at_their_own_rate_and_others_see_no_more(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    film = video(tmp_path / "v.mp4")  # ten a second, 3 s, ever lighter
    shape: list[int | str] = ["batch", 5, 3, 16, 16]
    model(shelf / "film", "frames", shape, GENERATED, False, "step = 0.1", "film")
    model(shelf / "slow", "frames", shape, GENERATED, False, "step = 0.5", "slow")
    model(shelf / "face5", "picture", SMALL, GENERATED, False, name="face5")
    _, alone = scanned(capsys, str(film), "--with", "face5", "--fps", "2")
    _, report = scanned(
        capsys, str(film), "--fps", "2", "--with", "face5", "--with", "film", "--with", "slow"
    )
    assert of(report, "face5") == of(alone, "face5")
    assert of(report, "film")["details"]["parts"] == 6
    assert of(report, "slow")["details"]["parts"] == 1
    assert of(report, "film")["score"] == pytest.approx(40 + 5 * 14.5, abs=3)
    (span,) = of(report, "film")["where"]["spans"]
    assert span["start"] == pytest.approx(2.5, abs=0.02)


def test_sound_is_located_in_time(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(shelf / "ear", "sound", ["batch", 16000], Claim.VOICE_SYNTHETIC, False, name="ear")
    wave = np.repeat(np.float32([0.1, 0.1, 0.4, 0.1]), 16000)
    soundfile.write(tmp_path / "a.wav", wave, 16000)
    _, report = scanned(capsys, str(tmp_path / "a.wav"), "--with", "ear")
    assert of(report, "ear")["where"]["spans"] == [{"start": 2.0, "end": 3.0}]


def test_a_set_joins_what_is_here_and_names_what_is_not(
    shelf: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model(shelf / "mesonet", "picture", SMALL, GENERATED, False, name="mesonet")
    _, report = scanned(capsys, str(picture), "--set", "small", "--with", "mesonet")
    assert of(report, "mesonet")["score"] == pytest.approx(120, abs=0.5)
    (row,) = [row for row in report["not_checked"] if row["analyzer"] == "aasist-l"]
    assert "unmask models pull --set small" in row["why"]
    code, _, err = run(capsys, "scan", str(picture), "--set", "smal")
    assert code == 4
    assert "Did you mean 'small'" in err


def test_a_network_that_fails_costs_its_own_word_only(
    shelf: Path, picture: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # The cards promise a size that the networks do not take, and a number that they do not give.
    wrong = model(shelf / "wrong", "picture", SMALL, GENERATED, True, name="wrong")
    card = (wrong / "card.toml").read_text().replace("3, 16, 16", "3, 17, 17")
    (wrong / "card.toml").write_text(card)
    model(shelf / "mute", "picture", SMALL, GENERATED, True, name="mute", number="nan")
    model(shelf / "plain", "picture", SMALL, GENERATED, False, name="plain")
    code, report = scanned(
        capsys, str(picture), "--with", "wrong", "--with", "mute", "--with", "plain"
    )
    assert code != 1
    assert of(report, "plain")["score"] == pytest.approx(120, abs=0.5)
    why = {row["analyzer"]: row["why"] for row in report["not_checked"]}
    assert "failed" in why["wrong"]
    assert why["mute"] == "its network gives no number"
