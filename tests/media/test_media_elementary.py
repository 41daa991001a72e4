"""Streams without a container, whole or cut inside a frame, and the rarer containers, are read."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

import make_media as make
from unmask.errors import UnsupportedMedia
from unmask.media import probe, stream
from unmask.types import AudioBlock, Frame, Kind


def sound(path: Path, codec: str, format_: str, rate: int = 16_000) -> Path:
    with av.open(str(path), "w", format=format_) as out:
        added = out.add_stream(codec, rate=rate, layout="mono")
        values = make.tone(3 * rate, rate)[None].astype(np.float32)
        frame = av.AudioFrame.from_ndarray(values, format="flt", layout="mono")
        frame.sample_rate = rate
        size = added.frame_size or 4096
        shaped = av.AudioResampler(format=added.format, layout="mono", frame_size=size)
        for part in [*shaped.resample(frame), *shaped.resample(None)]:
            out.mux(added.encode(part))
        out.mux(added.encode(None))
    return path


def film(path: Path, codec: str, format_: str) -> Path:
    with av.open(str(path), "w", format=format_) as out:
        added = out.add_stream(codec, rate=25, width=96, height=64, pix_fmt="yuv420p")
        for number in range(12):
            pixels = make.photo(96, 64, number)
            out.mux(added.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")))
        out.mux(added.encode(None))
    return path


SOUNDS = {
    "TTA": ("tta", "tta"),
    "VOC": ("pcm_u8", "voc"),
    "E-AC-3": ("eac3", "eac3"),
    "AC-3": ("ac3", "ac3"),
    "NUT": ("pcm_s16le", "nut"),
}
FILMS = {
    "NUT": ("mpeg4", "nut"),
    "MXF": ("mpeg2video", "mxf"),
    "YUV4MPEG2": ("rawvideo", "yuv4mpegpipe"),
    "IVF": ("libvpx", "ivf"),
    "raw H.264": ("libx264", "h264"),
    "raw MPEG video": ("mpeg2video", "mpeg2video"),
    "raw MPEG-4 video": ("mpeg4", "m4v"),
}


@pytest.mark.parametrize("title", SOUNDS)
def test_rarer_recordings_are_read(tmp_path: Path, title: str) -> None:
    codec, format_ = SOUNDS[title]
    path = sound(tmp_path / "a", codec, format_, 48_000 if "AC-3" in title else 16_000)
    info = probe(path)
    assert (info.kind, info.container) == (Kind.AUDIO, title)
    heard = sum(len(item.samples) for item in stream(path, info) if isinstance(item, AudioBlock))
    assert heard == pytest.approx(48_000, rel=0.05)


@pytest.mark.parametrize("title", FILMS)
def test_rarer_videos_are_read(tmp_path: Path, title: str) -> None:
    path = film(tmp_path / "a", *FILMS[title])
    info = probe(path)
    assert (info.kind, info.container) == (Kind.VIDEO, title)
    shown = [item for item in stream(path, info, fps=100) if isinstance(item, Frame)]
    assert len(shown) >= 10
    assert abs(float(shown[0].pixels.mean()) - float(make.photo(96, 64, 0).mean())) < 12


CUT = {
    "MP3": ("libmp3lame", "mp3"),
    "AAC": ("aac", "adts"),
    "MPEG-TS": ("aac", "mpegts"),
    "AC-3": ("ac3", "ac3"),
    "E-AC-3": ("eac3", "eac3"),
    "MPEG-PS": ("mp2", "mpeg"),
}


@pytest.mark.parametrize("title", CUT)
@pytest.mark.parametrize("missing", [301, 777])
def test_a_stream_cut_inside_a_frame_is_read(tmp_path: Path, title: str, missing: int) -> None:
    whole = sound(tmp_path / "whole", *CUT[title], 44_100).read_bytes()
    path = tmp_path / "cut"
    path.write_bytes(whole[missing:])
    info = probe(path)
    assert info.container == title
    heard = sum(len(item.samples) for item in stream(path, info) if isinstance(item, AudioBlock))
    assert heard > 32_000


@pytest.mark.parametrize("zeros", [1, 500, 20_000])
def test_zero_bytes_before_an_mp3_are_passed_over(tmp_path: Path, zeros: int) -> None:
    whole = sound(tmp_path / "whole", *CUT["MP3"], 44_100).read_bytes()
    frames = whole[whole.index(b"\xff\xfb") :]
    path = tmp_path / "late"
    path.write_bytes(bytes(zeros) + frames)
    info = probe(path)
    assert info.container == "MP3"
    assert sum(len(item.samples) for item in stream(path, info)) > 40_000  # type: ignore[union-attr]


@pytest.mark.parametrize("title", ["AC-3", "E-AC-3", "MPEG-PS", "MPEG-TS"])
def test_zero_bytes_before_other_streams_are_passed_over(tmp_path: Path, title: str) -> None:
    path = sound(tmp_path / "whole", *CUT[title], 44_100)
    path.write_bytes(bytes(2000) + path.read_bytes())
    info = probe(path)
    assert info.container == title
    heard = sum(len(item.samples) for item in stream(path, info) if isinstance(item, AudioBlock))
    assert heard > 32_000


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_no_stream(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "noise"
    path.write_bytes(b"\x01\x80" + np.random.default_rng(seed).bytes(50_000))
    with pytest.raises(UnsupportedMedia, match="unknown kind"):
        probe(path)


def test_a_stream_inside_an_archive_is_an_archive(tmp_path: Path) -> None:
    whole = sound(tmp_path / "whole", *CUT["MP3"], 44_100).read_bytes()
    path = tmp_path / "a.zip"
    path.write_bytes(b"PK\x03\x04" + bytes(26) + whole)
    with pytest.raises(UnsupportedMedia, match="ZIP archive"):
        probe(path)
