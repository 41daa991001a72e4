"""What is said about the packets of videos, on videos encoded here."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
from PIL import Image

from unmask.analyzers.base import Options, Result
from unmask.analyzers.compression import CompressionAnalyzer
from unmask.compression.double_encoding import earlier_rhythm
from unmask.compression.gop import holes, packets
from unmask.errors import UnreadableMedia
from unmask.media import probe
from unmask.types import Finding, Label, Pixels


def scene(count: int = 120) -> Iterator[Pixels]:
    """A drifting pattern with grain."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:120, 0:160]
    for index in range(count):
        waves = [np.sin((x + index * (1 + c)) / (9 + 2 * c)) + np.cos(y / 7) for c in range(3)]
        grain = rng.normal(0, 3, (120, 160, 3))
        yield np.clip(128 + 50 * np.stack(waves, -1) + grain, 0, 255).astype(np.uint8)


def encoded(
    path: Path, frames: Iterator[Pixels], every: int, crf: int, drop: range = range(0)
) -> Path:
    with av.open(str(path), "w") as media:
        stream = media.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = {"crf": str(crf), "bf": "0", "sc_threshold": "0", "preset": "veryfast"}
        stream.codec_context.gop_size = every
        stream.codec_context.time_base = Fraction(1, 25)
        for index, pixels in enumerate(frames):
            if index in drop:
                continue
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = index
            frame.time_base = Fraction(1, 25)
            media.mux(stream.encode(frame))
        media.mux(stream.encode())
    return path


def decoded(path: Path) -> Iterator[Pixels]:
    with av.open(str(path)) as media:
        for frame in media.decode(video=0):
            yield frame.to_ndarray(format="rgb24")


def said(path: Path) -> Result:
    return CompressionAnalyzer(probe(path), Options()).finish()


def about(result: Result, subject: str) -> Finding | None:
    return next((one for one in result.findings if one.subject == subject), None)


def test_a_second_encoding_shows_the_rhythm_of_the_first(tmp_path: Path) -> None:
    once = encoded(tmp_path / "once.mp4", scene(), 12, 28)
    assert about(said(once), "earlier encoding") is None
    twice = encoded(tmp_path / "twice.mp4", decoded(once), 250, 20)
    found = about(said(twice), "earlier encoding")
    assert found is not None
    assert found.bearing is None
    assert found.details["frames"] % 12 == 0 or 12 % found.details["frames"] == 0


def test_frames_that_are_missing_leave_a_hole(tmp_path: Path) -> None:
    made = encoded(tmp_path / "cut.mp4", scene(), 30, 23, drop=range(40, 60))
    found = about(said(made), "hole in time")
    assert found is not None
    assert found.bearing is Label.INCONCLUSIVE
    assert abs(found.where.spans[0].start - 39 / 25) < 0.1
    whole = said(encoded(tmp_path / "whole.mp4", scene(), 30, 23))
    assert about(whole, "hole in time") is None
    assert any("hole" in one.what for one in whole.absent)


def test_key_frames_are_counted(tmp_path: Path) -> None:
    found = about(said(encoded(tmp_path / "x.mp4", scene(), 30, 23)), "key frames")
    assert found is not None
    assert "every 30 frames" in found.reason
    assert found.details == {"key frames": 4, "median distance": 30}


def test_irregular_times_are_no_holes() -> None:
    rng = np.random.default_rng(0)
    assert holes(np.cumsum(rng.exponential(0.04, 300))) == []
    assert holes(np.arange(5) / 25) == []
    regular = np.arange(100) / 25
    regular[50:] += 0.5
    assert len(holes(regular)) == 1


def test_noise_in_sizes_is_no_rhythm() -> None:
    rng = np.random.default_rng(0)
    keys = np.arange(300) % 50 == 0
    found = [earlier_rhythm(rng.lognormal(8, 0.2, 300), keys) for _ in range(20)]
    assert found.count(None) >= 19
    sizes = rng.lognormal(8, 0.1, 300)
    sizes[7::15] *= 2
    rhythm = earlier_rhythm(sizes, keys)
    assert rhythm is not None
    assert rhythm[0] == 15


def test_moving_pictures_and_files_without_pictures_are_told_apart(tmp_path: Path) -> None:
    frames = [Image.fromarray(pixels) for pixels in scene(3)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    result = said(tmp_path / "x.gif")
    assert not result.findings
    assert "no packets" in result.not_checked[0].why
    soundfile.write(tmp_path / "x.wav", np.zeros(8000), 8000)
    with pytest.raises(UnreadableMedia, match="no pictures"):
        packets(tmp_path / "x.wav")


def test_frames_predicted_from_both_sides_are_not_judged(tmp_path: Path) -> None:
    path = tmp_path / "b.mp4"
    with av.open(str(path), "w") as media:
        stream = media.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 160, 120, "yuv420p"
        stream.options = {"bf": "3"}
        for pixels in scene(60):
            media.mux(stream.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        media.mux(stream.encode())
    result = said(path)
    assert about(result, "earlier encoding") is None
    assert any("both sides" in one.why for one in result.not_checked)
    assert about(result, "hole in time") is None


def test_a_video_without_packets_has_no_rhythm() -> None:
    for count in (0, 1, 14):
        assert earlier_rhythm(np.ones(count), np.zeros(count, np.bool_)) is None
