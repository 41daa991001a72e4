"""What the image is built by and what compose starts, done step by step in a clean directory.

No engine for containers is needed: the Dockerfile's own copies, commands and settings are read from
it and run here, without its system packages and with the packages that are here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from serve_helpers import Postgres

from make_media import image, photo

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"


def instructions() -> list[tuple[str, str]]:
    """Words and arguments of the Dockerfile, continued lines joined."""
    text = (DEPLOY / "Dockerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def only(word: str, holding: str = "") -> str:
    (found,) = (rest for name, rest in instructions() if name == word and holding in rest)
    return found


@pytest.fixture(scope="module")
def image_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's file system as far as unmask goes: its wheel built and installed."""
    pytest.importorskip("hatchling", reason="hatchling, which builds the wheel, is not installed")
    root = tmp_path_factory.mktemp("image")
    source = root / only("WORKDIR").strip("/")
    source.mkdir()
    for name, rest in instructions():
        if name == "COPY":
            *wanted, target = rest.split()
            for one in wanted:
                given, place = ROOT / one, source / target / Path(one).name
                if given.is_dir():
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(given, source / target, ignore=ignored)
                else:
                    shutil.copy(given, place)
    for holding in ("pip wheel", "pip install"):
        command = re.sub(r"--mount=\S+", "", only("RUN", holding))
        words = [word.replace("/wheels", str(root / "wheels")) for word in shlex.split(command)]
        assert words[0] == "python"
        built = holding == "pip wheel"
        also = ["--no-build-isolation"] if built else ["--target", str(root / "site")]
        subprocess.run(
            [sys.executable, *words[1:], *also, "--no-deps", "--quiet"], cwd=source, check=True
        )
    shutil.rmtree(source)
    return root


def environment(root: Path) -> dict[str, str]:
    """That of the image, with its folders below ``root``."""
    given = dict(word.split("=", 1) for word in only("ENV").split())
    folders = {"UNMASK_DATA": str(root / "data"), "HOME": str(root / "home")}
    assert given["UNMASK_DATA"] == only("VOLUME")
    assert set(folders) <= set(given)
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return kept | given | folders | {"PYTHONPATH": str(root / "site")}


@contextmanager
def started(root: Path, words: list[str], **more: str) -> Iterator[str]:
    """A command of the image on a free port of loopback: the address that it answers at."""
    changed = {"--host": "127.0.0.1"}
    told = [changed.get(before, word) for before, word in zip(["", *words], words, strict=False)]
    if told[0] == "serve":
        told += ["--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", *shlex.split(" ".join(json.loads(only("ENTRYPOINT")))), *told],
        env=environment(root) | more, cwd=root, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    try:
        line = process.stderr.readline() if told[0] == "serve" else ""
        found = re.search(r"http://[^\s/]+", line)
        assert found or told[0] != "serve", line
        yield found.group() if found else ""
    finally:
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
        process.stderr.close()


def called(root: Path, *words: str, **more: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "unmask", *words],
        env=environment(root) | more, cwd=root, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return done.stdout


def test_the_wheel_holds_the_page_the_models_and_the_extras(image_root: Path) -> None:
    (wheel,) = (image_root / "wheels").glob("unmask-*.whl")
    assert wheel.stat().st_size < 60e6
    with zipfile.ZipFile(wheel) as held:
        names = held.namelist()
        (about,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        text = held.read(about).decode()
    for part in (
        "serve/templates/job.html.j2",
        "serve/static/page.css",
        "unmask_face/weights.onnx",
    ):
        assert any(name.endswith(part) for name in names), part
    extras = set(re.findall(r"^Provides-Extra: (\S+)", text, re.MULTILINE))
    asked = re.search(r"\[([\w,]+)\]", only("RUN", "pip install"))
    assert asked
    assert set(asked[1].split(",")) <= extras
    code = "import unmask; print(unmask.__file__)"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(image_root), cwd=image_root,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.startswith(str(image_root / "site"))


def test_the_image_starts_and_its_health_check_agrees(image_root: Path) -> None:
    words = [*json.loads(only("CMD")), "--workers", "0"]
    check = json.loads(only("HEALTHCHECK").partition(" ")[2])
    with started(image_root, words) as address:
        program = [part.replace("http://127.0.0.1:8000", address) for part in check]
        subprocess.run([sys.executable, *program[1:]], check=True)
        assert httpx.get(f"{address}/v1/jobs").status_code == 401, "keys are compulsory"


def test_what_compose_starts_judges_a_picture(
    image_root: Path, postgres: Postgres, tmp_path: Path
) -> None:
    services: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    store = {"UNMASK_DATABASE": postgres.url}
    for name in ("server", "worker"):
        assert set(services[name]["environment"]) == set(store)
        assert services[name]["volumes"] == [f"data:{only('VOLUME')}"]
    key = json.loads(called(image_root, "serve", "add-key", "desk", "--json", **store))["key"]
    given = image(tmp_path / "a.jpg", photo())
    with (
        started(image_root, services["server"]["command"], **store) as address,
        started(image_root, services["worker"]["command"], **store),
        httpx.Client(base_url=address, headers={"Authorization": f"Bearer {key}"}) as client,
    ):
        files = {"file": ("a.jpg", given.read_bytes())}
        options = json.dumps({"analyzers": ["metadata"]})
        ident = client.post("/v1/jobs", files=files, data={"options": options}).json()["id"]
        end = time.monotonic() + 240
        while (job := client.get(f"/v1/jobs/{ident}").json())["state"] != "done":
            assert time.monotonic() < end, job
            time.sleep(0.2)
        assert client.get(f"/v1/jobs/{ident}/result").json()["media"]["kind"] == "image"
        assert client.delete(f"/v1/jobs/{ident}").status_code == 204
