"""What is shipped to run the service elsewhere: well formed, with commands that there are."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
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


def test_systemd_takes_the_unit_as_it_is(tmp_path: Path) -> None:
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed here (Debian: systemd)")
    unit = tmp_path / "unmask.service"
    text = (DEPLOY / "unmask.service").read_text()
    unit.write_text(text.replace("/opt/unmask/bin/unmask", sys.executable))
    done = subprocess.run([program, "verify", unit], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_what_listens_beyond_loopback_is_probed() -> None:
    parts = list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text()))
    kinds = [part["kind"] for part in parts]
    assert kinds == ["PersistentVolumeClaim", "Deployment", "Deployment", "Service"]
    named = {part["metadata"]["name"]: part for part in parts if part["kind"] == "Deployment"}
    server = named["unmask-server"]["spec"]["template"]["spec"]["containers"][0]
    assert server["readinessProbe"]["httpGet"] == {"path": "/readyz", "port": 8000}
    assert server["livenessProbe"]["httpGet"] == {"path": "/healthz", "port": 8000}
    for part in named.values():
        assert (
            part["spec"]["selector"]["matchLabels"]
            == part["spec"]["template"]["metadata"]["labels"]
        )
        pod = part["spec"]["template"]["spec"]
        claims = {volume["name"] for volume in pod["volumes"]}
        assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == claims
    assert parts[3]["spec"]["selector"] == named["unmask-server"]["spec"]["selector"]["matchLabels"]
    assert parts[3]["spec"]["ports"][0]["targetPort"] == 8000


def test_images_copy_what_there_is() -> None:
    for line in (DEPLOY / "Dockerfile").read_text().splitlines():
        if line.startswith("COPY "):
            for name in line.split()[1:-1]:
                assert (DEPLOY.parent / name).exists(), name


def test_nothing_runs_as_root_or_holds_a_password() -> None:
    assert re.search(r"^USER unmask$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    for path in DEPLOY.iterdir():
        assert not re.search(r"://\w+:[^$@{P]\w*@", path.read_text()), path.name
