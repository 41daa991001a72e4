"""What cannot be judged: one clear line, at once, with little memory, whatever the bytes say."""

from __future__ import annotations

import contextlib
import os
import resource
import socket
import subprocess
import sys
import time
import tracemalloc
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import make_media as make
from unmask.errors import MediaError, MediaTooLarge, UnreadableMedia, UnsupportedMedia
from unmask.media import Limits, frames, probe, read_image, stream
from unmask.media._source import Source
from unmask.media.limits import Clock


@contextlib.contextmanager
def refused(error: type[MediaError], text: str, megabytes: float = 50) -> Iterator[None]:
    """The block raises this error: one line with this text and an advice, soon and cheaply."""
    tracemalloc.start()
    peak_before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    begun = time.monotonic()
    with pytest.raises(error) as caught:
        yield
    seconds = time.monotonic() - begun
    used = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak_before) / 1024
    message = str(caught.value)
    assert text in message
    assert "\n" not in message
    assert message.endswith(".")
    assert len(message) < 400
    assert seconds < 15
    assert used < megabytes
    assert grown < megabytes


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def test_missing(tmp_path: Path) -> None:
    with refused(UnreadableMedia, "does not exist"):
        probe(tmp_path / "nothing.jpg")


def test_empty(tmp_path: Path) -> None:
    with refused(UnreadableMedia, "is empty"):
        probe(write(tmp_path / "a.jpg", b""))


def test_folder(tmp_path: Path) -> None:
    with refused(UnreadableMedia, "is a folder"):
        probe(tmp_path)


def test_a_name_inside_a_file(tmp_path: Path) -> None:
    with refused(UnreadableMedia, "cannot be opened"):
        probe(write(tmp_path / "a.jpg", b"x") / "b.jpg")


def test_a_name_with_a_zero_byte() -> None:
    with refused(UnreadableMedia, "cannot be opened"):
        probe(Path("a\0b.jpg"))


