"""SBI from a folder of real faces: it makes its forgeries, for training and for validation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from skimage import data

from unmask.cli.app import main

RECIPE = """
name = "sbi"
task = "unmask.train.methods:MethodTask"
samples = 4
batch = 2
workers = 1
validate_every = 4
strategies = ["sam"]
[optimiser]
name = "sgd"
ema = 0
[settings]
backbone = "test_efficientnet"
"""


def call(*words: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(words))
    assert not ended.value.code


def test_a_folder_of_reals_trains_sbi(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "photos"
    (folder / "real").mkdir(parents=True)
    face = data.astronaut()[:300, 80:380]
    for number in range(12):
        pixels = np.clip(face.astype(int) + 3 * number, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / "real" / f"{number}.png")
    call("data", "make", str(folder), "--out", str(folder))
    assert "real files alone train only methods" in capsys.readouterr().out
    recipe = tmp_path / "recipe.toml"
    recipe.write_text(RECIPE)
    out = tmp_path / "run"
    call("train", str(recipe), "--data", str(folder), "--out", str(out), "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["samples"] == 4
    assert 0 <= told["validation"]["auc"] <= 1
    assert (out / "weights.onnx").is_file()
    assert json.loads((out / "log.jsonl").read_text())["auc"] == told["validation"]["auc"]
