"""Models of a hub, against an imitation of one on this machine."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from unmask.adding import adder
from unmask.cards import download

COMMIT = "1234567890" * 4
NAME = "someone/fake-finder"
INDEX = b'{"other":{"dtype":"U8","shape":[10240000],"data_offsets":[0,10240000]}}'
WEIGHTS = struct.pack("<Q", len(INDEX)) + INDEX + bytes(range(256)) * 40_000
CARD = b"---\nlicense: %s\n---\nA model.\n"


@dataclass
class Hub:
    """What the imitation holds, what it was asked, and how it misbehaves."""

    url: str = ""
    files: dict[str, bytes] = field(default_factory=dict)
    sent: dict[str, bytes] = field(default_factory=dict)
    cuts: int = 0
    asked: list[tuple[str, str]] = field(default_factory=list)

    def listing(self) -> dict[str, Any]:
        rows = []
        for name, data in self.files.items():
            git = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
            row: dict[str, Any] = {"rfilename": name, "size": len(data), "blobId": git}
            if name.endswith(".safetensors"):
                sum_ = hashlib.sha256(data).hexdigest()
                row["lfs"] = {"sha256": sum_, "size": len(data), "pointerSize": 134}
            rows.append(row)
        return {"id": NAME, "sha": COMMIT, "siblings": rows}


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    state = Hub()
    state.files = {
        ".gitattributes": b"x",
        "README.md": CARD % b"mit",
        "config.json": b'{"model_type": "vit"}',
        "preprocessor_config.json": b"{}",
        "model.safetensors": WEIGHTS,
        "training_args.bin": b"never asked for",
    }

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            begun = re.match(r"bytes=(\d+)-", self.headers.get("Range", ""))
            state.asked.append((self.path, self.headers.get("Range", "")))
            if self.path.startswith(f"/api/models/{NAME}/revision/"):
                self.answer(200, json.dumps(state.listing()).encode())
                return
            start = f"/{NAME}/resolve/{COMMIT}/"
            if self.path.startswith(start):  # the hub sends large files from elsewhere
                self.send_response(302)
                self.send_header("Location", f"/elsewhere/{self.path.removeprefix(start)}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            name = self.path.removeprefix("/elsewhere/")
            if name not in state.files:
                self.send_error(404)
                return
            data = state.sent.get(name, state.files[name])
            self.answer(206 if begun else 200, data, int(begun[1]) if begun else 0)

        def answer(self, code: int, data: bytes, start: int = 0) -> None:
            self.send_response(code)
            if code == 206:
                whole = len(data)
                self.send_header("Content-Range", f"bytes {start}-{whole - 1}/{whole}")
            rest = data[start:]
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            if state.cuts and len(rest) > 1_000_000:
                state.cuts -= 1
                self.wfile.write(rest[:1_500_000])
                return
            self.wfile.write(rest)

        def log_message(self, *_: object) -> None:
            pass

    monkeypatch.setattr(download, "_PAUSE", 0.0)
    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as http:
        threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True).start()
        state.url = f"http://127.0.0.1:{http.server_port}"
        monkeypatch.setenv("HF_ENDPOINT", state.url)
        yield state
        http.shutdown()


@pytest.fixture
def handed(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What would be converted; conversion itself is tested elsewhere."""
    calls: list[Any] = []

    def take(source: Any, *_: Any) -> None:
        calls.append(source)
        raise adder.OutputError("enough")

    monkeypatch.setattr(adder, "convert", take)
    return calls


def place(shelf: Path) -> Path:
    return shelf / "fetched" / f"someone--fake-finder@{COMMIT}"


def test_the_revision_is_pinned_and_only_what_is_needed_is_fetched(
    hub: Hub, handed: list[Any], run: Any, shelf: Path
) -> None:
    code, _, err = run("models", "add", f"hf:{NAME}")
    assert (code, err.splitlines()[-1]) == (4, "unmask: enough")
    assert f"hf:{NAME}@{COMMIT}: licence mit; to fetch: 4 files, 10.2 MB" in err
    (source,) = handed
    assert source.given == f"hf:{NAME}@{COMMIT}"
    assert source.licence == "mit"
    assert set(source.files) == {
        "README.md", "config.json", "preprocessor_config.json", "model.safetensors",
    }  # fmt: skip
    assert not [path for path, _ in hub.asked if "training_args" in path]
    assert all(COMMIT in path or "elsewhere" in path for path, _ in hub.asked[1:])
    # What is there and whole is not fetched again.
    before = len(hub.asked)
    run("models", "add", f"hf:{NAME}@{COMMIT}")
    assert len(hub.asked) == before + 1


def test_a_cut_connection_is_gone_on_with(
    hub: Hub, handed: list[Any], run: Any, shelf: Path
) -> None:
    hub.cuts = 3
    code, _, err = run("models", "add", f"hf:{NAME}")
    assert (code, err.splitlines()[-1]) == (4, "unmask: enough")
    ranges = [given for path, given in hub.asked if "model.safetensors" in path and given]
    assert "bytes=1500000-" in ranges
    assert "bytes=4500000-" in ranges
    assert (place(shelf) / "model.safetensors").read_bytes() == WEIGHTS


def test_what_came_is_kept_for_the_next_time(hub: Hub, run: Any, shelf: Path) -> None:
    place(shelf).mkdir(parents=True)
    (place(shelf) / "model.safetensors.part").write_bytes(WEIGHTS[:7_000_000])
    run("models", "add", f"hf:{NAME}")
    ranges = [given for path, given in hub.asked if "model.safetensors" in path]
    assert set(ranges) == {"bytes=7000000-"}
    assert (place(shelf) / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_file_of_another_hash_is_refused(
    name: str, hub: Hub, handed: list[Any], run: Any, shelf: Path
) -> None:
    hub.sent[name] = hub.files[name][:-1] + b"?"
    code, _, err = run("models", "add", f"hf:{NAME}")
    assert code == 4
    assert "It is not kept." in err
    assert not handed
    assert not list(place(shelf).glob(f"{name}*"))


def test_the_licence_is_asked_for_before_weights_are_fetched(
    hub: Hub, handed: list[Any], run: Any, shelf: Path
) -> None:
    hub.files["README.md"] = CARD % b"cc-by-nc-4.0"
    code, _, err = run("models", "add", f"hf:{NAME}")
    assert code == 4
    assert "licence cc-by-nc-4.0" in err
    assert "--licence 'cc-by-nc-4.0'" in err
    assert not [path for path, _ in hub.asked if "model.safetensors" in path]
    run("models", "add", f"hf:{NAME}", "--licence", "cc-by-nc-4.0")
    assert [source.licence for source in handed] == ["cc-by-nc-4.0"]
    del hub.files["README.md"]
    shutil.rmtree(shelf)
    code, _, err = run("models", "add", f"hf:{NAME}")
    assert code == 4
    assert "--licence 'none stated'" in err


def test_a_hub_without_the_model_or_the_commit_is_one_line(hub: Hub, run: Any) -> None:
    for source, said in [
        ("hf:someone/else", "404"),
        (f"hf:{NAME}@{'a' * 40}", "names the revision"),
        ("hf:nobody", "write hf:OWNER/NAME"),
        ("hf:a/../b", "write hf:OWNER/NAME"),
    ]:
        code, _, err = run("models", "add", source)
        assert (code, err.count("\n")) == (4, 1), err
        assert said in err
    del hub.files["model.safetensors"]
    code, _, err = run("models", "add", f"hf:{NAME}")
    assert code == 4
    assert "in one piece" in err
