"""``unmask.toml`` and ``unmask settings``: what holds, and where it comes from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from unmask.cli.app import main


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("unmask.settings_file.user_config_path", lambda *_, **__: tmp_path / "user")
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    (tmp_path / "user").mkdir()
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    Image.fromarray(np.full((40, 50, 3), 90, np.uint8)).save(folder / "a.png")
    return folder


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def shown(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    code, out, err = run(capsys, "settings", "--json")
    assert code == 0, err
    return dict(json.loads(out)["settings"])


def test_the_nearest_value_holds_and_its_origin_is_said(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here.parent / "user" / "unmask.toml").write_text(
        'fpr = 0.1\nprior = 0.2\nfps = 2\nset = "small"\ntrust = "certs.pem"\n'
    )
    (here / "unmask.toml").write_text('fpr = 0.05\nprior = 0.3\nthreads = 2\nwith = ["x", "./y"]\n')
    monkeypatch.setenv("UNMASK_PRIOR", "0.4")
    found = shown(capsys)
    near, far = str(here / "unmask.toml"), str(here.parent / "user" / "unmask.toml")
    assert found["fpr"] == {"value": 0.05, "origin": near}
    assert found["prior"] == {"value": 0.4, "origin": "environment variable UNMASK_PRIOR"}
    assert found["fps"] == {"value": 2.0, "origin": far}
    assert found["set"] == {"value": "small", "origin": far}
    assert found["trust"] == {"value": str(here.parent / "user" / "certs.pem"), "origin": far}
    assert found["with"] == {"value": ["x", str(here / "y")], "origin": near}
    assert found["threads"] == {"value": 2, "origin": near}
    assert found["timeout"]["origin"] == "default"
    code, out, _ = run(capsys, "settings")
    assert code == 0
    assert "small" in out


def test_a_scan_follows_them(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "unmask.toml").write_text("fpr = 0.05\nprior = 0.3\nfps = 2\n")
    monkeypatch.setenv("UNMASK_PRIOR", "0.4")
    arguments = ("scan", "a.png", "--json", "--only", "metadata")
    _, out, _ = run(capsys, *arguments, "--fps", "3")
    found = json.loads(out)["settings"]
    assert (found["fpr"], found["prior"], found["fps"]) == (0.05, 0.4, 3.0)
    # An option counts even where it says what the default is.
    _, out, _ = run(capsys, *arguments, "--fpr", "0.01")
    assert json.loads(out)["settings"]["fpr"] == 0.01


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fprr = 1", "fprr is no setting; did you mean 'fpr'?"),
        ('fpr = "low"', "fpr is 'low'; it must be a number"),
        ("fpr = 2", "fpr is 2; it must lie between"),
        ("threads = 1.5", "threads is 1.5; it must be a whole number"),
        ("fps = true", "fps is True; it must be a number"),
        ('with = "x"', "with is 'x'; it must be a list"),
        ("trust = 3", "trust is 3; it must be text"),
        ("fpr = ", "cannot be read"),
    ],
)
@pytest.mark.parametrize("verb", [("settings",), ("scan", "a.png")])
def test_mistakes_are_one_line_that_names_file_and_key(
    text: str, said: str, verb: tuple[str, ...], here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "unmask.toml").write_text(text + "\n")
    code, _, err = run(capsys, *verb)
    assert (code, err.count("\n")) == (4, 1)
    assert str(here / "unmask.toml") in err
    assert said in err


def test_a_detector_alone_is_not_joined_by_those_of_the_file(
    here: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "unmask.toml").write_text('with = ["none-such"]\nset = "small"\n')
    code, _, err = run(capsys, "scan", "a.png")
    assert code == 4
    assert "none-such" in err
    code, out, err = run(capsys, "scan", "a.png", "--detector", "unmask_picture", "--json")
    assert "none-such" not in err
    assert "joined" not in json.loads(out or "{}").get("settings", {})
