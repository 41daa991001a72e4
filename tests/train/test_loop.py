"""The loop on a toy task: it learns, keeps the best, logs, and resumes to the same weights."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import Tensor, nn
from toy import Toy, recipe, weights, whole

from unmask.errors import DataError, ModelError, SettingError
from unmask.train.ema import Average
from unmask.train.loop import FitResult, fit
from unmask.train.recipe import read_recipe
from unmask.train.task import Batch


def run(out: Path, **changes: object) -> FitResult:
    result = fit(Toy(recipe(**changes), out), out)
    assert result
    return result


def test_it_learns_logs_and_exports_what_it_kept(tmp_path: Path) -> None:
    result = run(tmp_path)
    assert result.best["select"] > 0.9
    assert result.samples == 1600
    log = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    assert [line["samples"] for line in log] == [400, 800, 1200, 1600]
    assert result.best["select"] == max(line["select"] for line in log)
    assert log[0]["train_loss"] > log[-1]["train_loss"] > 0
    assert log[-1]["per_second"] > 0
    best = torch.load(tmp_path / "best.pt", weights_only=True)
    given = torch.load(result.onnx, weights_only=True)
    assert all(torch.equal(given[name], best[name]) for name in best)


def test_curves_are_a_table_and_a_board(tmp_path: Path) -> None:
    run(tmp_path)
    table = pq.read_table(tmp_path / "curves.parquet").to_pylist()
    loss = [row["value"] for row in table if row["name"] == "train/loss"]
    assert len(loss) == 100  # one point a step: the run is short
    assert sum(loss[-10:]) < sum(loss[:10])
    board = EventAccumulator(str(tmp_path / "tensorboard"))
    board.Reload()
    assert [event.step for event in board.Scalars("val/select")] == [400, 800, 1200, 1600]


def test_the_last_weights_can_be_kept_instead(tmp_path: Path) -> None:
    result = run(tmp_path, keep="last")
    given = torch.load(result.onnx, weights_only=True)
    last = torch.load(tmp_path / "last.pt", weights_only=True)["average"]
    assert all(torch.equal(given[name], last[name]) for name in last)


class Interrupted(Exception):
    pass


def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path: Path) -> None:
    fit(Toy(whole(), tmp_path), tmp_path / "whole")

    def stop(done: int, of: int, log: dict[str, float]) -> None:
        if done == 1008:
            raise Interrupted

    with pytest.raises(Interrupted):
        fit(Toy(whole(), tmp_path), tmp_path / "parts", stop)
    fit(Toy(whole(), tmp_path), tmp_path / "parts")
    for name, value in weights(tmp_path / "whole").items():
        assert torch.equal(value, weights(tmp_path / "parts")[name]), name
    one, two = (pq.read_table(tmp_path / part / "curves.parquet") for part in ("whole", "parts"))
    assert one == two  # no point twice, none lost
    lines = (tmp_path / "parts" / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["samples"] for line in lines] == [400, 800, 1200, 1600]


def test_a_folder_of_another_run_is_refused(tmp_path: Path) -> None:
    run(tmp_path, samples=16)
    with pytest.raises(DataError, match=r"settings\.norm was None and is True"):
        run(tmp_path, settings={"norm": True})
    with pytest.raises(DataError, match="does not fit the recipe"):
        fit(Toy(recipe(samples=16, settings={"norm": True}), tmp_path), tmp_path, mode="resume")


def test_parts_of_a_batch_give_the_same_as_the_whole(tmp_path: Path) -> None:
    run(tmp_path / "one")
    run(tmp_path / "four", accumulate=4)
    for name, value in weights(tmp_path / "one").items():
        torch.testing.assert_close(value, weights(tmp_path / "four")[name], rtol=1e-3, atol=1e-4)


def test_it_stops_when_validation_gets_no_better(tmp_path: Path) -> None:
    class Stuck(Toy):
        def validate(self, network: nn.Module) -> dict[str, float]:
            return {"select": 0.5}

    result = fit(Stuck(recipe(patience=2), tmp_path), tmp_path)
    assert result
    assert result.samples == 1200  # the first is the best; two more are no better


def test_mixed_precision_learns_as_well(tmp_path: Path) -> None:
    seen: list[torch.dtype] = []

    class Watched(Toy):
        def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
            seen.append(network(batch["x"]).dtype)
            return super().loss(network, batch)

    result = fit(Watched(recipe(precision="bf16"), tmp_path), tmp_path)
    assert result
    assert set(seen) == {torch.bfloat16}
    assert result.best["select"] > 0.9


@pytest.mark.skipif(torch.cuda.is_available(), reason="the error is one of processors")
def test_sixteen_bits_without_a_gpu_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="needs a GPU"):
        run(tmp_path, precision="16")


def test_a_loss_that_is_no_number_ends_the_run(tmp_path: Path) -> None:
    class Broken(Toy):
        def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
            loss, values = super().loss(network, batch)
            return loss * float("nan"), values

    with pytest.raises(ModelError, match="loss is nan after 0 samples"):
        fit(Broken(recipe(), tmp_path), tmp_path)


def test_a_batch_that_does_not_divide_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="16 does not divide among 3 processes"):
        fit(Toy(recipe(), tmp_path), tmp_path, processes=3)


def test_the_average_follows_and_lags() -> None:
    network = nn.Linear(1, 1)
    average = Average(network, 0.9)
    before = average.network.weight.item()
    with torch.no_grad():
        network.weight += 1
    for _ in range(200):
        average.update(network)
    assert before < average.network.weight.item() <= network.weight.item()
    assert average.network.weight.item() == pytest.approx(network.weight.item(), abs=1e-3)


def test_a_malformed_recipe_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "recipe.toml"
    path.write_text('name = "x"\nsampels = 3\n')
    with pytest.raises(DataError) as caught:
        read_recipe(path)
    assert "\n" not in str(caught.value)
    assert "sampels" in str(caught.value)


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"batch": 10, "accumulate": 4}, "does not divide"),
        ({"samples": 8}, "under one batch"),
        ({"strategies": ["sam", "sam"]}, "named twice"),
        ({"strategy": {"sam": {"rho": 0.1}}}, "does not name 'sam'"),
    ],
)
def test_recipes_that_cannot_work_are_refused(values: dict[str, object], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        recipe(**values)


def test_another_recipe_in_the_same_folder_is_refused_and_nothing_is_written(
    tmp_path: Path,
) -> None:
    run(tmp_path, samples=160)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    with pytest.raises(DataError, match=r"seed was 0 and is 3.*--resume.*--fresh"):
        run(tmp_path, samples=160, seed=3)
    with pytest.raises(DataError, match=r"optimiser\.rate was 0\.05 and is 0\.01"):
        run(tmp_path, samples=160, optimiser={"rate": 0.01, "ema": 0.9})
    with pytest.raises(DataError, match="another method: name was 'toy' and is 'other'"):
        fit(Toy(recipe(samples=160, name="other"), tmp_path), tmp_path, mode="resume")
    after = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
    assert after == before


def test_what_does_not_change_the_training_may_change(tmp_path: Path) -> None:
    run(tmp_path, samples=160)
    assert run(tmp_path, samples=160, threads=2, accumulate=2).samples == 160


def test_other_data_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "manifest.jsonl").write_text("{}\n")
    fit(Toy(recipe(samples=160), data), tmp_path / "out")
    (data / "manifest.jsonl").write_text('{"more": 1}\n')
    with pytest.raises(DataError, match="holds another run: data was"):
        fit(Toy(recipe(samples=160), data), tmp_path / "out")


def test_resume_goes_on_under_changed_values_and_says_so(tmp_path: Path) -> None:
    run(tmp_path, samples=160)
    result = fit(Toy(recipe(samples=320), tmp_path), tmp_path, mode="resume")
    assert result
    assert result.samples == 320
    about = json.loads((tmp_path / "run.json").read_text())
    assert about["changes"] == [{"samples": 160, "changed": {"samples": [160, 320]}}]
    assert read_recipe(tmp_path / "recipe.json").samples == 320
    with pytest.raises(DataError, match=r"no run in .* to go on with"):
        fit(Toy(recipe(), tmp_path), tmp_path / "empty", mode="resume")


def test_fresh_begins_anew_and_deletes_what_a_run_wrote_alone(tmp_path: Path) -> None:
    run(tmp_path / "one", samples=160, seed=3)
    run(tmp_path / "two", samples=160)
    (tmp_path / "two" / "notes.txt").write_text("mine")
    fit(Toy(recipe(samples=160, seed=3), tmp_path), tmp_path / "two", mode="fresh")
    ours = weights(tmp_path / "two")
    for name, value in weights(tmp_path / "one").items():
        assert torch.equal(value, ours[name]), name
    assert len((tmp_path / "two" / "log.jsonl").read_text().splitlines()) == 1
    assert (tmp_path / "two" / "notes.txt").read_text() == "mine"
