"""The device of the models: chosen by name, named in results, refused where it is not there."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from unmask.cli import main
from unmask.errors import SettingError
from unmask.runtime import session
from unmask.runtime.session import DEVICE, device, open_session

EXAMPLE = Path(__file__).parents[2] / "examples" / "astronaut.jpg"


class Runtime:
    """An ONNX Runtime with other providers, that says with which a network was opened."""

    def __init__(self, real: Any, *providers: str) -> None:
        self._real, self._providers = real, [*providers, "CPUExecutionProvider"]
        self.opened: list[list[str]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def get_available_providers(self) -> list[str]:
        return self._providers

    def InferenceSession(self, *_: Any, providers: list[str]) -> str:  # noqa: N802
        self.opened.append(providers)
        return "a session"


@pytest.fixture(autouse=True)
def unchosen(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv(DEVICE, "")
    yield
    os.environ.pop(DEVICE, None)


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> Runtime:
    made = Runtime(session.runtime(), "CUDAExecutionProvider")
    monkeypatch.setattr(session, "runtime", lambda: made)
    return made


def test_the_processor_unless_another_is_chosen(
    cuda: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert device() == "cpu"
    open_session(b"")
    for name in ("cuda", "auto"):
        monkeypatch.setenv(DEVICE, name)
        assert device() == "cuda"
        open_session(b"")
    only, both = ["CPUExecutionProvider"], ["CUDAExecutionProvider", "CPUExecutionProvider"]
    assert cuda.opened == [only, both, both]


def test_one_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, "coreml")
    with pytest.raises(SettingError, match="'coreml' is not there"):
        device()
    monkeypatch.setenv(DEVICE, "auto")
    assert device() == "cpu"


def test_results_name_another_device(
    cuda: Runtime, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, said in (("cuda", "cuda"), ("cpu", None)):
        with pytest.raises(SystemExit):
            main(["scan", str(EXAMPLE), "--only", "metadata", "--json", "--device", name])
        assert json.loads(capsys.readouterr().out)["versions"].get("device") == said


def test_the_command_line_refuses_it_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["scan", str(EXAMPLE), "--device", "coreml"])
    assert ended.value.code == 4
    assert "coreml" in capsys.readouterr().err
