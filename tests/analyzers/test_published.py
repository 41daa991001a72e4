"""A detector that the user names runs by its card alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

onnx = pytest.importorskip("onnx")

import soundfile  # noqa: E402
from mean_models import model, video  # noqa: E402

from unmask import registry  # noqa: E402
from unmask.analyzers.published import scoring, taker  # noqa: E402
from unmask.cards.card import read_card  # noqa: E402
from unmask.errors import ModelError, UnknownName  # noqa: E402
from unmask.report.html import to_html  # noqa: E402
from unmask.report.json import to_dict  # noqa: E402
from unmask.scanning import scan  # noqa: E402
from unmask.types import Claim, Label, Report, Vote  # noqa: E402


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    path = tmp_path / "grey.png"
    Image.fromarray(np.full((60, 90, 3), 120, np.uint8)).save(path)
    return path


def score(report: Report) -> float:
    (finding,) = report.findings
    assert finding.score is not None
    return finding.score


@pytest.mark.parametrize(
    ("shape", "more"),
    [
        (["batch", 3, 32, 32], 'fit = "stretch"'),
        (["batch", 3, 32, 32], 'fit = "crop"'),
        (["batch", 3, "height", "width"], 'fit = "free"'),
    ],
)
def test_a_picture_without_calibration_gets_a_score_and_no_verdict(
    tmp_path: Path, picture: Path, shape: list[int | str], more: str
) -> None:
    card = model(tmp_path / "m", "picture", shape, Claim.PICTURE_GENERATED, False, more)
    report = scan(picture, detector=str(card))
    assert score(report) == pytest.approx(120, abs=0.5)
    assert report.findings[0].llr is None
    assert report.verdict.label is Label.INCONCLUSIVE
    assert "calibrated" in report.verdict.reason
    assert "Not calibrated" in to_html(report)
    assert to_dict(report)["detectors"][0]["name"] == "mean"


def test_a_calibrated_card_votes(tmp_path: Path, picture: Path) -> None:
    shape: list[int | str] = ["batch", 3, 16, 16]
    card = model(tmp_path / "m", "picture", shape, Claim.PICTURE_GENERATED, True)
    report = scan(picture, detector=str(card / "card.toml"), fpr=0.01)
    assert report.findings[0].vote is Vote.FORGED
    assert report.verdict.label is Label.SYNTHETIC
    strict = scan(picture, detector=str(card), fpr=0.001)
    assert strict.verdict.label is Label.INCONCLUSIVE


def test_a_video_is_judged_along_time(tmp_path: Path) -> None:
    shape: list[int | str] = ["batch", 3, 16, 16]
    card = model(tmp_path / "m", "picture", shape, Claim.PICTURE_GENERATED, False)
    report = scan(video(tmp_path / "v.mp4"), detector=str(card))
    values = report.findings[0].series[0]
    assert len(values.times) == 3
    assert list(values.times) == sorted(values.times)
    assert score(report) == pytest.approx(40 + 50, abs=6)


def test_no_face_is_said_so(tmp_path: Path, picture: Path) -> None:
    shape: list[int | str] = ["batch", 3, 16, 16]
    card = model(tmp_path / "m", "face", shape, Claim.FACE_MANIPULATED, True)
    report = scan(picture, detector=str(card))
    assert not report.findings
    assert "no face was found" in [item.why for item in report.not_checked]


def test_moments_become_stretches_along_the_whole_recording(tmp_path: Path) -> None:
    """Four moments a second; a run goes on from one second into the next, and the last part of a
    second, which is filled up with its own beginning, is no longer than the recording."""
    card = model(tmp_path / "m", "sound", ["batch", 16000], Claim.VOICE_EDITED, False, moments=4)
    wave = np.full(54400, -0.5)
    for start, end in ((0.75, 1.5), (2.0, 2.25), (3.25, 3.4)):
        wave[int(start * 16000) : int(end * 16000)] = 0.5
    soundfile.write(tmp_path / "a.wav", wave, 16000, subtype="FLOAT")
    (finding,) = scan(tmp_path / "a.wav", detector=str(card)).findings
    assert [(span.start, span.end) for span in finding.where.spans] == [
        (0.75, 1.5),
        (2.0, 2.25),
        (3.25, 3.4),
    ]


@pytest.mark.parametrize(("seconds", "parts"), [(0.5, 1), (2.1, 2), (2.5, 3)])
def test_sound_is_cut_into_stretches(tmp_path: Path, seconds: float, parts: int) -> None:
    card = model(tmp_path / "m", "sound", ["batch", 16000], Claim.VOICE_SYNTHETIC, False)
    wave = np.full(round(seconds * 16000), 0.25, np.float32)
    soundfile.write(tmp_path / "a.wav", wave, 16000)
    report = scan(tmp_path / "a.wav", detector=str(card))
    assert report.findings[0].details["parts"] == parts
    assert score(report) == pytest.approx(0.25, abs=1e-3)


def test_a_file_of_another_kind_is_not_checked(tmp_path: Path, picture: Path) -> None:
    card = model(tmp_path / "m", "sound", ["batch", 16000], Claim.VOICE_SYNTHETIC, False)
    report = scan(picture, detector=str(card))
    assert report.verdict.label is Label.INCONCLUSIVE
    assert any("does not hold what it takes" in item.why for item in report.not_checked)


def test_what_a_scan_cannot_feed_is_refused(tmp_path: Path, picture: Path) -> None:
    card = model(tmp_path / "m", "text", ["batch", 8], Claim.PICTURE_EDITED, False)
    with pytest.raises(ModelError, match="cannot feed"):
        scan(picture, detector=str(card))


def test_unknown_names_are_refused(picture: Path) -> None:
    with pytest.raises(UnknownName, match="Did you mean 'mesonet'"):
        scan(picture, detector="mezonet")


@pytest.mark.parametrize("name", registry.methods())
def test_a_scan_can_feed_every_method_or_says_that_it_cannot(name: str) -> None:
    card = read_card(registry.detector_card(name))
    if len(card.inputs) > 1:
        with pytest.raises(ModelError, match=r"takes .* together"):
            taker(card.inputs)
        return
    assert taker(card.inputs).what
    claim, output = scoring(card)
    assert claim in set(Claim)
    assert output == "logit"
