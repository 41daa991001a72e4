"""Running a protocol over made pictures with MesoNet, whose faces the manifest names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from PIL import Image

from made_network import network
from unmask.bench.order import Order
from unmask.bench.own.shipped import ShippedScorer
from unmask.bench.perturb import (
    HEARING,
    SIGHT,
    applies,
    conditions,
    over_picture,
    over_sound,
)
from unmask.bench.protocol import Protocol
from unmask.bench.run import run
from unmask.bench.score import _places, kinds_of
from unmask.datasets.manifest import Item, Manifest, read_manifest, write_manifest
from unmask.errors import DataError, SettingError, UnknownName
from unmask.metrics.outcomes import Outcome, read_outcomes
from unmask.train.loop import FitResult
from unmask.train.method import method_named

EXAMPLES = Path(__file__).parents[2] / "examples"
PROTOCOL = Protocol.model_validate(
    {
        "name": "own", "title": "t", "source": "s", "kinds": ["image", "audio"],
        "metrics": ["auc"], "threshold": "val",
        "train": {"where": {"split": "train"}, "samples": 8},
        "val": {"where": {"split": "val"}},
        "test": [{"name": "near", "where": {"split": "test"}}],
    }
)  # fmt: skip


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two pictures of each class and split, with a face in each, and one that is broken."""
    root = tmp_path_factory.mktemp("data")
    rng = np.random.default_rng(0)
    rows = []
    for split in ("train", "val", "test"):
        for n in range(4):
            path = f"{split}{n}.png"
            Image.fromarray(rng.integers(0, 255, (80, 80, 3), np.uint8)).save(root / path)
            rows.append(
                Item(path, path, path, "image", n % 2, split=split, group=path,
                     face=(10.0, 10.0, 50.0, 50.0))
            )  # fmt: skip
    (root / "broken.png").write_bytes(b"no picture")
    rows.append(replace(rows[-1], item_id="broken", media_id="broken", path="broken.png"))
    return write_manifest(root / "manifest.parquet", Manifest(root, tuple(rows), "made"))


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """MesoNet with random weights."""
    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "random.pt"
    torch.save(method_named("mesonet")().network().state_dict(), path)
    return path


def order(data: Path, folder: Path, **more: Any) -> Order:
    return Order("mesonet", [data], folder / "results", folder / "runs", **more)


def test_a_run_and_a_second_one(data: Path, weights: Path, tmp_path: Path) -> None:
    said: list[tuple[str, int, int]] = []
    with pytest.warns(UserWarning, match="broken.png"):
        ran = run(PROTOCOL, order(data, tmp_path, weights=weights), lambda *a: said.append(a))
    path, count = ran.path, ran.rows
    assert path == tmp_path / "results" / "own" / "mesonet.parquet"
    assert count == 8
    assert said[-1] == ("val", 4, 4)
    first = read_outcomes(path)
    assert {(row.test, row.condition) for row in first.rows} == {
        ("near", "clean"),
        ("val", "clean"),
    }
    assert first.about["left_out"] == {"near": 1}
    assert first.about["origin"] == "given"
    again = order(
        data, tmp_path, weights=weights, conditions=["jpeg@5"], perturbed_most=1, clean=False
    )
    run(PROTOCOL, again)
    second = read_outcomes(path)
    assert second.rows[:8] == first.rows
    changed = [row for row in second.rows if row.condition == "jpeg@5"]
    assert sorted(row.label for row in changed) == [0, 1]
    clean = {row.item_id: row.score for row in first.rows}
    assert all(abs(row.score - clean[row.item_id]) > 1e-7 for row in changed)


def test_a_network_of_the_users_launders_items_and_is_named(
    data: Path, weights: Path, tmp_path: Path
) -> None:
    named = network(tmp_path / "restorer.onnx", [1, 3, "h", "w"], 0.5)
    asked = order(
        data, tmp_path, weights=weights, conditions=["restore@5"], perturbed_most=1, restorer=named
    )
    with pytest.warns(UserWarning, match="broken.png"):
        path = run(PROTOCOL, asked).path
    found = read_outcomes(path)
    clean = {row.item_id: row.score for row in found.rows if row.condition == "clean"}
    dark = [row for row in found.rows if row.condition == "restore@5"]
    assert sorted(row.label for row in dark) == [0, 1]
    assert all(abs(row.score - clean[row.item_id]) > 1e-7 for row in dark)
    assert any("restorer.onnx, sha256" in note for note in found.about["notes"])


