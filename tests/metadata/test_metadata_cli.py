"""The real command line with the metadata analyzer."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from metadata_samples import A1111, camera, photo
from PIL.PngImagePlugin import PngInfo


def scan(path: Path, *options: str) -> tuple[int, dict[str, object]]:
    command = [sys.executable, "-m", "unmask", "scan", str(path), "--only", "metadata", "--json"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, timeout=300)
    assert "Traceback" not in done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_generated_picture_is_flagged(tmp_path: Path) -> None:
    info = PngInfo()
    info.add_text("parameters", A1111)
    photo().save(tmp_path / "a.png", pnginfo=info)
    code, record = scan(tmp_path / "a.png")
    assert code == 1
    assert record["verdict"]["label"] == "synthetic"
    assert record["findings"][0]["details"]["prompt"] == "a fox"


def test_a_camera_picture_is_not_flagged(tmp_path: Path) -> None:
    code, record = scan(camera(tmp_path / "a.jpg"))
    assert code == 3
    assert [row["bearing"] for row in record["findings"]] == [None]
    assert any("trace of a generator" in row["what"] for row in record["absent"])


@pytest.mark.skipif(not shutil.which("exiftool"), reason="exiftool is not installed")
def test_what_exiftool_writes_is_read(tmp_path: Path) -> None:
    path = camera(tmp_path / "a.jpg")
    source = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"
    command = ["exiftool", "-q", f"-XMP-iptcExt:DigitalSourceType={source}", str(path)]
    subprocess.run(command, check=True)
    _, record = scan(path)
    subjects = {row["subject"] for row in record["findings"]}
    assert {"iptc-trained-algorithmic", "camera-and-generator"} <= subjects
