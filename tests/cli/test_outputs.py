"""Results are written beside the evidence and never over it, and what cannot be written costs
itself alone."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unmask.batch import ResultFile, key_of
from unmask.cli import main
from unmask.cli.scan_many import page_name
from unmask.errors import OutputError
from unmask.non_media import no_medium
from unmask.outputs import guard
from unmask.settings import Settings

Run = Callable[..., tuple[int, str, str]]
QUICK = ("--only", "metadata")


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "a.jpg"
    path.parent.mkdir()
    noise = np.random.default_rng(0).integers(0, 255, (40, 60, 3), dtype=np.uint8)
    Image.fromarray(noise).save(path)
    return path


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """The command line in this process: exit code, output, errors."""

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return call


def spellings(photo: Path) -> dict[str, Path]:
    """Other names of a photo."""
    folder = photo.parent
    hard, soft, dot = (
        folder.parent / "hard.html",
        folder.parent / "soft.html",
        folder / "." / "a.jpg",
    )
    hard.hardlink_to(photo)
    soft.symlink_to(photo)
    (folder.parent / "way").symlink_to(folder)
    return {"same": photo, "hard": hard, "soft": soft, "dot": dot,
            "up": folder / ".." / "in" / "a.jpg", "way": folder.parent / "way" / "a.jpg",
            "relative": Path(os.path.relpath(photo))}  # fmt: skip


@pytest.mark.parametrize("option", ["--html", "--pdf"])
def test_a_page_never_overwrites_the_photo(photo: Path, run: Run, option: str) -> None:
    before = photo.read_bytes()
    for name, path in spellings(photo).items():
        code, out, err = run("scan", photo, *QUICK, option, path)
        assert (code, out) == (4, ""), name
        assert f"{option} would overwrite" in err, name
    assert photo.read_bytes() == before


def test_results_of_a_folder_never_overwrite_what_is_in_it(photo: Path, run: Run) -> None:
    before = photo.read_bytes()
    results = photo.parent.parent / "r.jsonl"
    for options in (
        ("--jsonl", photo, "--resume"),
        ("--jsonl", results, "--parquet", photo),
        ("--jsonl", results, "--parquet", photo.parent / "." / "a.jpg"),
    ):
        code, _, err = run("scan", photo.parent, *QUICK, *options)
        assert code == 4
        assert "would overwrite" in err
    assert photo.read_bytes() == before
    assert not results.exists()


def test_two_outputs_are_two_files(photo: Path, run: Run, tmp_path: Path) -> None:
    for options in (("--html", tmp_path / "p", "--pdf", tmp_path / "in" / ".." / "p"),
                    ("--html", "-", "--json"), ("--html", "-", "--pdf", "-")):  # fmt: skip
        code, _, err = run("scan", photo, *QUICK, *options)
        assert code == 4
        assert "name the same file" in err
    assert not (tmp_path / "p").exists()


def test_what_a_scan_reads_beside_is_guarded_too(photo: Path, run: Run, tmp_path: Path) -> None:
    index = tmp_path / "known.index"
    assert run("index", "add", index, photo)[0] == 0
    before = index.read_bytes()
    code, _, err = run("scan", photo, "--only", "duplicates", "--index", index, "--html", index)
    assert "would overwrite" in err
    known = tmp_path / "known.json"
    known.hardlink_to(index)
    assert "would overwrite" in run("index", "export", index, "--to", known)[2]
    assert "would overwrite" in run("compare", photo, "--reference", photo, "--html", photo)[2]
    assert (code, index.read_bytes()) == (4, before)


def test_every_command_that_writes_is_guarded(photo: Path, run: Run, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="needs the research wing")
    table = tmp_path / "manifest.parquet"
    table.write_text("path,label\n", encoding="utf-8")
    before = photo.read_bytes()
    for command in (
        ("forge", "picture", photo, photo),
        ("forge", "picture", photo, tmp_path / "x.png", "--mask", photo),
        ("forge", "face", photo, photo),
        ("forge", "voice", photo, photo),
        ("data", "make", table, "--out", table),
        ("data", "faces", tmp_path, "--out", tmp_path),
    ):
        assert "would overwrite" in run(*command)[2], command
    assert photo.read_bytes() == before


def test_devices_and_new_names_are_free(photo: Path, tmp_path: Path) -> None:
    null = Path(os.devnull)
    guard({"--html": null, "--pdf": null}, (photo,))
    guard({"--html": tmp_path / "new.html", "--pdf": tmp_path / "new.pdf"}, (photo, photo.parent))
    guard({"--html": tmp_path / "pages"}, (photo.parent, tmp_path / "not there"))
    with pytest.raises(OutputError, match="would overwrite"):
        guard({"--html": photo}, (photo.parent.parent,))


def test_own_results_in_a_scanned_folder_may_be_written_again(photo: Path) -> None:
    own = photo.parent / "r.jsonl"
    own.write_text('{"path": "a"}\n', encoding="utf-8")
    guard({"--jsonl": own}, (photo.parent,))
    with pytest.raises(OutputError):
        guard({"--jsonl": own}, (own,))
    photo.with_name("b.txt").write_bytes(b"evidence")
    with pytest.raises(OutputError, match="holds no results"):
        ResultFile(photo.with_name("b.txt"), True, Settings())
    assert photo.with_name("b.txt").read_bytes() == b"evidence"


def test_a_page_that_cannot_be_written_costs_the_page(
    photo: Path, run: Run, tmp_path: Path
) -> None:
    folder = tmp_path / "is a folder"
    folder.mkdir()
    code, out, err = run("scan", photo, *QUICK, "--html", folder, "--json")
    assert code == 4
    assert json.loads(out)["path"] == str(photo)
    assert err.startswith("unmask: ")
    assert err.count("\n") == 1
    assert "cannot be written" in err
    code, out, err = run("scan", photo, *QUICK, "--html", photo / "under" / "a file")
    assert (code, "a.jpg" in out) == (4, True)
    assert "cannot be written" in err


def test_a_full_disk_is_one_line_and_keeps_what_was_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results = ResultFile(tmp_path / "r.jsonl", False, Settings())
    results.add({"path": "a"})

    def full(_: str) -> int:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    class Full:
        write = staticmethod(full)

        def close(self) -> None:
            pass

    monkeypatch.setattr(results, "_file", Full())
    with pytest.raises(OutputError, match="No space left"):
        results.add({"path": "b"})
    assert (tmp_path / "r.jsonl").read_text() == '{"path": "a"}\n'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_an_output_that_takes_nothing_is_one_line(photo: Path) -> None:
    command = [sys.executable, "-m", "unmask", "scan", str(photo), *QUICK]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 4
    assert done.stderr.count("\n") == 1
    assert "No space left" in done.stderr


def test_an_encoding_that_cannot_write_the_name_writes_it_in_escapes(photo: Path) -> None:
    named = photo.with_name("фото ☃.jpg")
    photo.rename(named)
    command = [sys.executable, "-m", "unmask", "scan", str(named), *QUICK]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, capture_output=True, timeout=60, env=environment)
    assert done.returncode == 3, done.stderr
    assert rb"\u0444" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="names are bytes on POSIX systems only")
def test_a_name_that_is_no_unicode_is_judged_and_resumed(photo: Path, run: Run) -> None:
    named = Path(os.fsdecode(os.fsencode(photo.parent) + b"/caf\xe9.jpg"))
    try:
        photo.rename(named)
    except OSError:
        pytest.skip("this file system takes UTF-8 alone")
    page = photo.parent.parent / "p.html"
    code, out, _ = run("scan", named, "--html", page, "--json", "--only", "metadata",
                       "--only", "compression", "--only", "provenance")  # fmt: skip
    record = json.loads(out)
    assert code in (0, 3)
    assert record["path"] == key_of(named)
    assert record["path"].endswith("caf\\xe9.jpg")
    assert not any("does not exist" in one["why"] for one in record["not_checked"])
    assert "<image" in page.read_text("utf-8") or "<img" in page.read_text("utf-8")
    results = photo.parent.parent / "r.jsonl"
    for more in ((), ("--resume",)):
        assert run("scan", named.parent, *QUICK, "--jsonl", results, *more)[0] == 3
    assert len(results.read_text("utf-8").splitlines()) == 1


def test_a_page_name_fits_every_file_system() -> None:
    for name in ("\U0001f600" * 60 + ".jpg", "é" * 120 + ".png", "a" * 250 + ".wav"):
        assert len(page_name(Path(name)).encode()) < 200
        assert page_name(Path(name)) != page_name(Path("x") / name)


def test_an_empty_folder_is_said(tmp_path: Path, run: Run) -> None:
    (tmp_path / ".hidden.jpg").write_bytes(b"x")
    code, out, err = run("scan", tmp_path)
    assert (code, out) == (4, "")
    assert "No files in" in err
    code, out, err = run("scan", tmp_path, "--json")
    assert (code, json.loads(out)["path"]) == (4, str(tmp_path))


def test_strays_in_a_folder_are_passed_over_and_named(photo: Path, run: Run) -> None:
    results = photo.parent.parent / "r.jsonl"
    for name, data in (("Thumbs.db", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), ("notes.txt", b"hello"),
                       ("desktop.ini", b""), ("a.xmp", b"<x:xmpmeta/>")):  # fmt: skip
        photo.with_name(name).write_bytes(data)
    code, out, _ = run("scan", photo.parent, *QUICK, "--jsonl", results)
    assert code == 3
    assert "4 skipped" in out
    assert "Thumbs.db" in out
    records = [json.loads(line) for line in results.read_text("utf-8").splitlines()]
    assert sum("skipped" in record for record in records) == 4
    assert not any("error" in record for record in records)
    code, _, err = run("scan", photo.with_name("notes.txt"))
    assert (code, "text file" in err) == (4, True)
    photo.unlink()
    assert run("scan", photo.parent, *QUICK)[0] == 4


@pytest.mark.parametrize(
    ("name", "data", "stray"),
    [
        ("notes", b"a letter", True),
        ("page.html", b"<html>", True),
        ("book.pdf", b"%PDF-1.7", True),
        ("logo.svg", b"<svg/>", True),
        ("a.zip", b"PK\x03\x04", True),
        ("IMG_1.JPG", b"a letter", False),
        ("IMG_2.jpg", b"", False),
        ("clip.mp4", b"<html>404</html>", False),
        ("raw.cr3", b"\0\0\0\x18ftypcrx ", False),
        ("f1234567", bytes(range(256)), False),
        ("a.psd", b"8BPS", False),
    ],
)
def test_what_calls_itself_media_is_no_stray(
    tmp_path: Path, name: str, data: bytes, stray: bool
) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert bool(no_medium(path)) is stray


def test_an_object_store_is_told_the_engine_that_reads_it(run: Run) -> None:
    code, _, err = run("scan", "s3://b/a.jpg")
    assert code == 2
    assert "--engine ray" in err


@pytest.mark.parametrize("path", ["https://example.org/a.jpg", "-", "file:///a.jpg"])
def test_an_address_or_a_dash_is_told_what_is_taken(run: Run, path: str) -> None:
    code, _, err = run("scan", path)
    assert code == 4
    assert "does not exist" not in err
    assert "address" in err or "standard input" in err


def test_a_file_that_cannot_be_judged_is_a_record_where_json_is_asked_for(
    tmp_path: Path, run: Run
) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"words")
    for command in (("scan", path, "--json"), ("compare", path, "--reference", path, "--json")):
        code, out, err = run(*command)
        assert code == 4
        assert err.startswith("unmask: ")
        assert json.loads(out)["error"]["message"] in err
        assert json.loads(out)["path"] == str(path)