def test_other_weights_replace_all_rows(data: Path, weights: Path, tmp_path: Path) -> None:
    path = run(PROTOCOL, order(data, tmp_path, weights=weights, conditions=["blur@3"])).path
    assert len(read_outcomes(path).rows) == 12
    torch.manual_seed(1)
    other = tmp_path / "other.pt"
    torch.save(method_named("mesonet")().network().state_dict(), other)
    run(PROTOCOL, order(data, tmp_path, weights=other))
    assert len(read_outcomes(path).rows) == 8


def test_training_sees_no_test_item(
    data: Path, weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: dict[str, Any] = {}

    def fit(task: Any, out: Path, progress: Any) -> FitResult:
        seen["runs"] = seen.get("runs", 0) + 1
        seen["splits"] = {item.split for item in read_manifest(out / "manifest.parquet")}
        seen["recipe"] = task.recipe
        progress(8, 8, {})
        return FitResult(weights, {"auc": 0.5}, 8, 1.0)

    monkeypatch.setattr("unmask.train.loop.fit", fit)
    path = run(PROTOCOL, order(data, tmp_path, train=True, name="trained")).path
    assert seen["splits"] == {"train", "val"}
    assert (seen["recipe"].samples, seen["recipe"].batch, seen["recipe"].keep) == (8, 8, "best")
    about = read_outcomes(path).about
    assert (about["detector"], about["origin"], about["samples"]) == ("trained", "trained", 8)
    run(PROTOCOL, order(data, tmp_path, train=True, name="trained", conditions=["blur@1"]))
    assert seen["runs"] == 1  # a finished training is not made again
    assert len(read_outcomes(path).rows) == 12
    last = PROTOCOL.model_copy(update={"checkpoint": "last"})
    run(last, order(data, tmp_path, train=True))
    assert seen["recipe"].keep == "last"


def test_what_cannot_be_run_is_said(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path))
    with pytest.raises(DataError, match="needs weights: --train"):
        run(PROTOCOL, order(data, tmp_path))
    with pytest.raises(DataError, match="no weights at"):
        run(PROTOCOL, order(data, tmp_path, weights=tmp_path / "none.pt"))
    with pytest.raises(UnknownName, match="Did you mean 'mesonet'"):
        run(PROTOCOL, replace(order(data, tmp_path), detector="mesonett"))
    with pytest.raises(DataError, match="comes with its weights"):
        run(PROTOCOL, replace(order(data, tmp_path, train=True), detector="unmask_face"))
    bare = PROTOCOL.model_copy(update={"train": None})
    with pytest.raises(DataError, match=r"has no \[train\]"):
        run(bare, order(data, tmp_path, train=True))


def test_a_shipped_detector_is_run_as_a_scan_runs_it(tmp_path: Path) -> None:
    spoken, rate = soundfile.read(EXAMPLES / "reading.flac", dtype="float32")
    rows = []
    for n in range(2):
        soundfile.write(tmp_path / f"{n}.wav", spoken[3 * n * rate : 3 * (n + 1) * rate], rate)
        rows.append(Item(str(n), str(n), f"{n}.wav", "audio", n, split="test"))
    manifest = Manifest(tmp_path, tuple(rows), "voices")
    scorer = ShippedScorer("unmask_voice")
    assert "audio" in scorer.kinds
    clean = list(scorer.score(manifest, "clean", (), lambda done: None))
    coded = list(scorer.score(manifest, "mp3@5", (), lambda done: None))
    assert [row.label for row in clean] == [0, 1]
    assert [row.score for row in coded] != [row.score for row in clean]
    assert not applies("jpeg@5", manifest.items[0])
    with pytest.raises(UnknownName, match="claim"):
        ShippedScorer("unmask_voice", "face")


@pytest.mark.parametrize("name", SIGHT)
def test_severities_of_pictures_rise(name: str) -> None:
    y, x = np.mgrid[:64, :64]
    pixels = np.stack([x * 3, y * 3, (x * y) % 200], axis=2).astype(np.uint8)
    gaps = [
        float(np.abs(over_picture(f"{name}@{s}", pixels).astype(float) - pixels).mean())
        for s in (1, 3, 5)
    ]
    assert 0 < gaps[0] <= gaps[1] <= gaps[2]


