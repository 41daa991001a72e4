"""``unmask bench run`` with several detectors in one command."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unmask.bench.order import Order
from unmask.bench.protocol import Protocol
from unmask.bench.run import Ran
from unmask.cli.app import main


def called(*words: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main(["bench", "run", "mini", *words])
    return int(ended.value.code or 0)


def test_several_detectors_are_run_one_after_the_other(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    orders: list[Order] = []

    def run(protocol: Protocol, order: Order, progress: Any) -> Ran:
        orders.append(order)
        progress("a test", 3, 3)
        return Ran(Path(f"{order.filed}.parquet"), len(orders), ("half is missing",))

    monkeypatch.setattr("unmask.bench.run.run", run)
    asked = ["--detector", "npr", "--detector", "unmask_face", "--data", "x", "--train"]
    assert called(*asked, "--perturb", "jpeg", "--severity", "1,3", "--json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"detector": "npr", "path": "npr.parquet", "rows": 1, "notes": ["half is missing"]},
        {
            "detector": "unmask_face",
            "path": "unmask_face.parquet",
            "rows": 2,
            "notes": ["half is missing"],
        },
    ]
    assert [order.train for order in orders] == [True, False]  # one comes with its weights
    assert list(orders[0].conditions) == ["jpeg@1", "jpeg@3"]


@pytest.mark.parametrize("option", ["--weights", "--name", "--variant", "--claim"])
def test_what_belongs_to_one_detector_is_refused_for_two(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called("--detector", "npr", "--detector", "ucf", "--data", "x", option, "y") == 4
    assert "give one --detector" in capsys.readouterr().err
