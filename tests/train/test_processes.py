"""Real processes: one that is killed and goes on, and several that train as one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import torch
from toy import Toy, recipe, weights, whole

from unmask.train.loop import fit

TOY = str(Path(__file__).with_name("toy.py"))
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def test_a_killed_run_goes_on_to_the_same_weights_to_the_bit(tmp_path: Path) -> None:
    fit(Toy(whole(), tmp_path), tmp_path / "whole")
    out = tmp_path / "killed"
    killed = subprocess.Popen(
        [sys.executable, TOY, str(out), "1", "0.05"], env=ENVIRONMENT, start_new_session=True
    )
    begun = time.monotonic()
    while not (out / "last.pt").exists() and time.monotonic() - begun < 300:
        assert killed.poll() is None
        time.sleep(0.05)
    time.sleep(0.3)  # some steps beyond what was saved
    os.killpg(killed.pid, signal.SIGKILL)  # its worker with it
    assert killed.wait() == -signal.SIGKILL
    saved = torch.load(out / "last.pt", weights_only=True)["state"]
    assert 0 < saved["done"] < 1600
    with (out / "log.jsonl").open("a") as log:
        log.write('{"samples": 99')  # as if it had died while it wrote
    fit(Toy(whole(), tmp_path), out, mode="resume")  # without the pauses
    ours = weights(out)
    for name, value in weights(tmp_path / "whole").items():
        assert torch.equal(value, ours[name]), name
    assert len((out / "log.jsonl").read_text().splitlines()) == 4


def same_as_one_process(out: Path, alone: Path) -> None:
    fit(Toy(recipe(), alone), alone)
    kept = torch.load(out / "last.pt", weights_only=True)
    assert len(kept["randomness"]) == 2
    assert kept["state"]["done"] == 1600
    ours = weights(out)
    for name, value in weights(alone).items():
        torch.testing.assert_close(value, ours[name], rtol=1e-2, atol=1e-3)
    single = torch.load(alone / "last.pt", weights_only=True)["state"]["best"]["select"]
    assert abs(kept["state"]["best"]["select"] - single) <= 0.01
    assert (out / "weights.onnx").is_file()
    assert len((out / "log.jsonl").read_text().splitlines()) == 4  # the first process alone


def test_two_processes_train_as_one(tmp_path: Path) -> None:
    command = [sys.executable, TOY, str(tmp_path / "two"), "2"]
    subprocess.run(command, env=ENVIRONMENT, check=True, timeout=400)
    same_as_one_process(tmp_path / "two", tmp_path / "one")


def test_two_processes_of_torchrun_train_as_one(tmp_path: Path) -> None:
    launch = [sys.executable, "-m", "torch.distributed.run", "--nproc-per-node", "2"]
    command = [*launch, "--standalone", TOY, str(tmp_path / "two")]
    subprocess.run(command, env=ENVIRONMENT, check=True, timeout=400)
    same_as_one_process(tmp_path / "two", tmp_path / "one")
