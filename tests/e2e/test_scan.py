"""The real command line on real files."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
UNMASK = [sys.executable, "-m", "unmask"]


def run(*arguments: str | Path, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [*UNMASK, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=300)


@pytest.fixture(scope="module")
def schema() -> dict[str, object]:
    return json.loads(run("schema").stdout)


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """The one line that an error shows, after checking that it is one."""
    lines = [line for line in done.stderr.splitlines() if line.strip()]
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("unmask: ")
    assert "Traceback" not in done.stderr
    return lines[0]


def test_a_part_laid_into_a_saved_picture_is_flagged(
    tmp_path: Path, schema: dict[str, object]
) -> None:
    with Image.open(EXAMPLES / "coffee.jpg") as ground:
        ground.save(tmp_path / "ground.jpg", quality=75)
    with Image.open(tmp_path / "ground.jpg") as saved, Image.open(EXAMPLES / "cat.jpg") as cat:
        edited = saved.convert("RGB")
        edited.paste(cat.convert("RGB").resize((190, 150)), (61, 83))
    path = tmp_path / "edited.jpg"
    edited.save(path, quality=95)
    done = run("scan", path, "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    record = json.loads(done.stdout)
    jsonschema.validate(record, schema)
    assert record["verdict"]["label"] == "manipulated"
    fact = next(row for row in record["findings"] if row.get("subject") == "a part of the picture")
    box = fact["where"]["boxes"][0]
    assert abs(box["x"] - 61) < 24
    assert abs(box["y"] - 83) < 24


def test_a_forged_example_is_flagged_with_page_and_json(
    tmp_path: Path, schema: dict[str, object]
) -> None:
    page = tmp_path / "page.html"
    done = run("scan", EXAMPLES / "astronaut-blended.jpg", "--html", page, "--json")
    assert done.returncode == 1, done.stdout + done.stderr
    record = json.loads(done.stdout)
    jsonschema.validate(record, schema)
    assert record["verdict"]["label"] == "manipulated"
    face = next(row for row in record["findings"] if row["claim"] == "face-manipulated")
    assert face["where"]["boxes"]
    assert face["where"]["masks"]
    text = page.read_text(encoding="utf-8")
    assert "<script" not in text
    assert "http://" not in text.replace("http://www.w3.org", "")


def test_the_original_is_not_flagged() -> None:
    done = run("scan", EXAMPLES / "astronaut.jpg", "--json")
    assert done.returncode in (0, 3)
    record = json.loads(done.stdout)
    assert record["verdict"]["label"] in ("no-sign-found", "inconclusive")


def test_sound_gets_voice_findings(schema: dict[str, object]) -> None:
    done = run("scan", EXAMPLES / "reading-edited.flac", "--json")
    record = json.loads(done.stdout)
    jsonschema.validate(record, schema)
    assert {row["analyzer"] for row in record["findings"]} == {"voice"}
    assert record["findings"][0]["series"]


def test_the_summary_is_words_and_no_trace() -> None:
    done = run("scan", EXAMPLES / "reading-edited.flac")
    assert "Traceback" not in done.stdout + done.stderr
    assert "not checked" in done.stdout.lower()
    assert "sound that is not speech" in done.stdout


def test_a_setting_out_of_range_is_one_line() -> None:
    done = run("scan", EXAMPLES / "astronaut.jpg", "--fpr", "7")
    assert done.returncode == 4
    assert "between" in one_line(done)


def test_an_unknown_analyzer_suggests_the_nearest() -> None:
    done = run("scan", EXAMPLES / "astronaut.jpg", "--only", "fase")
    assert done.returncode == 4
    assert "'face'" in one_line(done)


def test_debug_shows_the_trace() -> None:
    done = run("scan", "nothing-here.jpg", "--debug")
    assert "Traceback" in done.stderr


def test_only_one_analyzer_says_what_was_left_out() -> None:
    done = run("scan", EXAMPLES / "astronaut.jpg", "--only", "picture", "--json")
    record = json.loads(done.stdout)
    assert {row["analyzer"] for row in record["findings"]} <= {"picture"}
    assert "face" in {row["analyzer"] for row in record["not_checked"]}


def bad_files(folder: Path) -> dict[str, Path]:
    """A file for each way to be bad, by name."""
    good = (EXAMPLES / "astronaut.jpg").read_bytes()
    made = {
        "truncated.jpg": good[: len(good) // 3],
        "empty.png": b"",
        "words.jpg": b"this is a letter, not a photo\n" * 20,
        "page.mp4": b"<!doctype html><html><body>hello</body></html>",
        "document.pdf": b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n" * 10,
        "archive.wav": b"PK\x03\x04" + bytes(200),
        "noise.flac": np.random.default_rng(0).bytes(5000),
        "bomb.bmp": b"BM" + (54 + 100).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little")
        + (40).to_bytes(4, "little") + (90000).to_bytes(4, "little") * 2
        + (1).to_bytes(2, "little") + (24).to_bytes(2, "little") + bytes(124),
    }  # fmt: skip
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return {name: folder / name for name in made}


def test_bad_files_each_get_one_clear_line(tmp_path: Path) -> None:
    for name, path in bad_files(tmp_path).items():
        done = run("scan", path)
        assert done.returncode == 4, name
        line = one_line(done)
        assert len(line) > 40, line
    for path in (tmp_path / "missing.jpg",):
        assert run("scan", path).returncode == 4


def test_a_folder_goes_on_after_bad_files(tmp_path: Path, schema: dict[str, object]) -> None:
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    bad = bad_files(folder)
    good = folder / "sub" / "фото ☃ 'a'.jpg"
    Image.open(EXAMPLES / "astronaut.jpg").resize((128, 128)).save(good)
    (folder / ".hidden.jpg").write_bytes(b"x")
    out, table = tmp_path / "out.jsonl", tmp_path / "out.parquet"
    done = run("scan", folder, "--jsonl", out, "--parquet", table, "--jobs", "2")
    assert "Traceback" not in done.stderr
    records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    for record in records:
        jsonschema.validate(record, schema)
    by_path = {record["path"]: record for record in records}
    assert set(by_path) == {str(path) for path in (*bad.values(), good)}
    stray = bad.pop("document.pdf")
    assert "PDF" in by_path[str(stray)]["skipped"]["why"]
    assert all("error" in by_path[str(path)] for path in bad.values())
    assert "verdict" in by_path[str(good)]
    assert done.returncode in (1, 4)
    import pyarrow.parquet as pq

    rows = pq.read_table(table).to_pylist()
    assert len(rows) == len(records)
    assert sum(row["error"] is not None for row in rows) == len(bad)


def test_results_are_not_overwritten(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    out.write_text("", encoding="utf-8")
    done = run("scan", EXAMPLES / "astronaut.jpg", "--jsonl", out)
    assert done.returncode == 4
    assert "--resume" in one_line(done)


def test_resume_with_other_settings_is_refused(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    small = tmp_path / "small.png"
    Image.new("RGB", (80, 80), (90, 120, 60)).save(small)
    run("scan", small, "--jsonl", out)
    done = run("scan", small, "--jsonl", out, "--resume", "--fpr", "0.1")
    assert done.returncode == 4
    assert "other settings" in one_line(done)


def test_kill_and_resume_loses_nothing_and_repeats_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(500):
        pixels = rng.integers(0, 255, (48, 48, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{i:03}.png")
    out = tmp_path / "out.jsonl"
    command = [*UNMASK, "scan", str(folder), "--jsonl", str(out), "--jobs", "2"]
    first = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and first.poll() is None:
        if out.exists() and out.read_bytes().count(b"\n") >= 60:
            break
        time.sleep(0.005)
    assert first.poll() is None, "the run ended before it could be killed"
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    before = out.read_bytes()
    assert 60 <= before.count(b"\n") < 500
    with out.open("ab") as file:  # a line that was being written when the power went
        file.write(b'{"schema_version": "1.0", "path": "')
    done = subprocess.run([*command, "--resume"], capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr
    after = out.read_bytes()
    assert after.startswith(before)
    paths = [json.loads(line)["path"] for line in after.splitlines()]
    assert len(paths) == 500
    assert set(paths) == {str(path) for path in folder.iterdir()}
