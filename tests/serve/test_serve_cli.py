"""``unmask serve`` as its operator runs it."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from make_media import image, photo, sound, video

WITHOUT = """
import importlib.util, sys

GONE = ("fastapi", "sqlalchemy", "alembic", "uvicorn", "prometheus_client", "python_multipart")

class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in GONE:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Missing())
there = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name in GONE else there(name, *more)
from unmask.cli import main
main()
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unmask", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    data = tmp_path_factory.mktemp("data")
    words = ["serve", "--data", str(data), "--port", "0", "--workers", "1"]
    server = subprocess.Popen(
        [sys.executable, "-m", "unmask", *words], stderr=subprocess.PIPE, text=True
    )
    assert server.stderr is not None
    found = re.search(r"http://\S+", server.stderr.readline())
    assert found
    yield found.group().rstrip("/")
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0
    server.stderr.close()


def test_a_photo_a_video_and_a_voice(address: str, tmp_path: Path) -> None:
    made = [
        image(tmp_path / "a.jpg", photo()),
        video(tmp_path / "b.mp4", count=5, sound="aac"),
        sound(tmp_path / "c.wav"),
    ]
    quick = json.dumps({"analyzers": ["metadata"]})
    with httpx.Client(base_url=address, timeout=120) as one:
        ids = [
            one.post(
                "/v1/jobs", files={"file": (path.name, path.read_bytes())}, data={"options": quick}
            ).json()["id"]
            for path in made
        ]
        for ident, kind in zip(ids, ("image", "video", "audio"), strict=True):
            events = one.get(f"/v1/jobs/{ident}/events").text
            assert '"state":"done"' in events
            assert one.get(f"/v1/jobs/{ident}/result").json()["media"]["kind"] == kind
        assert one.get("/readyz").json() == {"database": True, "room": True, "worker": True}
        assert one.delete(f"/v1/jobs/{ids[0]}").status_code == 204


def test_without_the_extra_it_says_in_one_line_what_to_install() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT, "serve"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 4
    assert done.stderr.strip().splitlines() == [
        "unmask: unmask serve needs more packages. Run: pip install 'unmask[serve]'"
    ]


def test_keys_from_the_command_line(tmp_path: Path) -> None:
    data = ("--data", str(tmp_path))
    made = json.loads(run("serve", "add-key", "desk", *data, "--json").stdout)
    assert made["key"].startswith(f"unmask_{made['id']}_")
    listed = run("serve", "keys", *data)
    assert "desk" in listed.stdout
    assert made["key"].removeprefix(f"unmask_{made['id']}_") not in listed.stdout
    assert run("serve", "revoke-key", made["id"], *data).returncode == 0
    assert "2 entries, unbroken" in run("serve", "audit", *data).stdout


def test_help_and_scans_load_nothing_of_it() -> None:
    code = (
        "import sys, unmask.cli.app, unmask.cli.scan, unmask.scanning\n"
        "print(sorted({'fastapi', 'sqlalchemy', 'alembic', 'uvicorn'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
