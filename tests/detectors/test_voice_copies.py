"""Copies by a tool keep their recording's timing, and scenes lay in the stretch they cover."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch", reason="the research wing is not installed")
soundfile = pytest.importorskip("soundfile")

sys.path.insert(0, str(Path(__file__).parents[1] / "voices"))

from voice_samples import speech  # noqa: E402

from unmask.detectors.audio.unmask_voice import cuts, scenes  # noqa: E402
from unmask.detectors.audio.unmask_voice.items import read_items  # noqa: E402
from unmask.detectors.audio.unmask_voice.material import copy  # noqa: E402
from unmask.detectors.audio.unmask_voice.spectra import RATE, STEP  # noqa: E402
from unmask.types import Samples  # noqa: E402


class Echo(copy.Networks):
    """In place of the networks: features carry the samples, speaking turns them upside down."""

    def __init__(self) -> None:
        pass

    def features(self, samples: Samples) -> NDArray[np.float32]:
        self.heard = samples
        return np.zeros((samples.size // 160, 36), np.float32)

    def speak(self, features: NDArray[np.float32], size: int) -> Samples:
        return -self.heard[:size]

    def dred(self, samples: Samples, rng: np.random.Generator) -> Samples:
        return -samples


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three recordings of one speaker, one of them long, one fake, one kept for the test."""
    folder: Path = tmp_path_factory.mktemp("copies")
    rows = []
    for number, (seconds, label, split) in enumerate(
        [(2.2, "real", "train"), (2.2, "real", "train"), (6.0, "real", "train"),
         (2.2, "fake", "train"), (2.2, "real", "unseen")]
    ):  # fmt: skip
        name = f"r{number}.wav"
        soundfile.write(folder / name, speech(seconds, seed=number + 3), RATE)
        rows.append(
            {"path": name, "kind": "audio", "label": label, "source": "one", "split": split,
             "subject": "one", "group": f"g{number}", "method": "tts"}
        )  # fmt: skip
    (folder / "manifest.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert copy.copies(folder, Echo()) == 12
    return folder


def test_every_real_training_recording_is_copied_by_every_tool_and_once(data: Path) -> None:
    rows = [json.loads(line) for line in (data / "manifest.jsonl").read_text().splitlines()]
    made = [row for row in rows if row.get("copy_of")]
    assert len(rows) == 5 + 12
    assert {row["method"] for row in made} == set(copy.TOOLS)
    assert {row["copy_of"] for row in made} == {"r0.wav", "r1.wav", "r2.wav"}
    assert all(row["label"] == "fake" for row in made)
    assert copy.copies(data, Echo()) == 12
    assert len((data / "manifest.jsonl").read_text().splitlines()) == 17


def test_a_copy_is_as_long_and_as_loud_as_its_recording(data: Path) -> None:
    for number, seconds in ((0, 2.2), (2, 6.0)):
        real, _ = soundfile.read(data / f"r{number}.wav")
        fake, _ = soundfile.read(data / f"copies/fargan/r{number}.flac")
        assert fake.size == real.size == round(seconds * RATE)
        assert np.sqrt(np.mean(fake**2)) == pytest.approx(np.sqrt(np.mean(real**2)), rel=0.02)
        assert np.corrcoef(real, fake)[0, 1] < -0.95


def test_what_the_copy_fills_above_the_recording_is_taken_away(data: Path) -> None:
    rng = np.random.default_rng(0)
    low = np.convolve(rng.standard_normal(RATE), np.hanning(40) / 20, "same").astype(np.float32)
    wide = rng.standard_normal(RATE).astype(np.float32)
    assert copy._edge(low) < 2500
    assert copy._edge(wide) == RATE / 2


def test_a_scene_lays_in_the_very_stretch_that_was_copied(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scenes, "FORGED", {"copied": 1.0})
    monkeypatch.setattr(scenes, "launder", lambda samples, *rest: samples)
    items = [item for item in read_items(data) if item.split == "train"]
    stage = scenes.Stage(items, {}, seed=2)
    found = 0
    for index in range(40):
        scene = stage.scene(index)
        if len(scene.systems) != 1 or scene.systems[0] not in copy.TOOLS:
            continue
        inside = np.flatnonzero(scene.frames == 1)
        if inside.size < 8:
            continue
        piece = scene.samples[(inside[0] + 2) * STEP : (inside[-1] - 1) * STEP]
        origins = [-soundfile.read(data / f"r{n}.wav", dtype="float32")[0] for n in range(3)]
        best = max(float(_match(piece, origin)) for origin in origins)
        if not (scene.frames == cuts.IGNORED).any():
            found += best > 0.9
    assert found >= 3


def _match(piece: Samples, origin: Samples) -> float:
    """Highest normalised correlation of a piece with a recording."""
    if piece.size > origin.size:
        return 0.0
    product = np.correlate(origin, piece, "valid")
    total = np.concatenate([[0.0], np.cumsum(origin.astype(np.float64) ** 2)])
    energy = np.sqrt(np.maximum(total[piece.size :] - total[: -piece.size], 1e-12))
    return float((product / energy).max() / np.sqrt(np.sum(piece**2)))
