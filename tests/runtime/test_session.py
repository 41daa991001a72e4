"""ONNX Runtime is opened in one place, and tells nobody."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from threadpoolctl import threadpool_info, threadpool_limits

import unmask
from unmask.errors import ModelError
from unmask.runtime.session import open_session
from unmask.scanning import scan

SOURCES = Path(unmask.__file__).parent
EXAMPLE = Path(__file__).parents[2] / "examples" / "astronaut-blended.jpg"
HOMES = ("HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME")
SILENCING = ("CI", "GITHUB_ACTIONS", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS")


def environment(home: Path) -> dict[str, str]:
    """A person's own machine with an empty home, where nothing else keeps the runtime quiet."""
    kept = {name: value for name, value in os.environ.items() if name not in SILENCING}
    return kept | {name: str(home) for name in HOMES}


def imports(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    named = [one.names for one in ast.walk(tree) if isinstance(one, ast.Import)]
    whole = {alias.name for names in named for alias in names}
    parts = {one.module or "" for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    return {name.split(".")[0] for name in whole | parts}


def test_one_file_alone_loads_the_runtime() -> None:
    loading = [path for path in SOURCES.rglob("*.py") if "onnxruntime" in imports(path)]
    assert [path.relative_to(SOURCES).as_posix() for path in loading] == ["runtime/session.py"]


@pytest.mark.parametrize("before", ["", "import onnxruntime; "])
def test_its_reports_are_off(tmp_path: Path, before: str) -> None:
    code = (
        f"{before}import os, unmask; from unmask.runtime.session import runtime; "
        "print(runtime().__name__, os.environ['ORT_DISABLE_TELEMETRY'])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(tmp_path), capture_output=True, text=True
    )
    assert done.stdout.split() == ["onnxruntime", "1"], done.stderr


def test_a_scan_leaves_nothing_in_the_home(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    command = [sys.executable, "-m", "unmask", "scan", str(EXAMPLE), "--json"]
    done = subprocess.run(command, env=environment(home), capture_output=True, cwd=tmp_path)
    assert done.returncode == 1, done.stderr
    assert list(home.rglob("*")) == []


def test_what_is_no_network_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "network.onnx"
    path.write_bytes(b"this is no network")
    for given in (path, path.read_bytes()):
        with pytest.raises(ModelError) as caught:
            open_session(given)
        assert "\n" not in str(caught.value)


def test_matrices_outside_the_models_wait_on_no_threads(tmp_path: Path) -> None:
    path = tmp_path / "hum.wav"
    soundfile.write(path, 0.1 * np.sin(np.arange(48_000) * 0.05), 16_000)
    seen: list[int] = []

    def look(done: float, whole: float | None) -> None:
        libraries = [one for one in threadpool_info() if one["user_api"] == "blas"]
        assert libraries
        seen.extend(one["num_threads"] for one in libraries)

    with threadpool_limits(limits={"blas": 2}):
        before = [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]
        scan(path, progress=look)
    assert set(before) == {2}
    assert seen
    assert set(seen) == {1}
