"""Videos: frames chosen by time, upright, in the right colours, with sound in one pass."""

from __future__ import annotations

import gc
import itertools
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from av.video.frame import VideoFrame

import make_media as make
from unmask.errors import MediaTooLarge, UnreadableMedia
from unmask.media import Limits, blocks, frames, probe, stream
from unmask.media.sampling import Sampler
from unmask.types import AudioBlock, Frame, Kind

UPRIGHT = ["red", "green", "blue", "white"]


def counter(index: int) -> make.Pixels:
    """A frame that says its number: grey of level ``2 · index``."""
    return np.full((48, 64, 3), 2 * index % 256, np.uint8)


def numbers(shown: list[Frame]) -> list[int]:
    return [round(float(frame.pixels.mean()) / 2) for frame in shown]


def test_every_video_format_is_read(kinds: dict[str, list[Path]]) -> None:
    for path in kinds["video"]:
        info = probe(path)
        items = list(stream(path, info))
        shown = [item for item in items if isinstance(item, Frame)]
        assert info.kind is Kind.VIDEO, path.name
        assert (info.width, info.height) == (64, 48), path.name
        assert 3 <= len(shown) <= 7, path.name
        assert all(frame.pixels.shape == (48, 64, 3) for frame in shown)
        heard = sum(len(item.samples) for item in items if isinstance(item, AudioBlock))
        assert bool(heard) == (info.audio_codec is not None), path.name


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.mov"])
@pytest.mark.parametrize(
    "rate", [Fraction(15, 2), 25, Fraction(30000, 1001), Fraction(60000, 1001)]
)
def test_frames_come_at_the_grid_of_time(tmp_path: Path, name: str, rate: Fraction) -> None:
    codec = "mpeg4" if name.endswith("avi") else "libx264"
    path = make.video(tmp_path / name, codec, count=100, rate=rate, paint=counter)
    info = probe(path)
    shown = list(frames(path, info, fps=5))
    seconds = 100 / float(rate)
    assert info.frame_rate == pytest.approx(float(rate), rel=0.02)
    assert len(shown) == pytest.approx(5 * seconds, abs=1.5)
    for place, frame in enumerate(shown):
        assert -0.012 <= frame.time - place / 5 <= 1 / float(rate) + 0.01
        assert frame.time == pytest.approx(frame.index / float(rate), abs=0.003)
    assert numbers(shown) == pytest.approx([frame.index for frame in shown], abs=2)


def test_odd_frame_rate(tmp_path: Path) -> None:
    path = make.video(tmp_path / "odd.mp4", count=73, rate=Fraction(73, 10), paint=counter)
    shown = list(frames(path, probe(path), fps=5))
    assert len(shown) == 50
    assert numbers(shown) == pytest.approx([frame.index for frame in shown], abs=2)


def test_few_frames_a_second_are_all_given(tmp_path: Path) -> None:
    path = make.video(tmp_path / "slow.mp4", count=9, rate=3)
    shown = list(frames(path, probe(path), fps=5))
    assert [frame.index for frame in shown] == list(range(9))
    assert [frame.time for frame in shown] == pytest.approx([i / 3 for i in range(9)], abs=0.001)


def test_variable_frame_rate_is_honoured(tmp_path: Path) -> None:
    times = [*(i / 30 for i in range(30)), 1.5, 2.0, 3.7, *(4 + i / 30 for i in range(30))]
    path = make.video(tmp_path / "vfr.mp4", count=len(times), rate=30, times=times, paint=counter)
    info = probe(path)
    shown = list(frames(path, info, fps=5))
    assert any("variable frame rate" in note for note in info.notes)
    got = [round(frame.time, 2) for frame in shown]
    assert got == [0.0, 0.2, 0.4, 0.6, 0.8, 1.5, 2.0, 3.7, 4.0, 4.2, 4.4, 4.6, 4.8]
    assert numbers(shown) == pytest.approx([frame.index for frame in shown], abs=2)


def test_constant_frame_rate_is_not_called_variable(kinds: dict[str, list[Path]]) -> None:
    for path in kinds["video"]:
        assert not any("variable" in note for note in probe(path).notes), path.name


def test_one_frame(tmp_path: Path) -> None:
    path = make.video(tmp_path / "one.mp4", count=1)
    info = probe(path)
    (frame,) = frames(path, info)
    assert info.kind is Kind.VIDEO
    assert make.corners(frame.pixels) == UPRIGHT


