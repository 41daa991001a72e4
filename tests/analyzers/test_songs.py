"""Speech methods say nothing of songs, nor those of songs of speech; the report says so."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

pytest.importorskip("onnx")
import soundfile
from mean_models import model

from unmask import scan
from unmask.types import Claim, Label, Samples

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

from voice_samples import RATE, song, speech


def written(path: Path, samples: Samples) -> Path:
    soundfile.write(path, samples, RATE)
    return path


def judge(folder: Path, judges: str) -> Path:
    more = f'judges = "{judges}"' if judges else ""
    shape: list[int | str] = ["batch", 2 * RATE]
    return model(folder, "sound", shape, Claim.VOICE_SYNTHETIC, False, more, "ear")


@pytest.mark.parametrize(
    ("judges", "sound", "why"),
    [
        ("speech", song(7), "it is a song, or speech over music"),
        ("songs", speech(7), "it is speech, and this judges songs"),
    ],
)
def test_what_a_detector_was_not_made_for_is_not_judged(
    tmp_path: Path, judges: str, sound: Samples, why: str
) -> None:
    report = scan(written(tmp_path / "a.wav", sound), detector=str(judge(tmp_path / "m", judges)))
    assert report.findings == ()
    assert report.verdict.label is Label.INCONCLUSIVE
    (said,) = [item.why for item in report.not_checked if item.analyzer == "ear"]
    assert said.startswith(why)
    assert "\n" not in said


@pytest.mark.parametrize(
    ("judges", "sound", "heard"),
    [("speech", speech(7), "speech"), ("songs", song(7), "a song, or speech over music")],
)
def test_what_was_heard_is_said_beside_the_score(
    tmp_path: Path, judges: str, sound: Samples, heard: str
) -> None:
    report = scan(written(tmp_path / "a.wav", sound), detector=str(judge(tmp_path / "m", judges)))
    (finding,) = report.findings
    assert finding.details["heard"] == heard
    assert finding.details["parts"] == 4
    assert f"heard: {heard}" in finding.reason
    assert len(finding.series[0].times) == 4


def test_a_detector_of_any_sound_is_not_held_back(tmp_path: Path) -> None:
    report = scan(written(tmp_path / "a.wav", song(7)), detector=str(judge(tmp_path / "m", "")))
    (finding,) = report.findings
    assert "heard" not in finding.details


def test_a_scan_says_which_detector_ran(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of a song the voice is not judged; a joined detector of songs is, one of speech is not."""
    from unmask.cli import main

    path = written(tmp_path / "a.wav", song(7))
    cards = {name: judge(tmp_path / name, name) for name in ("songs", "speech")}
    for name, folder in cards.items():
        card = folder / "card.toml"
        card.write_text(card.read_text().replace('name = "ear"', f'name = "{name}_ear"'))
    words = [word for folder in cards.values() for word in ("--with", str(folder))]
    with pytest.raises(SystemExit):
        main(["scan", str(path), "--only", "voice", *words, "--json"])
    report = json.loads(capsys.readouterr().out)
    assert [one["analyzer"] for one in report["findings"]] == ["songs_ear"]
    silent = {one["analyzer"]: one["why"] for one in report["not_checked"]}
    assert "it is a song" in silent["voice"]
    assert "it is a song" in silent["speech_ear"]