@pytest.mark.parametrize("name", ["stretch", "pitch"])
def test_speed_and_pitch_move_further_and_further(name: str) -> None:
    amounts = [float(amount) for amount in HEARING[name]]
    steps = [abs(np.log2(a) if name == "stretch" else a / 12) for a in amounts]
    assert steps == sorted(steps)
    wave = np.sin(np.arange(16000) / 10).astype(np.float32)
    assert over_sound(f"{name}@1", wave, 16000, "a").shape == wave.shape


@pytest.mark.parametrize("name", sorted(set(HEARING) - {"stretch", "pitch"}))
def test_severities_of_sound_rise(name: str) -> None:
    rng = np.random.default_rng(0)
    wave = (0.2 * rng.standard_normal(16000)).astype(np.float32)
    gaps = []
    for severity in (1, 5):
        changed = over_sound(f"{name}@{severity}", wave, 16000, "a")
        assert changed.shape == wave.shape
        gaps.append(float(np.abs(changed - wave).mean()))
    assert 0 < gaps[0] < gaps[1]


def test_unknown_perturbations_are_said() -> None:
    assert conditions(["jpeg:5", "mp3"], [1]) == ["jpeg@5", "mp3@1"]
    assert conditions(["deeperforensics:3", "noise"], [3]) == [
        f"{name}@3"
        for name in ("saturation", "contrast", "blocks", "noise", "blur", "pixelate", "h264")
    ]
    sixteen = conditions(["audio-robustness:2"], [3])
    assert len(set(sixteen)) == 16
    assert all(condition.endswith("@2") for condition in sixteen)
    assert {condition.partition("@")[0] for condition in sixteen} == set(HEARING)
    with pytest.raises(SettingError, match="severity is 'x'"):
        conditions(["jpeg:x"], [1])
    assert conditions(["jpeg", "mp3"], [1, 5]) == ["jpeg@1", "jpeg@5", "mp3@1", "mp3@5"]
    with pytest.raises(UnknownName, match="Did you mean 'jpeg'"):
        conditions(["jpg"], [1])
    with pytest.raises(SettingError, match="1 to 5"):
        conditions(["jpeg"], [6])


def test_who_only_hears_judges_no_videos() -> None:
    assert kinds_of(method_named("aasist")()) == {"audio"}
    assert kinds_of(method_named("mesonet")()) == {"image", "video"}


def test_places_of_all_kinds_are_kept() -> None:
    items = [Item("a", "a", "a", "image", 1, generator="gan"), Item("b", "b", "b", "image", 0)]
    batch = {
        "mask": torch.tensor([[[1.0, 0.0], [0.0, 0.0]]] * 2),
        "masked": torch.tensor([1.0, 0.0]),
        "box": torch.tensor([[0.5, 0.5, 0.2, 0.2]] * 2),
        "types": torch.tensor([[1, 0, 0, 1]] * 2),
        "tokens": torch.tensor([[0, 1, -100]] * 2),
    }
    outputs = {
        "mask": torch.full((2, 1, 4, 4), 3.0),
        "box": torch.tensor([[0.5, 0.5, 0.2, 0.2]] * 2),
        "types": torch.zeros(2, 4),
        "tokens": torch.tensor([[[1.0, 0.0], [0.0, 2.0], [0.0, 0.0]]] * 2),
        "classes": torch.tensor([[0.1, 0.9]] * 2),
        "proposals": torch.tensor([[[0.9, 0.5, 1.0], [0.0, 0.0, 0.0]]] * 2),
    }
    first, second = _places(items, batch, outputs, ["vae", "gan"])
    assert sum(first["pixels"]) == 4
    assert "pixels" not in second
    assert first["tokens"] == (0, 1)
    assert first["token_scores"] == (-1.0, 2.0)
    assert first["proposals"] == ((pytest.approx(0.9), 0.5, 1.0),)
    assert first["class_number"] == 1
    assert "class_number" not in second
    row = Outcome("a", "a", "a", "t", "clean", 1, 0.0, **first)
    assert row.kinds == (1, 0, 0, 1)
    assert Order("x", [], Path(), Path()).filed == "x"