@pytest.mark.parametrize(
    ("turn", "expected"),
    [
        (90, ["green", "white", "red", "blue"]),
        (180, ["white", "blue", "green", "red"]),
        (270, ["blue", "red", "white", "green"]),
    ],
)
@pytest.mark.parametrize("name", ["turned.mp4", "turned.mkv"])
def test_rotation_is_applied(tmp_path: Path, name: str, turn: int, expected: list[str]) -> None:
    path = make.video(tmp_path / name, rotation=turn)
    info = probe(path)
    frame = next(frames(path, info))
    assert make.corners(frame.pixels) == expected
    assert (info.width, info.height) == frame.pixels.shape[1::-1]
    assert "rotated: the display matrix was applied" in info.notes


def test_mirrored_video(tmp_path: Path) -> None:
    path = make.video(tmp_path / "mirror.mp4")
    one, minus = (1 << 16).to_bytes(4, "big"), (-(1 << 16)).to_bytes(4, "big", signed=True)
    data, track = path.read_bytes(), b"tkhd"
    at = data.index(one, data.index(track) + 44)
    path.write_bytes(data[:at] + minus + data[at + 4 :])
    frame = next(frames(path, probe(path)))
    assert make.corners(frame.pixels) == ["green", "red", "white", "blue"]


def test_high_definition_without_tags_is_bt709(tmp_path: Path) -> None:
    path = tmp_path / "hd.mp4"
    make.video(path, count=2, size=(1280, 720), colorspace=1, color_range=1, options={"crf": "5"})
    frame = next(frames(path, probe(path)))
    assert make.corners(frame.pixels) == UPRIGHT


@pytest.mark.parametrize("codec", ["libx265", "libsvtav1"])
def test_high_dynamic_range_becomes_ordinary(tmp_path: Path, codec: str) -> None:
    """Reference white (58 % PQ) is bright but not clipped; black stays black; nothing wraps."""
    levels = np.array([0.0, 0.3, 0.5807, 0.75, 1.0])
    row = (np.repeat(levels, 32) * 65_535).astype(np.uint16)
    pixels = np.broadcast_to(row[None, :, None], (96, 160, 3)).copy()
    codes = {"color_trc": 16, "color_primaries": 9, "colorspace": 9, "color_range": 1}
    options = {
        "libx265": {
            "crf": "4",
            "x265-params": "log-level=none:colorprim=bt2020:transfer=smpte2084:"
            "colormatrix=bt2020nc:range=limited",
        },
        "libsvtav1": {"crf": "4", "preset": "12"},
    }
    path = make.video(
        tmp_path / "hdr.mkv",
        codec,
        "yuv420p10le",
        count=2,
        size=(160, 96),
        paint=lambda _: pixels,
        options=options[codec],
        **codes,
    )
    info = probe(path)
    frame = next(frames(path, info))
    got = [int(frame.pixels[48, 16 + 32 * i].mean()) for i in range(5)]
    assert "high dynamic range: tone-mapped to standard range" in info.notes
    assert got == sorted(got)
    assert got[0] <= 3
    assert 150 < got[2] < 235
    assert got[4] >= 250


@pytest.mark.parametrize(
    ("name", "codec", "pixel_format"),
    [("a.mov", "prores_ks", "yuva444p10le"), ("a.mov", "qtrle", "argb"), ("a.mkv", "ffv1", "bgra")],
)
def test_transparent_video_lies_over_grey(
    tmp_path: Path, name: str, codec: str, pixel_format: str
) -> None:
    def half(_: int) -> make.Pixels:
        rgba = np.zeros((48, 64, 4), np.uint8)
        rgba[:, :32] = (255, 0, 0, 255)
        rgba[:, 32:] = (255, 0, 0, 0)
        return rgba

    path = make.video(tmp_path / name, codec, pixel_format, count=2, paint=half)
    info = probe(path)
    pixels = next(frames(path, info)).pixels
    assert pixels[24, 8] == pytest.approx([255, 0, 0], abs=6)
    assert pixels[24, 56] == pytest.approx([128, 128, 128], abs=6)
    assert "transparent: laid over mid-grey" in info.notes


