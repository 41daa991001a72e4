"""What is shipped to run the service elsewhere: well formed, with commands that there are."""

from __future__ import annotations

import configparser
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

from unmask.cli import serve, worker

DEPLOY = Path(__file__).parents[2] / "deploy"


def commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line of unmask in these files, by where it stands."""
    docker = (DEPLOY / "Dockerfile").read_text()
    found = re.search(r"^CMD (\[.*\])$", docker, re.MULTILINE)
    assert found
    yield "Dockerfile", json.loads(found[1])
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.read(DEPLOY / "unmask.service")
    yield "unmask.service", shlex.split(unit["Service"]["ExecStart"])[1:]
    composed = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    for name in ("server", "worker"):
        yield f"compose {name}", composed["services"][name]["command"]
    for part in yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()):
        if part["kind"] == "Deployment":
            inner: Any = part["spec"]["template"]["spec"]["containers"][0]
            yield part["metadata"]["name"], inner["args"]


@pytest.mark.parametrize(("where", "words"), list(commands()), ids=lambda v: str(v)[:20])
def test_every_command_is_one_there_is(where: str, words: list[str]) -> None:
    if words[0] == "serve":
        verb: Any = typer.main.get_command(serve.app)
    else:
        app = typer.Typer()
        app.command()(worker.worker)
        verb = typer.main.get_command(app)
    verb.make_context(words[0], words[1:], resilient_parsing=False)
    if "0.0.0.0" in words:
        assert "--keys" in words


def test_images_copy_what_there_is() -> None:
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            for name in line.split()[1:-1]:
                assert (DEPLOY.parent / name).exists(), name


def test_nothing_runs_as_root_or_holds_a_password() -> None:
    assert re.search(r"^USER unmask$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for path in DEPLOY.iterdir():
        assert not re.search(r"://\w+:[^$@{P]\w*@", path.read_text()), path.name
