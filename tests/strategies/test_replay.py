"""The memory keeps each sample with the same chance, and less is forgotten with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import torch
from stand import begun
from torch import Tensor, nn
from torch.utils.data import Dataset
from toy import Toy, recipe

from unmask.errors import DataError, ModelError, SettingError
from unmask.strategies.base import Training
from unmask.strategies.replay import Replay
from unmask.train.loop import fit
from unmask.train.task import Batch


def numbered(first: int, count: int) -> Batch:
    values = torch.arange(first, first + count)
    return {"x": values.float()[:, None], "label": torch.zeros(count), "index": values}


def test_each_sample_has_the_same_chance_to_be_kept(tmp_path: Path) -> None:
    kept: Counter[int] = Counter()
    torch.manual_seed(0)
    for _ in range(300):
        one = begun(Replay, nn.Identity(), tmp_path, size=5)
        for first in range(0, 20, 4):
            one.batch(numbered(first, 4))
        found = one.state()["kept"]["x"][:, 0].int().tolist()
        assert len(set(found)) == 5
        kept.update(found)
    assert sum(kept.values()) == 1500
    assert all(45 < kept[n] < 110 for n in range(20))  # 75 each, 5 standard deviations


def test_a_batch_grows_by_what_was_seen_before(tmp_path: Path) -> None:
    one = begun(Replay, nn.Identity(), tmp_path, size=50, share=0.5)
    first = one.batch(numbered(0, 4))
    second = one.batch(numbered(100, 4))
    assert first["x"].shape == (4, 1)
    assert second["x"].shape == (6, 1)
    assert second["index"].tolist()[:4] == [100, 101, 102, 103]
    assert second["index"].tolist()[4:] == [-1, -1]
    assert set(second["x"][4:, 0].tolist()) <= {0.0, 1.0, 2.0, 3.0}


def test_what_does_not_fit_is_said(tmp_path: Path) -> None:
    one = begun(Replay, nn.Identity(), tmp_path)
    one.batch(numbered(0, 2))
    with pytest.raises(ModelError, match="one size"):
        one.batch({**numbered(0, 2), "x": torch.zeros(2, 7)})
    with pytest.raises(DataError, match="no memory at"):
        begun(Replay, nn.Identity(), tmp_path, memory="none.pt")
    (tmp_path / "other.pt").write_bytes(b"")
    torch.save({"a": 1}, tmp_path / "other.pt")
    with pytest.raises(DataError, match="no memory of an earlier run"):
        begun(Replay, nn.Identity(), tmp_path, memory=str(tmp_path / "other.pt"))


def test_several_processes_are_refused(tmp_path: Path) -> None:
    from unmask.strategies._chain import Chain

    chosen = recipe(strategies=["replay"])
    task = Toy(chosen, tmp_path)
    with pytest.raises(SettingError, match="one process"):
        Chain(chosen).begin(
            Training(task, nn.Identity(), tmp_path, torch.device("cpu"), steps=1, processes=2)
        )


class Quadrants(Dataset[Batch]):
    """Task 0: points to the right, forged when above; task 1: to the left, forged when below."""

    def __init__(self, task: int, seed: int, count: int) -> None:
        self.task, self.seed, self.count = task, seed, count

    def __len__(self) -> int:
        return self.count

    def __getitem__(self, index: int) -> Batch:
        rng = torch.Generator().manual_seed(self.seed * 100_003 + index)
        x = torch.randn(3, generator=rng)
        x[0] = x[0].abs() + 0.5 if self.task == 0 else -x[0].abs() - 0.5
        y = (x[1] > 0) == (self.task == 0)
        return {"x": x, "y": y.float(), "label": y.float()}


class Sequence(Toy):
    """One task of the two; ``settings.task`` says which, and ``settings.start`` its checkpoint."""

    def network(self) -> nn.Module:
        network = super().network()
        if start := self.recipe.settings.get("start"):
            network.load_state_dict(torch.load(str(start), weights_only=True))
        return network

    def samples(self) -> Dataset[Batch]:
        return Quadrants(int(self.recipe.settings["task"]), 1, self.recipe.samples)


def right(folder: Path, task: int) -> float:
    network = Toy(recipe(), folder).network()
    network.load_state_dict(torch.load(folder / "weights.onnx", weights_only=True))
    held = [Quadrants(task, 9, 300)[i] for i in range(300)]
    with torch.no_grad():
        said: Tensor = network.eval()(torch.stack([item["x"] for item in held]))[:, 0] > 0
    return float((said.float() == torch.stack([item["y"] for item in held])).float().mean())


def test_a_memory_keeps_the_first_task_alive(tmp_path: Path) -> None:
    one = {"keep": "last", "samples": 1600, "validate_every": 1600}
    fit(
        Sequence(recipe(**one, settings={"task": 0}, strategies=["replay"]), tmp_path),
        tmp_path / "first",
    )
    assert right(tmp_path / "first", 0) > 0.95
    second = {**one, "settings": {"task": 1, "start": str(tmp_path / "first" / "best.pt")}}
    table = {"replay": {"memory": str(tmp_path / "first" / "replay.pt")}}
    fit(Sequence(recipe(**second), tmp_path), tmp_path / "plain")
    fit(
        Sequence(recipe(**second, strategies=["replay"], strategy=table), tmp_path),
        tmp_path / "with",
    )
    assert right(tmp_path / "plain", 1) > 0.9
    assert right(tmp_path / "with", 1) > 0.9
    assert right(tmp_path / "with", 0) > right(tmp_path / "plain", 0) + 0.3
