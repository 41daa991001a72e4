"""The analyzer of invisible marks: what it says, and when it says nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "watermarks"))
from marking import marked, photo

from unmask import scanning
from unmask.analyzers.base import Options
from unmask.analyzers.watermark import FRAMES, WatermarkAnalyzer
from unmask.media import Limits, probe
from unmask.types import Claim, Frame, Kind, Label, MediaInfo
from unmask.watermarks.marks import known
from unmask.watermarks.reading import Reader

BY_NAME = {mark.name: mark for mark in known()}


def put(name: str, pixels: np.ndarray) -> np.ndarray:
    mark = BY_NAME[name]
    return marked(pixels, mark.message.tolist(), mark.arithmetic)


def of(pixels: np.ndarray, path: Path) -> WatermarkAnalyzer:
    Image.fromarray(pixels).save(path)
    analyzer = WatermarkAnalyzer(probe(path, Limits()), Options())
    analyzer.frame(Frame(0, 0.0, pixels))
    return analyzer


def video(seconds: float | None) -> MediaInfo:
    return MediaInfo("x.mp4", Kind.VIDEO, "mp4", 1, "0" * 64, 256, 256, seconds)


@pytest.mark.parametrize("name", list(BY_NAME))
def test_a_marked_picture_gives_one_finding(name: str, tmp_path: Path) -> None:
    result = of(put(name, photo()), tmp_path / "a.png").finish()
    (finding,) = result.findings
    assert finding.kind == "fact"
    assert finding.claim is Claim.WATERMARK
    assert finding.bearing is BY_NAME[name].makes
    assert name in finding.reason
    assert finding.details["mark"] == name
    assert finding.details["source"] == BY_NAME[name].source
    assert finding.details["agreeing"] <= finding.details["bits"]
    assert not result.absent
    assert not result.not_checked


def test_a_picture_without_a_mark_says_that_it_is_absent(tmp_path: Path) -> None:
    result = of(photo(), tmp_path / "a.png").finish()
    assert not result.findings
    assert [row.analyzer for row in result.absent] == ["watermark"]
    assert not result.not_checked


def test_a_picture_too_small_for_the_encoders_is_not_checked(tmp_path: Path) -> None:
    result = of(photo(200, 200), tmp_path / "a.png").finish()
    assert not result.findings
    assert not result.absent
    assert "65536 pixels" in result.not_checked[0].why


def test_no_frame_is_said() -> None:
    (row,) = WatermarkAnalyzer(video(1.0), Options()).finish().not_checked
    assert row.why == "No frame could be decoded."


@pytest.mark.parametrize(("seconds", "last"), [(20.0, 16), (None, 8)])
def test_a_few_frames_of_a_video_are_read_spread_over_it(
    seconds: float | None, last: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyzer = WatermarkAnalyzer(video(seconds), Options())
    taken: list[float] = []
    pixels = put("SDXL", photo(256, 256))
    add = Reader.add
    monkeypatch.setattr(Reader, "add", lambda self, p: (taken.append(now), add(self, p)))
    for now in np.arange(0, 20, 0.2):
        analyzer.frame(Frame(0, float(now), pixels))
    assert len(taken) == FRAMES
    assert taken[-1] == pytest.approx(last)
    (finding,) = analyzer.finish().findings
    assert finding.reason.startswith("The video")
    assert finding.details["frames read"] == FRAMES


def test_the_command_line_calls_a_marked_picture_synthetic(tmp_path: Path) -> None:
    path = tmp_path / "generated.png"
    Image.fromarray(put("SDXL", photo())).save(path)
    command = [sys.executable, "-m", "unmask", "scan", str(path), "--json"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 1, done.stdout + done.stderr
    record = json.loads(done.stdout)
    assert record["verdict"]["label"] == "synthetic"
    assert "'SDXL'" in record["verdict"]["reason"]
    assert [row["claim"] for row in record["findings"] if row["kind"] == "fact"] == ["watermark"]


def test_a_filled_part_makes_the_picture_manipulated(tmp_path: Path) -> None:
    path = tmp_path / "filled.png"
    Image.fromarray(put("StableDiffusionV1-Inpainting", photo())).save(path)
    report = scanning.scan(path, analyzers=["watermark"])
    assert report.verdict.label is Label.MANIPULATED
