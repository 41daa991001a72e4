"""A shelf of a test's own, and the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from unmask.cli.app import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return tmp_path / "shelf"


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as caught:
            main([str(one) for one in arguments])
        said = capsys.readouterr()
        return int(caught.value.code or 0), said.out, said.err

    return call
