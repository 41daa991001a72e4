"""Videos: encoded once, encoded twice, and with frames taken out."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

from fact_table import Case

from compression_made.pictures import named, said

RHYTHM, HOLE = "earlier encoding", "hole in time"
_X264 = ["-c:v", "libx264", "-preset", "veryfast"]


def ffmpeg(source: Path, target: Path, *options: str) -> Path:
    """Encode with the program ffmpeg."""
    command = ["ffmpeg", "-y", "-v", "error", "-i", str(source), "-an", *options, str(target)]
    subprocess.run(command, check=True)
    return target


def cases(data: Path, folder: Path, start: int = 0, end: int = 50) -> Iterator[Case]:
    """Clips that are made small and noisy first, which hides what they were before."""
    found = sorted((data / "video").rglob("*.mp4"))
    plain, first, second = (folder / f"{name}.mp4" for name in ("plain", "first", "second"))
    once = {
        "x264, key frames every 30": [*_X264, "-g", "30", "-bf", "0"],
        "x264 as it comes, with B frames": _X264,
    }
    twice = {
        "x264 every 12, then x264 every 250": [*_X264, "-g", "250", "-bf", "0", "-crf", "20"],
        "x264 every 12, then x264 with B frames": [*_X264, "-g", "250", "-crf", "23"],
    }
    for number, path in list(enumerate(found))[start:end]:
        clean = [
            "-vf",
            "scale=176:-2,noise=alls=4:allf=t",
            "-t",
            "5",
            "-c:v",
            "ffv1",
            "-f",
            "matroska",
        ]
        ffmpeg(path, plain, *clean)
        name = f"video {path.stem} {number}"
        for kind, options in once.items():
            result = said(ffmpeg(plain, second, *options))
            flagged = named(result, RHYTHM) is not None
            yield Case(name, f"{kind}: earlier encoding", False, flagged)
            yield Case(name, f"{kind}: hole", False, named(result, HOLE) is not None)
        if number >= 30:
            continue
        before = [*_X264, "-g", "12", "-bf", "0", "-sc_threshold", "0", "-crf", "26"]
        ffmpeg(plain, first, *before)
        for kind, options in twice.items():
            result = said(ffmpeg(first, second, *options))
            yield Case(name, f"{kind}: earlier encoding", True, named(result, RHYTHM) is not None)
        drop = ["-vf", "select='not(between(n,30,49))'", "-fps_mode", "passthrough"]
        result = said(ffmpeg(plain, second, *drop, *_X264))
        right = named(result, HOLE) is not None
        yield Case(name, "twenty frames taken out, times kept: hole", True, right)
