"""``unmask models sets`` and ``pull --set``, against a server on this machine."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from unmask.cards import download  # noqa: E402
from unmask.cli.app import main  # noqa: E402
from unmask.detectors.sets import sets  # noqa: E402

SET = """
[[set]]
name = "mine"
summary = "For a test."

[[set.detector]]
claim = "voice-synthetic"
method = "aasist"
reason = "costs"
url = "{url}/closed.pt"
licence = "CC-BY-NC-4.0"
sha256 = "{sum}"

[[set.detector]]
claim = "face-manipulated"
method = "mesonet"
variant = "mesoinception4"
reason = "small"
url = "{url}/free.pt"
licence = "MIT"
sha256 = "{sum}"

[[set.detector]]
claim = "picture-generated"
method = "npr"
reason = "nobody knows its hash"
url = "{url}/unseen.pt"
licence = "MIT"

[[set]]
name = "closed"
summary = "Nothing of it is free."

[[set.detector]]
claim = "voice-synthetic"
method = "aasist"
reason = "costs"
url = "{url}/closed.pt"
licence = "CC-BY-NC-4.0"
sha256 = "{sum}"
"""


@pytest.fixture(autouse=True)
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setattr(download, "_PAUSE", 0.0)
    (tmp_path / "shelf").mkdir()
    return tmp_path / "shelf"


@pytest.fixture
def data(tmp_path: Path) -> bytes:
    """A file with the names and shapes of the authors' checkpoint."""
    names = Path(__file__).parents[1] / "detectors" / "mesonet" / "names.json"
    shapes = json.loads(names.read_text())["mesoinception4"]
    torch.manual_seed(2)
    torch.save({k: torch.rand(shape) + 0.5 for k, shape in shapes.items()}, tmp_path / "x.pt")
    return (tmp_path / "x.pt").read_bytes()


class _Server(BaseHTTPRequestHandler):
    data = b""
    cut = 0
    asked: list[tuple[str, str, str]] = []  # noqa: RUF012

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        given = self.headers.get("Range", "")
        self.asked.append((self.command, self.path, given))
        start = int(given.removeprefix("bytes=").rstrip("-")) if given else 0
        self.send_response(206 if given else 200)
        if given:
            whole = len(self.data)
            self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
        self.send_header("Content-Length", str(len(self.data) - start))
        self.end_headers()
        if self.command == "GET":
            end = self.cut or None
            _Server.cut = 0
            self.wfile.write(self.data[start:end])

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def served(data: bytes, shelf: Path) -> Iterator[str]:
    _Server.data, _Server.cut = data, 0
    _Server.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), _Server) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        url = f"http://127.0.0.1:{http.server_port}"
        text = SET.format(url=url, sum=hashlib.sha256(data).hexdigest())
        (shelf / "sets.toml").write_text(text)
        yield url
        http.shutdown()


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    said = capsys.readouterr()
    return int(caught.value.code or 0), said.out, said.err


def states(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {row["name"]: row["state"] for row in rows}


def test_a_set_is_fetched_exported_and_joins(
    served: str, shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "models", "sets", "mine", "--json")
    assert code == 0
    (mine,) = json.loads(out)
    assert not _Server.asked  # a listing asks nobody
    found = states(mine["detectors"])
    assert found["mesonet-mesoinception4"] == "can be fetched"
    assert "cc-by-nc-4.0" in found["aasist"]
    assert "from a path only" in found["npr"]

    # The accepted file is no checkpoint of AASIST; MesoNet's comes all the same.
    _Server.cut = 5000
    code, out, err = run(capsys, "models", "pull", "--set", "mine", "--licence", "any", "--json")
    assert code == 4
    assert "aasist" in err.splitlines()[-1]
    size = len(_Server.data) / 1e6
    assert f"mesonet-mesoinception4: MIT, {size:.1f} MB; can be fetched" in err
    assert f"To fetch: 2 files, {2 * size:.1f} MB" in err
    assert ("GET", "/closed.pt", "bytes=5000-") in _Server.asked
    assert "/unseen.pt" not in {path for _, path, _ in _Server.asked}
    found = states(json.loads(out))
    assert found["mesonet-mesoinception4"] == "on the shelf"
    assert found["aasist"].startswith("failed")

    Image.fromarray(np.full((60, 80, 3), 99, np.uint8)).save(tmp_path / "a.png")
    arguments = ("scan", str(tmp_path / "a.png"), "--only", "metadata", "--set", "mine", "--json")
    _, out, _ = run(capsys, *arguments)
    why = {row["analyzer"]: row["why"] for row in json.loads(out)["not_checked"]}
    assert why["mesonet-mesoinception4"] == "no face was found"
    assert "not on the shelf" in why["aasist"]
    assert "not on the shelf" in why["npr"]


def test_what_is_not_free_is_named_and_not_fetched(
    served: str, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capsys, "models", "pull", "--set", "closed", "--json")
    assert code == 0
    assert "cc-by-nc-4.0" in states(json.loads(out))["aasist"]
    assert "To fetch: 0 files" in err
    assert not _Server.asked


def test_mistakes(served: str, shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = run(capsys, "models", "pull", "--set", "min")
    assert code == 4
    assert "Did you mean 'mine'" in err
    assert run(capsys, "models", "pull")[0] == 2
    assert run(capsys, "models", "pull", "npr", "--set", "mine")[0] == 2
    (shelf / "sets.toml").write_text('[[set]]\nname = "x"\nsummary = ""\ndetector = [{}]\n')
    code, _, err = run(capsys, "models", "sets")
    assert (code, err.count("\n")) == (4, 1)
    assert "sets.toml is malformed" in err


def test_what_is_listed_is_what_the_cards_know() -> None:
    for one in sets().values():
        names = [entry.name for entry in one.detector]
        assert len(names) == len(set(names))
        assert all(entry.file.licence for entry in one.detector)
