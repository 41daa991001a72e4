"""Made answers of a call: a voice, a whisper, claps, a hum, a glide; each does what was asked."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from unmask.cli.app import main
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.voices.challenges import CHALLENGES, complied, hear

RATE = 16_000
TIME = np.arange(2 * RATE) / RATE
RNG = np.random.default_rng(0)


def voice(low: float = 120.0, high: float = 130.0, top: float = 3500.0) -> np.ndarray:
    """Harmonics of a gliding pitch up to ``top``, in syllables."""
    pitch = low * (high / low) ** (TIME / TIME[-1])
    phase = 2 * np.pi * np.cumsum(pitch) / RATE
    parts = [np.sin(n * phase) / n**0.5 for n in range(1, int(top / high) + 1)]
    syllables = 0.2 + 0.8 * (np.sin(2 * np.pi * 3 * TIME) > -0.3)
    return 0.1 * np.sum(parts, axis=0) * syllables


def whisper() -> np.ndarray:
    rough = RNG.standard_normal(len(TIME))
    return 0.1 * rough * (0.2 + 0.8 * (np.sin(2 * np.pi * 3 * TIME) > -0.3))


def claps() -> np.ndarray:
    out = 0.3 * voice()
    for at in (0.4, 1.0, 1.5):
        start = round(at * RATE)
        fade = np.exp(-np.arange(1600) / 200)
        out[start : start + 1600] += 0.9 * fade * RNG.standard_normal(1600)
    return out


MADE = {
    "read": voice(), "whisper": whisper(), "clap": claps(), "hum": voice(150, 200, top=600),
    "sweep": voice(110, 260),
}  # fmt: skip


@pytest.mark.parametrize("name", MADE)
def test_what_was_asked_is_heard(name: str) -> None:
    assert complied(name, hear(MADE[name].astype(np.float32), RATE)) is True


@pytest.mark.parametrize(
    ("asked", "given"),
    [("whisper", "read"), ("clap", "read"), ("hum", "read"), ("sweep", "read"), ("read", "whisper"),
     ("hum", "whisper"), ("clap", "whisper"), ("sweep", "hum")],
)  # fmt: skip
def test_what_was_not_done_is_not(asked: str, given: str) -> None:
    assert complied(asked, hear(MADE[given].astype(np.float32), RATE)) is False


def test_where_sound_cannot_tell_nothing_is_claimed() -> None:
    assert complied("pace", hear(MADE["read"].astype(np.float32), RATE)) is None
    silence = hear(np.zeros(RATE, np.float32), RATE)
    assert all(complied(name, silence) is False for name in CHALLENGES)


def test_a_glide_is_measured_in_semitones() -> None:
    assert hear(voice(110, 220).astype(np.float32), RATE).semitones == pytest.approx(10.8, abs=0.6)


def test_a_user_learns_who_did_not_do_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = []
    for name, given in (("whisper", "whisper"), ("clap", "read"), ("pace", "read")):
        path = f"{name}.wav"
        soundfile.write(tmp_path / path, MADE[given], RATE)
        rows.append(Item(path, "call", path, "audio", 0, split="test", condition=name))
    write_manifest(tmp_path / "m.parquet", Manifest(tmp_path, tuple(rows), "calls"))
    with pytest.raises(SystemExit) as ended:
        main(["data", "comply", str(tmp_path / "m.parquet"), "--json"])
    assert ended.value.code == 1
    said = {row["challenge"]: row["done"] for row in json.loads(capsys.readouterr().out)}
    assert said == {"whisper": True, "clap": False, "pace": None}