def test_pipe_does_not_wait(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mp4")
    with refused(UnreadableMedia, "is a pipe"):
        probe(tmp_path / "pipe.mp4")


def test_socket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.wav")
        with refused(UnreadableMedia, "is a socket"):
            probe(Path("s.wav"))


@pytest.mark.parametrize("device", ["/dev/zero", "/dev/null", "/dev/random"])
def test_device(device: str) -> None:
    with refused(UnreadableMedia, "is a device"):
        probe(Path(device))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_no_permission(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jpg", make.jpeg_bytes())
    path.chmod(0)
    with refused(UnreadableMedia, "may not be read"):
        probe(path)


def test_links_that_go_round(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with refused(UnreadableMedia, "cannot be opened"):
        probe(tmp_path / "a")


@pytest.mark.parametrize(
    ("name", "data", "what"),
    [
        ("a.jpg", b"%PDF-1.7\n...", "a PDF document"),
        ("a.png", b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG drawing"),
        ("b.png", b"<?xml version='1.0'?>\n<!-- x -->\n<svg/>", "an SVG drawing"),
        ("a.mp4", b"<!doctype html><html></html>", "an HTML page"),
        ("b.mp4", b"\n\n  <html><body>404</body></html>", "an HTML page"),
        ("a.m3u8", b"#EXTM3U\n#EXTINF:9,\nhttp://127.0.0.1/a.ts\n", "a playlist"),
        ("a.txt", b"ffconcat version 1.0\nfile /etc/passwd\n", "a playlist"),
        ("a.mpd", b"<?xml version='1.0'?><MPD xmlns='urn:mpeg:dash'/>", "a playlist"),
        ("a.sdp", b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\n", "a stream description"),
        ("a.meta", b";FFMETADATA1\ntitle=x\n", "a stream description"),
        ("a.wav", b"hello, world\n", "a text file"),
        ("b.wav", "grüße\n".encode("utf-16"), "a text file"),
        ("a.xml", b"<?xml version='1.0'?><a/>", "an XML document"),
        ("a.exe", b"MZ\x90\0", "a Windows executable"),
        ("a.out", b"\x7fELF\2\1\1", "an executable"),
        ("a.gz", b"\x1f\x8b\x08\0", "a gzip archive"),
        ("a.jxl", b"\xff\x0a\0\0", "a JPEG XL picture"),
        ("a.jp2", b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
        ("a.psd", b"8BPS\0\1", "a Photoshop document"),
        ("a.cr3", b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a camera raw file"),
        ("a.mid", b"MThd\0\0\0\6", "a MIDI score"),
        ("a.lfs", b"version https://git-lfs.github.com/spec/v1\n", "a Git LFS pointer"),
        ("a.bin", bytes(range(200, 256)) * 9, "data of an unknown kind"),
        ("a.mp3", b"\xff", "data of an unknown kind"),
        ("b.bin", bytes(10_000), "data of an unknown kind"),
    ],
)
def test_other_kinds_are_named(tmp_path: Path, name: str, data: bytes, what: str) -> None:
    with refused(UnsupportedMedia, what):
        probe(write(tmp_path / name, data))


def test_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.mp4", "w") as archive:
        archive.writestr("a.txt", "x")
    with refused(UnsupportedMedia, "a ZIP archive"):
        probe(tmp_path / "a.mp4")


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.png", make.png_bytes(100_000, 100_000, b"x" * 100)),
        ("b.png", make.png_bytes(2**31 - 1, 2**31 - 1, b"x" * 100)),
        ("c.png", make.png_bytes(500_000, 100, b"x" * 100)),
        ("a.gif", make.huge_gif(65_535, 65_535)),
        ("a.bmp", make.huge_bmp(100_000, 100_000)),
        ("b.bmp", make.huge_bmp(2**31 - 1, -(2**31) + 1)),
        ("a.tif", make.huge_tiff(100_000, 100_000)),
        ("b.tif", make.huge_tiff(4_000_000_000, 4_000_000_000)),
        ("a.jpg", make.patch(make.jpeg_bytes(), b"\x08\0\x30\0\x40", b"\x08\xff\xff\xff\xff")),
    ],
)
def test_huge_pictures_are_refused_from_their_header(
    tmp_path: Path, name: str, data: bytes
) -> None:
    path = write(tmp_path / name, data)
    for read in (probe, read_image):
        with refused(MediaTooLarge, "announces a picture of"):
            read(path)


def test_huge_webp(tmp_path: Path) -> None:
    with refused(MediaError, "'a.webp'"):
        probe(write(tmp_path / "a.webp", make.huge_webp(16_000_000, 16_000_000)))


@pytest.mark.parametrize("end", ["avif", "heic"])
def test_huge_avif_and_heic(tmp_path: Path, end: str) -> None:
    path = tmp_path / f"a.{end}"
    if end == "avif":
        make.image(path)
    else:
        make.heic(path)
    old = b"ispe" + bytes(4) + (64).to_bytes(4, "big") + (48).to_bytes(4, "big")
    new = b"ispe" + bytes(4) + (200_000).to_bytes(4, "big") * 2
    write(path, make.patch(path.read_bytes(), old, new))
    with refused(MediaError, f"'a.{end}'"):
        read_image(path)


@pytest.mark.parametrize("size", [(8_193, 16), (8_192, 8_192)])
def test_huge_videos_are_refused_from_their_header(tmp_path: Path, size: tuple[int, int]) -> None:
    path = make.huge_mp4(tmp_path / "a.mp4", *size)
    with refused(MediaTooLarge, "announces video frames of"):
        probe(path)


@pytest.mark.parametrize("side", [16_000, 60_000])
def test_videos_larger_than_any_decoder_takes(tmp_path: Path, side: int) -> None:
    with refused(UnreadableMedia, "up to 8192 pixels a side"):
        probe(make.huge_mp4(tmp_path / "a.mp4", side, side))


def test_png_bomb_within_the_pixel_limit_needs_bounded_memory(tmp_path: Path) -> None:
    path = write(tmp_path / "bomb.png", make.bomb_png(20_000))
    assert path.stat().st_size < 1_000_000
    with refused(MediaTooLarge, "20000 × 20000"):
        read_image(path)


def test_largest_allowed_picture_stays_under_two_gigabytes(tmp_path: Path) -> None:
    """A 14,000 × 14,000 picture (196 million pixels) in a process of its own."""
    path = write(tmp_path / "large.png", make.bomb_png(14_000))
    # Not ru_maxrss: a child begins with the peak of the process that started it.
    program = (
        "import re, sys; from pathlib import Path; from unmask.media import read_image;"
        "print(read_image(Path(sys.argv[1])).shape,"
        " re.search(r'VmHWM:\\s*(\\d+)', Path('/proc/self/status').read_text())[1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    *shape, peak = done.stdout.rsplit(" ", 1)
    assert shape == ["(14000, 14000, 3)"]
    assert int(peak) / 1024 < 2_000


def test_compressed_text_bomb(tmp_path: Path) -> None:
    path = write(tmp_path / "text.png", make.text_bomb_png())
    with refused(MediaError, "'text.png'", megabytes=120):
        probe(path)


@pytest.mark.parametrize("name", ["a.jpg", "a.png", "a.webp", "a.gif", "a.tif", "a.bmp", "a.avif"])
@pytest.mark.parametrize("part", [0.3, 0.6, 0.9])
def test_truncated_pictures_are_not_filled_up(tmp_path: Path, name: str, part: float) -> None:
    path = make.image(tmp_path / name, make.photo())
    data = path.read_bytes()
    write(path, data[: int(part * len(data))])
    with refused(UnreadableMedia, "damaged or truncated"):
        read_image(path)


def test_gif_with_thousands_of_frames_is_streamed(tmp_path: Path) -> None:
    path = make.animation(tmp_path / "long.gif", count=3_000, milliseconds=40)
    info = probe(path)
    assert info.frames == 3_000
    tracemalloc.start()
    shown = sum(1 for _ in frames(path, info, fps=1))
    assert shown == 120
    assert tracemalloc.get_traced_memory()[1] < 5_000_000
    tracemalloc.stop()


def test_file_size_limit(tmp_path: Path) -> None:
    picture = make.image(tmp_path / "a.png")
    with refused(MediaTooLarge, "allowed are"):
        probe(picture, Limits(image_file_bytes=10))
    sound = make.wav(tmp_path / "a.wav", np.zeros(100))
    with refused(MediaTooLarge, "allowed are"):
        probe(sound, Limits(file_bytes=10))


def test_sparse_file_of_zeros(tmp_path: Path) -> None:
    with (tmp_path / "a.mp4").open("wb") as file:
        file.truncate(50_000_000_000)
    with refused(UnsupportedMedia, "unknown kind"):
        probe(tmp_path / "a.mp4")


def test_absurd_sound_header(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", np.zeros(1_000))
    data = bytearray(path.read_bytes())
    data[22:24] = (60_000).to_bytes(2, "little")
    with refused(MediaError, "'a.wav'"):
        probe(write(path, bytes(data)))


def test_the_clock_ends_a_decoder_that_does_not_advance(tmp_path: Path) -> None:
    path = make.video(tmp_path / "a.mp4")
    info = probe(path)
    with refused(UnreadableMedia, "could not be decoded in time"):
        list(stream(path, info, limits=Limits(grace_seconds=0.0, slowness=0.0)))
    with refused(UnreadableMedia, "could not be decoded in time"):
        probe(path, Limits(grace_seconds=0.0, slowness=0.0))
    picture = make.animation(tmp_path / "a.gif")
    with refused(UnreadableMedia, "could not be decoded in time"):
        list(stream(picture, probe(picture), limits=Limits(grace_seconds=0.0, slowness=0.0)))


def test_the_clock_does_not_count_the_time_of_others(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 0.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    clock = Clock("a", Limits(grace_seconds=10, slowness=2))
    now = 9.0
    clock.check()
    clock.pause()
    now = 1000.0
    clock.resume()
    clock.check()
    now = 1002.0
    with pytest.raises(UnreadableMedia, match="allowed are 10 s"):
        clock.check()
    clock.reach(5.0)
    clock.check()


def test_a_disk_that_fails_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unmask.media import _source

    path = make.video(tmp_path / "a.mkv", count=200, rate=25, paint=lambda i: make.photo(64, 48, i))
    info = probe(path)
    read = _source.Source.read

    def failing(self: _source.Source, size: int = -1) -> bytes:
        if self.tell() > path.stat().st_size // 2:
            self._clock.failure = "Input/output error"
            return b""
        return read(self, size)

    monkeypatch.setattr(_source.Source, "read", failing)
    with refused(UnreadableMedia, "Input/output error"):
        list(frames(path, info))


def test_an_index_that_leads_in_circles_ends_soon(tmp_path: Path) -> None:
    clock = Clock("'a.mov'", Limits())
    with write(tmp_path / "a.mov", bytes(1_000_000)).open("rb", buffering=0) as file:
        source = Source(file, clock)
        reads = 0
        while source.read(1_000_000):
            source.seek(0)
            reads += 1
    assert 400 < reads < 500
    with refused(UnreadableMedia, "leads in circles"):
        clock.check()


def test_no_address_and_no_other_file_is_opened(tmp_path: Path) -> None:
    """A name that FFmpeg would take for a protocol is only a name."""
    secret = make.video(tmp_path / "secret.mp4", count=2)
    with contextlib.chdir(tmp_path):
        with refused(UnreadableMedia, "does not exist"):
            probe(Path("concat:secret.mp4|secret.mp4"))
        with refused(UnreadableMedia, "does not exist"):
            probe(Path("file:secret.mp4"))
        with refused(UnreadableMedia, "is an address"):
            probe(Path("http://127.0.0.1:9/a.mp4"))
    assert secret.exists()


def test_nothing_is_printed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    damaged = make.video(tmp_path / "a.mkv", count=20, paint=lambda i: make.photo(64, 48, i))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2 : len(data) // 2 + 500] = bytes(500)
    write(damaged, bytes(data))
    packed = make.image(tmp_path / "a.tif", make.photo(), compression="tiff_lzw")
    data = bytearray(packed.read_bytes())
    data[600:900] = bytes(300)
    write(packed, bytes(data))
    capfd.readouterr()
    for path in (damaged, packed):
        with contextlib.suppress(MediaError):
            list(stream(path, probe(path)))
    assert capfd.readouterr() == ("", "")


def test_picture_reader_refuses_recordings(tmp_path: Path) -> None:
    path = make.wav(tmp_path / "a.wav", np.zeros(100))
    with refused(UnsupportedMedia, "is WAV, a video or recording"):
        read_image(path)


def test_damaged_exif_does_not_hide_the_picture(tmp_path: Path) -> None:
    path = make.image(tmp_path / "a.jpg", exif=b"Exif\0\0II*\0\xff\xff\xff\xff")
    assert make.corners(read_image(path)) == ["red", "green", "blue", "white"]
    assert Image.open(path).size == (64, 48)


def test_a_heic_item_whose_type_is_no_text_is_refused_before_its_library_dies(
    tmp_path: Path,
) -> None:
    path = make.heic(tmp_path / "photo.heic")
    data = path.read_bytes()
    place = data.index(b"infe") + 12  # version, number, protection, then the type
    assert data[place : place + 4].isalnum()
    path.write_bytes(data[:place] + b"E\xeaif" + data[place + 4 :])
    with pytest.raises(UnreadableMedia, match="type of one of its items is no text"):
        probe(path)


def test_a_picture_beyond_the_limit_is_told_a_way_that_exists(tmp_path: Path) -> None:
    path = write(tmp_path / "large.bmp", make.huge_bmp(20_000, 15_000))
    with refused(MediaTooLarge, "Scale it down first; from Python, scan(path, limits=Limits("):
        probe(path)
