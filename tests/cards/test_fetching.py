"""Fetching weights, against a server that the test starts on this machine."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from unmask.cards import download
from unmask.cards.card import Published
from unmask.cards.fetching import fetch, permitted
from unmask.errors import ModelError, OutputError, SettingError

DATA = bytes(range(256)) * 9000
SUM = hashlib.sha256(DATA).hexdigest()


class _Weights(BaseHTTPRequestHandler):
    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        if self.path == "/gone.pth":
            self.send_error(404)
            return
        if self.path == "/moved.pth":
            self.send_response(302)
            self.send_header("Location", "/model.pth")
            self.end_headers()
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(DATA)))
        self.end_headers()
        self.wfile.write(DATA[:1000] if self.path == "/cut.pth" else DATA)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(download, "_PAUSE", 0.0)
    _Weights.asked.clear()
    with HTTPServer(("127.0.0.1", 0), _Weights) as http:
        thread = threading.Thread(target=http.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()


def entry(url: str, sha256: str = SUM, licence: str = "MIT") -> Published:
    return Published(variant="default", url=url, licence=licence, sha256=sha256)


def test_a_file_with_the_right_hash_is_kept_and_not_fetched_twice(
    server: str, tmp_path: Path
) -> None:
    said: list[tuple[int, int | None]] = []
    path = fetch(entry(f"{server}/model.pth"), tmp_path, lambda done, of: said.append((done, of)))
    assert path.read_bytes() == DATA
    assert path.name.endswith("model.pth")
    assert said[-1] == (len(DATA), len(DATA))
    assert fetch(entry(f"{server}/model.pth"), tmp_path) == path
    assert _Weights.asked == ["/model.pth"]


def test_a_damaged_copy_on_disk_is_fetched_again(server: str, tmp_path: Path) -> None:
    path = fetch(entry(f"{server}/moved.pth"), tmp_path)
    path.write_bytes(b"other")
    assert fetch(entry(f"{server}/moved.pth"), tmp_path).read_bytes() == DATA


@pytest.mark.parametrize(
    ("path", "sha256", "said"),
    [
        ("/model.pth", "0" * 64, "is not the file of the card"),
        ("/gone.pth", SUM, "Not Found"),
        ("/cut.pth", SUM, "stopped sending"),
        ("/model.pth", "", "hash is not known"),
    ],
)
def test_anything_else_is_refused_and_only_a_beginning_is_left(
    server: str, tmp_path: Path, path: str, sha256: str, said: str
) -> None:
    with pytest.raises(ModelError, match=said) as caught:
        fetch(entry(f"{server}{path}", sha256), tmp_path)
    assert "\n" not in str(caught.value)
    left = [found.name for found in tmp_path.iterdir()]
    assert left == ([f"{SUM[:12]}-cut.pth.part"] if path == "/cut.pth" else [])


def test_nobody_there_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="does not answer"):
        fetch(entry("http://127.0.0.1:9/model.pth"), tmp_path)


def test_other_addresses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="http or https"):
        fetch(entry(f"file://{tmp_path}/model.pth"), tmp_path)


def test_a_folder_that_cannot_be_made(server: str, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(OutputError, match="cannot be made"):
        fetch(entry(f"{server}/model.pth"), tmp_path / "taken")


def test_licences_are_asked_for() -> None:
    permitted(entry("http://x/a"))
    closed = entry("http://x/a", licence="CC-BY-NC-4.0")
    with pytest.raises(SettingError, match=r"--licence 'cc-by-nc-4\.0'"):
        permitted(closed)
    permitted(closed, ("cc-by-nc-4.0",))
    permitted(closed, ("any",))
