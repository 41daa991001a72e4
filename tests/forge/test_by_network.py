"""Conditions that run a network of the user's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from made_network import network
from unmask.bench.perturb import applies, conditions, over_picture, over_sound
from unmask.catalog import catalog
from unmask.cli.app import main
from unmask.datasets.adapter import medium
from unmask.errors import ModelError, SettingError
from unmask.forge.by_network import Network, using

PIXELS = np.full((20, 30, 3), 50, np.uint8)
WAVE = np.sin(np.arange(4800) / 20).astype(np.float32)


@pytest.mark.parametrize("shape", [[1, 3, "h", "w"], [1, 3, 16, 16]])
def test_a_picture_is_restored_by_shares(tmp_path: Path, shape: list[str | int]) -> None:
    with using(network(tmp_path / "r.onnx", shape, 3.0)) as said:
        whole, part = (over_picture(f"restore@{s}", PIXELS) for s in (5, 1))
    assert whole.shape == part.shape == PIXELS.shape
    assert np.all(whole == 150)
    assert np.all(part == 70)  # a fifth of the way
    assert len(said) == 1
    assert "r.onnx" in said[0]


@pytest.mark.parametrize("shape", [[1, "t"], [1, 1, "t"]])
def test_a_recording_is_enhanced_at_the_rate_of_the_network(
    tmp_path: Path, shape: list[str | int]
) -> None:
    with using(enhancer=network(tmp_path / "e.onnx", shape, 0.5), rate=16000):
        out = over_sound("enhance@5", WAVE, 48000, "a")
    assert out.shape == WAVE.shape
    assert out[500:4000] == pytest.approx(WAVE[500:4000] / 2, abs=0.01)


def test_where_they_apply() -> None:
    assert conditions(["restore", "enhance"], [2]) == ["restore@2", "enhance@2"]
    picture, sound = medium("a.png", 0), medium("a.wav", 0)
    assert [applies("restore@2", one) for one in (picture, sound)] == [True, False]
    assert [applies("enhance@2", one) for one in (picture, sound)] == [False, True]
    assert "perturbation:dfdnet-restore" in {entry.key for entry in catalog()}


def test_without_a_network_they_say_how_to_name_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SettingError, match="--restorer"):
        over_picture("restore@3", PIXELS)
    with using(network(tmp_path / "r.onnx", [1, 3, "h", "w"], 1.0)):
        over_picture("restore@3", PIXELS)
    with pytest.raises(SettingError, match="--restorer"):  # nothing is left behind
        over_picture("restore@3", PIXELS)
    words = ["--detector", "npr", "--data", str(tmp_path), "--perturb", "enhance"]
    with pytest.raises(SystemExit) as ended:
        main(["bench", "run", "mini", *words])
    assert ended.value.code == 4
    assert "--enhancer FILE.onnx" in capsys.readouterr().err


def test_a_network_that_cannot_do_it_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no network"):
        Network(tmp_path / "none.onnx")
    sound = network(tmp_path / "s.onnx", [1, "t"], 1.0)
    with pytest.raises(ModelError, match="height"):
        Network(sound)
    with pytest.raises(ModelError, match="samples"):
        Network(network(tmp_path / "p.onnx", [1, 3, "h", "w"], 1.0), 16000)
    broken = Network(network(tmp_path / "nan.onnx", [1, 3, "h", "w"], float("nan")))
    with pytest.raises(ModelError, match="no number"):
        broken.picture(PIXELS)
