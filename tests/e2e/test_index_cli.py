"""``unmask index`` and ``unmask scan --index`` as users run them."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

EXAMPLES = Path(__file__).parents[2] / "examples"
SECRET = {"UNMASK_PASSPHRASE": "a long passphrase"}


def run(*arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "unmask", *map(str, arguments)]
    environment = {k: v for k, v in os.environ.items() if k != "UNMASK_PASSPHRASE"} | more
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        timeout=300,
        env=environment,
        stdin=subprocess.DEVNULL,
    )


@pytest.fixture
def index(tmp_path: Path) -> Path:
    path = tmp_path / "known.index"
    done = run("index", "add", path, EXAMPLES / "coffee.jpg", EXAMPLES / "cat.jpg", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"added": 2, "known": 0, "failed": []}
    return path


def test_a_spliced_example_is_an_edit_of_the_known_one(index: Path) -> None:
    done = run("index", "search", index, EXAMPLES / "coffee-spliced.jpg", "--json")
    assert done.returncode == 3, done.stdout + done.stderr
    (found,) = json.loads(done.stdout)["found"]
    assert found["details"]["item"] == "coffee.jpg"
    assert found["bearing"] == "inconclusive"
    assert found["where"]["masks"]


def test_the_scan_says_it_too(index: Path, tmp_path: Path) -> None:
    small = tmp_path / "small.webp"
    Image.open(EXAMPLES / "cat.jpg").resize((220, 150)).save(small, quality=60)
    done = run("scan", small, "--index", index, "--only", "duplicates", "--json")
    record = json.loads(done.stdout)
    (found,) = record["findings"]
    assert found["details"]["item"] == "cat.jpg"
    assert found["bearing"] is None


def test_a_damaged_record_is_said_and_the_rest_is_found(index: Path) -> None:
    data = bytearray(index.read_bytes())
    data[12] ^= 0x40  # in the length of the first record, coffee.jpg's
    index.write_bytes(data)
    done = run("index", "search", index, EXAMPLES / "cat.jpg", "--json")
    told = json.loads(done.stdout)
    assert [one["details"]["item"] for one in told["found"]] == ["cat.jpg"]
    assert "1 damaged record was left out (byte 9)" in told["not_checked"][0]["why"]
    assert "1 damaged record was left out (byte 9)" in run("index", "list", index).stderr


def test_nothing_to_add_makes_no_index(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = run("index", "add", tmp_path / "known.index", tmp_path / "empty")
    assert done.returncode == 4
    assert "No files in" in done.stderr
    assert not (tmp_path / "known.index").exists()


def test_a_bad_file_is_named_and_the_rest_is_added(index: Path, tmp_path: Path) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    new = tmp_path / "new.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (60, 80, 3), np.uint8)).save(new)
    done = run("index", "add", index, bad, EXAMPLES / "cat.jpg", new, "--json")
    assert done.returncode == 4
    record = json.loads(done.stdout)
    assert (record["added"], record["known"]) == (1, 1)
    assert record["failed"][0]["path"] == str(bad)


def test_list_export_remove_delete(index: Path, tmp_path: Path) -> None:
    assert "2 items, not encrypted" in run("index", "list", index).stdout
    rows = json.loads(run("index", "list", index, "--json").stdout)
    assert {row["name"] for row in rows} == {"coffee.jpg", "cat.jpg"}
    table = tmp_path / "known.csv"
    assert run("index", "export", index, "--to", table).returncode == 0
    with table.open(newline="") as file:
        assert [len(row["hash"]) for row in csv.DictReader(file)] == [64, 64]
    assert run("index", "remove", index, "cat.jpg", "--json").returncode == 0
    assert len(json.loads(run("index", "export", index).stdout)) == 1
    assert "No item" in run("index", "remove", index, "cat.jpg").stderr
    assert "Add --yes" in run("index", "delete", index).stderr
    assert run("index", "delete", table, "--yes").returncode == 4
    assert run("index", "delete", index, "--yes").returncode == 0
    assert not index.exists()


def test_an_encrypted_index_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    index = tmp_path / "secret.index"
    cat = EXAMPLES / "cat.jpg"
    assert run("index", "add", index, cat, **SECRET).returncode == 0
    assert b"cat.jpg" not in index.read_bytes()
    assert "1 item, encrypted" in run("index", "list", index, **SECRET).stdout
    for done in (run("index", "list", index), run("scan", cat, "--index", index)):
        assert done.returncode == 4
        assert done.stderr.count("\n") == 1
        assert "is encrypted. Set UNMASK_PASSPHRASE" in done.stderr
    wrong = run("index", "search", index, cat, UNMASK_PASSPHRASE="another")
    assert "passphrase does not open" in wrong.stderr
    assert "set UNMASK_PASSPHRASE" in run("index", "add", tmp_path / "x", cat, "--encrypt").stderr


@pytest.mark.parametrize("name", ["none.index", "text.index"])
def test_an_index_without_use_is_one_line_before_the_scan(tmp_path: Path, name: str) -> None:
    (tmp_path / "text.index").write_text("not an index")
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2):
        (folder / f"{number}.jpg").write_bytes((EXAMPLES / "cat.jpg").read_bytes())
    done = run("scan", folder, "--index", tmp_path / name, "--jsonl", tmp_path / "out.jsonl")
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert done.stderr.startswith("unmask: ")
    assert not (tmp_path / "out.jsonl").exists()
