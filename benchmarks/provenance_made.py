"""Originals of every format, and what real tools do to signed files."""

from __future__ import annotations

import json
import random
import shutil
import struct
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

from PIL import Image, ImageOps

PICTURES = ("jpg", "png", "webp", "gif", "tif", "avif", "heic")
_FFMPEG = ["ffmpeg", "-v", "error", "-y", "-i"]
_SOUNDS = {
    "wav": ["-ar", "44100"],
    "mp3": ["-codec:a", "libmp3lame"],
    "m4a": ["-codec:a", "aac", "-ar", "44100"],
    "flac": [],
}
_VIDEOS = {
    "mp4": ["-c:v", "libx264", "-preset", "ultrafast"],
    "mov": ["-c:v", "mpeg4"],
    "avi": ["-c:v", "mjpeg", "-pix_fmt", "yuvj420p"],
}


def run(*command: str | Path) -> bool:
    """True if a program did what it was told."""
    done = subprocess.run([str(part) for part in command], capture_output=True, check=False)
    return done.returncode == 0


def rows(data: Path, kind: str) -> dict[str, list[Path]]:
    """Files of a kind by source, in a fixed random order."""
    found: dict[str, list[Path]] = {}
    for line in (data / "manifest.jsonl").read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] == kind:
            found.setdefault(row["source"], []).append(data / row["path"])
    for paths in found.values():
        random.Random(7).shuffle(paths)
    return found


def originals(data: Path, folder: Path, each: int) -> dict[str, list[Path]]:
    """``each`` unsigned files of each format, made from files of the data by usual tools."""
    made: dict[str, list[Path]] = {}

    def keep(ending: str, path: Path, good: bool = True) -> None:
        if good and path.is_file():
            made.setdefault(ending, []).append(path)

    images = list(rows(data, "image").values())
    for number in range(each):
        source = images[number % len(images)][number]
        for ending in PICTURES:
            path = folder / f"picture-{number}.{ending}"
            if ending == "jpg":
                shutil.copy(source, path)
            elif ending == "heic":
                _heic(source, path)
            else:
                _small(source).save(path)
            keep(ending, path)
    videos = [path for paths in rows(data, "video").values() for path in paths]
    sounds = [path for paths in rows(data, "audio").values() for path in paths]
    for names, sources in ((_VIDEOS, videos), (_SOUNDS, sounds)):
        for number in range(each):
            for ending, options in names.items():
                path = folder / f"{'video' if names is _VIDEOS else 'sound'}-{number}.{ending}"
                keep(ending, path, run(*_FFMPEG, sources[number], "-t", "1", *options, path))
    return made


def _small(source: Path) -> Image.Image:
    with Image.open(source) as image:
        return ImageOps.contain(image.convert("RGB"), (160, 160))


def _heic(source: Path, path: Path) -> None:
    """Coded as AVIF and renamed inside: no free coder of HEIC is at hand."""
    _small(source).save(path, "AVIF")
    data = path.read_bytes()
    path.write_bytes(data[:8] + b"heic" + data[12:])


def _pillow(source: Path, to: Path) -> bool:
    with Image.open(source) as image:
        ImageOps.mirror(image.convert("RGB")).save(to)
    return True


def _copied(*command: str) -> Callable[[Path, Path], bool]:
    """A tool that changes a file in place: {} stands for its name."""

    def change(source: Path, to: Path) -> bool:
        shutil.copy(source, to)
        return run(*(part.replace("{}", str(to)) for part in command))

    return change


def _piped(*command: str) -> Callable[[Path, Path], bool]:
    """A tool that reads one file ({}) and writes another ([])."""

    def change(source: Path, to: Path) -> bool:
        named = (p.replace("{}", str(source)).replace("[]", str(to)) for p in command)
        return run(*named)

    return change


_EXIFTOOL = "exiftool", "-q", "-overwrite_original"
TOOLS: dict[str, tuple[tuple[str, ...], Callable[[Path, Path], bool]]] = {
    "exiftool: a title written": (
        ("jpg", "png", "tif", "webp", "gif", "mp4", "mov", "m4a", "heic", "avif"),
        _copied(*_EXIFTOOL, "-XMP:Title=holiday", "{}"),
    ),
    "exiftool: all metadata removed": (
        ("jpg", "png", "tif", "webp", "mp4"),
        _copied(*_EXIFTOOL, "-all=", "{}"),
    ),
    "jpegtran: turned, all markers copied": (
        ("jpg",),
        _piped("jpegtran", "-copy", "all", "-rotate", "180", "-outfile", "[]", "{}"),
    ),
    "jpegtran: no markers copied": (
        ("jpg",),
        _piped("jpegtran", "-copy", "none", "-outfile", "[]", "{}"),
    ),
    "Pillow: mirrored and saved": (("jpg", "png", "webp", "gif", "tif", "avif"), _pillow),
    "optipng: packed anew": (("png",), _copied("optipng", "-quiet", "-o1", "{}")),
    "pngcrush: packed anew": (("png",), _piped("pngcrush", "-q", "{}", "[]")),
    "gifsicle: packed anew": (("gif",), _piped("gifsicle", "-O3", "{}", "-o", "[]")),
    "cwebp: coded anew": (("webp",), _piped("cwebp", "-quiet", "{}", "-o", "[]")),
    "ffmpeg: streams copied": (
        ("mp4", "mov", "avi", "m4a", "mp3", "flac", "wav"),
        _piped(*_FFMPEG, "{}", "-map_metadata", "0", "-c", "copy", "[]"),
    ),
    "ffmpeg: coded anew": (("mp4", "mov", "m4a", "mp3", "flac"), _piped(*_FFMPEG, "{}", "[]")),
    "lame: coded anew": (("mp3",), _piped("lame", "--quiet", "--mp3input", "{}", "[]")),
    "sox: made quieter": (("wav", "flac"), _piped("sox", "-v", "0.8", "{}", "[]")),
}
"""What people do to signed files: the formats that a tool takes, and how it is called."""


def kept(path: Path) -> bool:
    """True if a manifest is still in the file: its bytes are searched, nothing is parsed."""
    return b"jumdc2pa" in path.read_bytes()


def traps(source: Path, folder: Path) -> Iterator[tuple[str, Path]]:
    """Unsigned files that mention manifests or hold boxes of the same make."""
    jpeg = source.read_bytes()
    other = b"JP\0\1\0\0\0\1" + struct.pack(">I", 60) + b"jumb" + struct.pack(">I", 52) + b"jumd"
    other += b"json" + bytes.fromhex("00110010800000aa00389b71") + b"\x03a360\0" + bytes(20)
    segment = b"\xff\xeb" + struct.pack(">H", len(other) + 2) + other
    made = {
        "JUMBF of another kind": ("jpg", jpeg[:2] + segment + jpeg[2:]),
        "C2PA as a comment": (
            "jpg",
            jpeg[:2]
            + b"\xff\xfe"
            + struct.pack(">H", 40)
            + b"c2pa jumb is not here".ljust(38)
            + jpeg[2:],
        ),
    }
    for name, (ending, data) in made.items():
        path = folder / f"trap-{len(name)}-{source.stem}.{ending}"
        path.write_bytes(data)
        yield name, path
    path = folder / f"trap-xmp-{source.stem}.jpg"
    shutil.copy(source, path)
    if run(*_EXIFTOOL, "-XMP:Source=https://example.org/a.c2pa", "-IPTC:Credit=c2pa", path):
        yield "XMP and IPTC that name addresses", path
