"""Files of public repositories come by their hashes, from a server on loopback."""

from __future__ import annotations

import csv
import hashlib
import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from typer.testing import CliRunner

from unmask.cli.app import app
from unmask.datasets.whole_files import gathering, listing
from unmask.datasets.whole_files.listing import FAMILIES, gathered


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Say nothing."""


def test_every_line_has_its_source_and_a_kind_of_forgery() -> None:
    known = gathering.revisions()
    rows = gathered()
    assert len({row["path"] for row in rows}) == len(rows)
    for row in rows:
        revision, licence = known[row["source"]]
        assert len(revision) == len(row["git"]) == 40
        assert licence
        assert row["label"] == "real" or row["family"] in FAMILIES
        assert not Path(row["path"]).is_absolute()
        assert ".." not in Path(row["path"]).parts


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    names = {"a b.jpg": b"one", "two.png": b"two", "other.png": b"expected"}
    revision = "1" * 40
    folder = tmp_path / "served" / "owner" / "name" / revision
    folder.mkdir(parents=True)
    rows = []
    for name, data in names.items():
        (folder / name).write_bytes(b"something else" if name == "other.png" else data)
        digest = hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()
        rows.append({"path": f"real/owner_name/{name}", "source": "owner/name", "git": digest,
                     "original": name})  # fmt: skip
    with (tmp_path / "gathered.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    (tmp_path / "sources.csv").write_text(f"source,revision,licence\nowner/name,{revision},MIT\n")
    monkeypatch.setattr(listing, "_HERE", tmp_path)
    monkeypatch.setattr(gathering, "_SOURCES", tmp_path / "sources.csv")
    handler = partial(_Quiet, directory=str(tmp_path / "served"))
    running = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=running.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()


def test_what_is_not_the_file_of_the_table_is_not_kept(tmp_path: Path, server: str) -> None:
    command = ["bench", "whole", "gather", "--more", str(tmp_path / "more"), "--base", server]
    done = CliRunner().invoke(app, [*command, "--json"])
    assert done.exit_code == 0, done.output
    (lost,) = json.loads(done.stdout)["lost"]
    assert "other.png" in lost
    folder = tmp_path / "more" / "gathered" / "real" / "owner_name"
    assert {one.name for one in folder.iterdir()} == {"a b.jpg", "two.png"}
    assert (folder / "a b.jpg").read_bytes() == b"one"