def test_vp9_with_alpha_shows_its_colours(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.webm", "libvpx-vp9", "yuva420p", count=2)
    assert make.corners(next(frames(path, probe(path))).pixels) == UPRIGHT


def test_pixels_that_are_not_square_are_noted(tmp_path: Path) -> None:
    path = make.video(tmp_path / "wide.mkv", sample_aspect_ratio=Fraction(4, 3))
    assert "pixels are not square (4:3)" in probe(path).notes


def test_smaller_frames_on_request_only(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mp4", size=(640, 480), count=2)
    info = probe(path)
    assert next(frames(path, info)).pixels.shape == (480, 640, 3)
    small = next(frames(path, info, max_side=160))
    assert small.pixels.shape == (120, 160, 3)
    assert make.corners(small.pixels) == UPRIGHT


def test_frames_and_sound_come_in_file_order_and_in_step(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mp4", count=120, rate=10, sound="aac")
    items = list(stream(path, probe(path), block_seconds=1.0))
    heard = [item for item in items if isinstance(item, AudioBlock)]
    assert sum(len(block.samples) for block in heard) == pytest.approx(12 * 16_000, abs=1_600)
    for before, after in itertools.pairwise(heard):
        assert after.start == pytest.approx(before.start + len(before.samples) / 16_000)
    kinds_in_order = [type(item) for item in items]
    assert kinds_in_order.index(AudioBlock) < len(items) // 3
    last_frame = 0.0
    for item in items:
        if isinstance(item, Frame):
            last_frame = item.time
        else:
            assert item.start < last_frame + 2.5


def test_sound_and_frames_alone(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mp4", sound="aac")
    info = probe(path)
    assert len(list(frames(path, info))) == 10
    assert sum(len(block.samples) for block in blocks(path, info)) > 30_000
    assert list(stream(path, info, want_frames=False, want_sound=False)) == []


def test_truncated_mp4_without_its_index(tmp_path: Path) -> None:
    whole = make.video(tmp_path / "a.mp4", count=50, paint=lambda i: make.photo(64, 48, i))
    path = tmp_path / "cut.mp4"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    with pytest.raises(UnreadableMedia, match="damaged or truncated") as caught:
        probe(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("end", ["mp4", "mkv"])
def test_truncated_with_its_header_first(tmp_path: Path, end: str) -> None:
    whole = make.video(
        tmp_path / f"a.{end}",
        count=100,
        paint=lambda i: make.photo(64, 48, i),
        sound="aac",
        muxing={"movflags": "faststart"} if end == "mp4" else None,
    )
    path = tmp_path / f"cut.{end}"
    path.write_bytes(whole.read_bytes()[: whole.stat().st_size // 2])
    notes: list[str] = []
    shown = list(frames(path, probe(path), on_note=notes.append))
    assert 15 < len(shown) < 40
    assert len(notes) >= 1
    assert any("truncated" in note or "ended early" in note for note in notes)


def test_a_video_that_shows_nothing(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mp4", "mpeg4", count=10)
    data = path.read_bytes()
    body = data.index(b"mdat") + 4
    end = data.index(b"moov") - 4
    path.write_bytes(data[:body] + bytes(end - body) + data[end:])
    with pytest.raises(UnreadableMedia, match="nothing in it can be decoded"):
        probe(path)


def test_sound_stays_when_the_picture_is_damaged(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mkv", "ffv1", "yuv420p", count=20, sound="flac")
    info = probe(path)
    notes: list[str] = []
    heard = list(blocks(path, info, on_note=notes.append))
    assert heard
    assert notes == []


def test_abandoned_streams_close_the_file(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mp4", sound="aac")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        items = stream(path, probe(path))
        next(items)
        items.close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize("name", ["Überfall %03d.mp4", "-i.mp4", "new\nline.mp4", "concat:a.mp4"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    path = make.video(tmp_path / "plain.mp4", count=3).rename(tmp_path / name)
    assert len(list(frames(path, probe(path)))) == 2


def test_memory_does_not_grow_with_length(tmp_path: Path) -> None:
    import tracemalloc

    def peak(count: int) -> int:
        path = make.video(tmp_path / f"{count}.mp4", count=count, rate=10, sound="aac")
        info = probe(path)
        tracemalloc.start()
        for _ in stream(path, info, fps=10):
            pass
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    peak(20)
    assert peak(1500) < peak(300) * 1.3 + 200_000


def test_frames_that_grow_inside_the_file_are_refused(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mp4", size=(640, 480), count=3)
    info = probe(path)
    with pytest.raises(MediaTooLarge, match="640 × 480"):
        list(frames(path, info, limits=Limits(frame_side=320)))


@pytest.mark.parametrize("rate", [4.0, 5.0, 24.0, 29.97, 30.0, 60.0, 144.0])
def test_sampler_spreads_evenly(rate: float) -> None:
    sampler = Sampler(5.0, rate)
    taken = [i / rate for i in range(int(rate * 20)) if sampler.wants(i / rate)]
    assert len(taken) == pytest.approx(20 * min(rate, 5.0), abs=1)
    gaps = np.diff(taken)
    assert gaps.max() <= max(0.2, 1 / rate) + 1 / rate + 1e-6


@pytest.mark.parametrize("turn", [0, 90])
def test_decoded_frames_are_let_go_without_the_collector(tmp_path: Path, turn: int) -> None:
    path = make.video(tmp_path / "long.mp4", count=60, rotation=turn)
    info = probe(path)
    gc.collect()
    gc.disable()
    try:
        before = _frames_alive()
        assert sum(1 for _ in frames(path, info, fps=100)) == 60
        assert _frames_alive() - before <= 3
    finally:
        gc.enable()


def _frames_alive() -> int:
    return sum(isinstance(thing, VideoFrame) for thing in gc.get_objects())
