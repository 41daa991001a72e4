"""``unmask compare`` and ``unmask profile`` as they are typed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from PIL import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"


def run(home: Path, *arguments: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unmask", *map(str, arguments)]
    values = {**os.environ, "UNMASK_PROFILES": str(home / "profiles"), **environment}
    return subprocess.run(command, capture_output=True, text=True, env=values, timeout=300)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("unmask: ")
    return lines[0]


@pytest.fixture(scope="module")
def voices(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Authentic material: the first half of a reading."""
    folder = tmp_path_factory.mktemp("reader")
    sound, rate = sf.read(EXAMPLES / "reading.flac", dtype="float32")
    sf.write(folder / "first.wav", sound[: len(sound) // 2], rate)
    sf.write(folder / "nothing.wav", np.zeros(rate, np.float32), rate)
    (folder / "letter.txt").write_text("no media")
    return folder


@pytest.fixture(scope="module")
def faces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if importlib.util.find_spec("face_recognition_models") is None:
        pytest.skip("faces need unmask[identity]")
    folder = tmp_path_factory.mktemp("astronaut")
    picture = Image.open(EXAMPLES / "astronaut.jpg").convert("RGB")
    picture.save(folder / "a.png")
    picture.resize((picture.width * 3 // 4, picture.height * 3 // 4)).save(folder / "b.png")
    return folder


def test_a_voice_is_compared_with_the_same_reader(tmp_path: Path, voices: Path) -> None:
    sound, rate = sf.read(EXAMPLES / "reading.flac", dtype="float32")
    suspect = tmp_path / "second.wav"
    sf.write(suspect, sound[len(sound) // 2 :], rate)
    done = run(tmp_path, "compare", suspect, "--reference", voices, "--json")
    assert done.returncode in (0, 3), done.stderr
    record = json.loads(done.stdout)
    found = next(row for row in record["findings"] if row["claim"] == "voice-identity")
    assert found["vote"] != "forged"
    assert found["subject"] == voices.name
    assert found["series"][0]["times"]


def test_profiles_are_enrolled_shown_used_exported_and_deleted(
    tmp_path: Path, voices: Path
) -> None:
    done = run(tmp_path, "profile", "enrol", "reader", "--from", voices, "--json")
    assert done.returncode == 0, done.stderr
    value = json.loads(done.stdout)
    assert value["speech_seconds"] >= 3
    assert value["sources"] == ["first.wav"]
    assert {item["source"] for item in value["left_out"]} == {"nothing.wav", "letter.txt"}
    assert not value["encrypted"]
    again = run(tmp_path, "profile", "enrol", "reader", "--from", voices)
    assert again.returncode == 4
    assert "--replace" in one_line(again)
    assert "reader" in run(tmp_path, "profile", "list").stdout
    copy = tmp_path / "copy.profile"
    assert run(tmp_path, "profile", "export", "reader", copy).returncode == 0
    answers = {
        run(tmp_path, "compare", EXAMPLES / "reading.flac", "--reference", one).returncode
        for one in ("reader", copy)
    }
    assert len(answers) == 1
    assert answers <= {0, 3}
    assert run(tmp_path, "profile", "delete", "reader").returncode == 0
    gone = run(tmp_path, "profile", "show", "reader")
    assert gone.returncode == 4
    assert "reader" in one_line(gone)


def test_an_encrypted_profile_opens_with_its_passphrase_only(tmp_path: Path, voices: Path) -> None:
    key = {"UNMASK_PASSPHRASE": "one two three"}
    assert run(tmp_path, "profile", "enrol", "r", "--from", voices, **key).returncode == 0
    assert "first.wav" not in (tmp_path / "profiles" / "r.profile").read_bytes().decode("latin-1")
    assert run(tmp_path, "profile", "show", "r", **key).returncode == 0
    assert "UNMASK_PASSPHRASE" in one_line(run(tmp_path, "profile", "show", "r"))
    wrong = run(tmp_path, "profile", "show", "r", UNMASK_PASSPHRASE="four")
    assert wrong.returncode == 4


def test_references_that_do_not_suffice_are_refused_in_a_line(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    done = run(tmp_path, "compare", EXAMPLES / "reading.flac", "--reference", empty)
    assert done.returncode == 4
    assert "there are no files" in one_line(done)
    done = run(tmp_path, "compare", EXAMPLES / "reading.flac", "--reference", "nobody")
    assert done.returncode == 4
    assert "'nobody'" in one_line(done)


def test_references_of_another_sense_are_refused_in_a_line(tmp_path: Path, voices: Path) -> None:
    done = run(tmp_path, "compare", EXAMPLES / "astronaut.jpg", "--reference", voices)
    assert done.returncode == 4
    assert "do not suffice for this file" in one_line(done)


def test_a_face_fits_its_own_photographs(tmp_path: Path, faces: Path) -> None:
    page = tmp_path / "page.html"
    done = run(
        tmp_path, "compare", EXAMPLES / "astronaut.jpg", "--reference", faces, "--html", page
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "The face fits astronaut" in done.stdout
    text = page.read_text(encoding="utf-8")
    assert "Probability of another person" in text
    assert "Probability of forgery" not in text


def test_a_picture_without_a_face_is_inconclusive(tmp_path: Path, faces: Path) -> None:
    done = run(tmp_path, "compare", EXAMPLES / "coffee.jpg", "--reference", faces)
    assert done.returncode == 3, done.stdout + done.stderr
    assert "no face was found" in done.stdout


def test_python_compares_too(voices: Path) -> None:
    import unmask

    report = unmask.compare(EXAMPLES / "reading.flac", voices)
    assert report.settings["reference"] == str(voices)
    assert {finding.analyzer for finding in report.findings} == {"identity"}
