"""A published method trained from a manifest by the command, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnxruntime as ort
import pytest
import torch
from PIL import Image

from unmask.cli.app import main
from unmask.datasets.manifest import Item, Manifest, read_manifest, write_manifest
from unmask.errors import DataError
from unmask.train.methods import MethodTask
from unmask.train.recipe import Optimiser, Recipe, changed

RECIPE = Recipe(
    name="mesonet", task="unmask.train.methods:MethodTask", samples=16, batch=8, workers=0,
    validate_every=16, optimiser=Optimiser(rate=1e-3, ema=0),
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Faces of smooth colours; the forged ones are noisy. Three splits, no group in two."""
    folder = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    items = []
    for number in range(24):
        label = number % 2
        pixels = np.full((64, 64, 3), 40 + 5 * number, np.float32)
        pixels += rng.normal(0, 60 * label, pixels.shape)
        name = f"{number}.png"
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / name)
        split = ("train", "train", "val", "test")[number // 2 % 4]
        items.append(
            Item(
                item_id=name, media_id=f"video {number // 4} {label}", path=name, kind="image",
                label=label, source="b" if number > 19 else "a", group=f"{split} {number}",
                split=split, face=(8.0, 8.0, 48.0, 48.0),
            )
        )  # fmt: skip
    write_manifest(folder / "manifest.parquet", Manifest(folder, tuple(items)))
    return folder


def changed_manifest(data: Path, folder: Path, **values: object) -> Path:
    """The manifest elsewhere, with other values in all items of the split ``val``."""
    manifest = read_manifest(data)
    items = tuple(
        replace(item, **values) if item.split == "val" else item  # type: ignore[arg-type]
        for item in manifest
    )
    return write_manifest(folder / "manifest.parquet", Manifest(manifest.root, items))


def test_the_command_trains_a_method_and_leaves_a_model(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "run"
    path = tmp_path / "recipe.toml"
    path.write_text(
        'name = "mesonet"\ntask = "unmask.train.methods:MethodTask"\nsamples = 16\nbatch = 8\n'
        'workers = 0\nvalidate_every = 16\n[optimiser]\nname = "adam"\nema = 0.5\n'
        "[settings.augment]\nflip = 0.5\nlaunder = 0.5\n"
    )
    with pytest.raises(SystemExit) as ended:
        main(["train", str(path), "--data", str(data), "--out", str(out), "--json"])
    assert not ended.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["samples"] == 16
    assert 0 <= told["validation"]["eer"] <= 1
    assert "select" not in told["validation"]  # one number under one name
    assert told["chosen_by"] == "highest auc"
    session = ort.InferenceSession(out / "weights.onnx")
    face = np.zeros((5, 3, 256, 256), np.float32)
    assert session.run(["logit"], {"face": face})[0].shape == (5,)
    assert json.loads((out / "recipe.json").read_text())["optimiser"]["name"] == "adam"
    names = {file.name for file in out.iterdir()}
    assert {"best.pt", "last.pt", "log.jsonl", "curves.parquet", "tensorboard"} <= names
    # The next run starts from these weights.
    task = MethodTask(changed(RECIPE, init=str(out / "best.pt")), data)
    kept = torch.load(out / "best.pt", weights_only=True)
    started = task.network().state_dict()
    assert all(torch.equal(started[name], value) for name, value in kept.items())


def test_training_sees_the_train_split_and_validation_val(data: Path) -> None:
    task = MethodTask(RECIPE, data)
    train = {int(task.samples()[i]["index"]) for i in range(16)}
    items = task.manifest.select(split="train").items
    assert {items[place].split for place in train} == {"train"}
    assert len(train) == 12

    class Seen(torch.nn.Module):
        """Knows noise from flat colour."""

        def __init__(self) -> None:
            super().__init__()
            self.count = 0
            self.weight = torch.nn.Parameter(torch.ones(()))

        def forward(self, face: torch.Tensor) -> dict[str, torch.Tensor]:
            self.count += len(face)
            return {"logit": face.std((1, 2, 3)) * self.weight}

    network = Seen()
    found = {"select": 1.0, "auc": 1.0, "eer": 0.0, "balanced_accuracy": 0.5}
    assert task.validate(network) == found
    assert network.count == 6
    few = MethodTask(changed(RECIPE, settings={"validation": 4}), data)
    network.count = 0
    few.validate(network)
    assert network.count == 4


def test_choosing_on_the_test_split_is_refused(data: Path) -> None:
    with pytest.raises(DataError, match="must not be chosen on the split 'test'"):
        MethodTask(changed(RECIPE, select="test"), data)


def test_a_manifest_without_validation_is_refused(data: Path, tmp_path: Path) -> None:
    path = changed_manifest(data, tmp_path, split="train")
    with pytest.raises(DataError, match="has no item in the split 'val'"):
        MethodTask(RECIPE, path)
    path = changed_manifest(data, tmp_path, label=0)
    with pytest.raises(DataError, match="only one class in the split 'val'"):
        MethodTask(RECIPE, path)


def test_a_method_that_makes_its_fakes_needs_reals_alone(data: Path, tmp_path: Path) -> None:
    path = changed_manifest(data, tmp_path, label=0)
    task = MethodTask(changed(RECIPE, name="sbi"), path)
    assert {item.label for item in task.manifest.select(split="val")} == {0}


def test_a_group_in_two_splits_is_refused(data: Path, tmp_path: Path) -> None:
    path = changed_manifest(data, tmp_path, group="train 0")
    with pytest.raises(DataError, match="'train 0' stands in the splits 'train' and 'val'"):
        MethodTask(RECIPE, path)


def test_a_source_can_be_left_out(data: Path) -> None:
    task = MethodTask(changed(RECIPE, leave_out="b"), data)
    assert {item.source for item in task.manifest} == {"a"}
    with pytest.raises(DataError, match="No item of the manifest comes from 'c'"):
        MethodTask(changed(RECIPE, leave_out="a, c"), data)
