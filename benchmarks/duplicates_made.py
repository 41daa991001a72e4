"""Copies and edits of known files, made with the tools that people use."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True, slots=True)
class Made:
    """A file, the known one that it comes from, and the truth about what was changed.

    ``truth``: for a local edit the changed pixels; ``span``: for a recording the changed seconds.
    ``second``: where the known recording or video begins in the file, or the file in it.
    """

    path: Path
    kind: str
    known: Path
    truth: NDArray[np.bool_] | None = None
    span: tuple[float, float] | None = None
    second: float | None = None


def run(to: Path, *command: object) -> None:
    """Make a file with a tool, unless an earlier run has made it. ``to`` stands in the command."""
    if to.exists():
        return
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def copies(known: Path, number: int, to: Path, luck: random.Random) -> Iterator[Made]:
    """A known picture saved, scaled, cut, mirrored, coloured and framed."""

    def made(kind: str, suffix: str, *options: object) -> Made:
        path = to / f"{number:03d}-{kind.split()[0]}{suffix}"
        run(path, "/usr/bin/convert", known, *options, path)
        return Made(path, kind, known)

    with Image.open(known) as image:
        width, height = image.size
    yield made("re-saved JPEG (ImageMagick, quality 30 to 85)", ".jpg", "-quality",
               luck.randint(30, 85))  # fmt: skip
    path = to / f"{number:03d}-webp.webp"
    with Image.open(known) as image:
        image.convert("RGB").save(path, quality=luck.randint(30, 85))
    yield Made(path, "re-saved WebP (Pillow, quality 30 to 85)", known)
    yield made("resized to 30 to 80 % (ImageMagick)", ".jpg", "-resize",
               f"{luck.randint(30, 80)}%", "-quality", 80)  # fmt: skip
    share = luck.uniform(0.1, 0.3)
    side = (1 - share) ** 0.5
    w, h = round(width * side), round(height * side)
    x, y = luck.randint(0, width - w), luck.randint(0, height - h)
    yield made("cropped by 10 to 30 % of the area (ImageMagick)", ".jpg", "-crop",
               f"{w}x{h}+{x}+{y}", "+repage", "-quality", 80)  # fmt: skip
    yield made("mirrored (ImageMagick)", ".png", "-flop")
    light, colour = luck.choice((80, 90, 110, 120)), luck.choice((60, 80, 120, 140))
    yield made("colours changed (ImageMagick, brightness ±20 %, saturation ±40 %)", ".jpg",
               "-modulate", f"{light},{colour}", "-quality", 80)  # fmt: skip
    shade = luck.choice(("#ffffff", "#101010", "#e8e8f0"))
    ink = "#ffffff" if shade == "#101010" else "#202020"
    side_, top = luck.randint(10, width // 3), luck.randint(50, max(60, height // 2))
    yield made("screenshot with borders and a title (ImageMagick)", ".png", "-resize",
               f"{luck.randint(70, 140)}%", "-bordercolor", shade, "-border", f"{side_}x{top}",
               "-fill", ink, "-pointsize", 24, "-draw", "text 12,40 'Gallery   12:45'")  # fmt: skip


def edits(known: Path, other: Path, number: int, to: Path, luck: random.Random) -> Iterator[Made]:
    """A part of a known picture replaced: from another picture, by its own ground, by blur."""
    with Image.open(known) as image:
        base = image.convert("RGB")
    with Image.open(other) as image:
        source = image.convert("RGB")
    width, height = base.size
    w, h = (round(side * luck.uniform(0.15, 0.4)) for side in (width, height))
    x, y = luck.randint(0, width - w), luck.randint(0, height - h)
    box = f"{w}x{h}+{x}+{y}"
    ways = ("pasted", "cloned", "painted")
    for way in ways[number % 3 :: 3]:
        edited, done = to / f"{number:03d}-{way}.png", to / f"{number:03d}-{way}-done.png"
        base.save(edited)
        if way == "pasted":
            patch = to / f"{number:03d}-{way}-patch.png"
            source.resize((w, h)).save(patch)
            run(
                done,
                "/usr/bin/convert",
                edited,
                patch,
                "-geometry",
                f"+{x}+{y}",
                "-composite",
                done,
            )
        elif way == "cloned":
            patch = to / f"{number:03d}-{way}-patch.png"
            far_x, far_y = (x + width // 2) % (width - w), (y + height // 2) % (height - h)
            run(
                patch,
                "/usr/bin/convert",
                edited,
                "-crop",
                f"{w}x{h}+{far_x}+{far_y}",
                "+repage",
                patch,
            )
            run(
                done,
                "/usr/bin/convert",
                edited,
                patch,
                "-geometry",
                f"+{x}+{y}",
                "-composite",
                done,
            )
        else:
            run(
                done, "/usr/bin/convert", edited, "-region", box, "-paint", 6, "-implode", 0.5, done
            )
        changed = np.asarray(Image.open(done).convert("RGB"), np.int16)
        truth = np.abs(changed - np.asarray(base, np.int16)).max(2) > 8
        truth = truth & _inside(truth.shape, x, y, w, h)
        path = to / f"{number:03d}-{way}.jpg"
        run(path, "/usr/bin/convert", done, "-quality", luck.randint(60, 90), path)
        yield Made(path, "a part replaced: pasted, cloned or distorted (ImageMagick)", known, truth)


def _inside(shape: tuple[int, ...], x: int, y: int, w: int, h: int) -> NDArray[np.bool_]:
    inside = np.zeros(shape, bool)
    inside[y : y + h, x : x + w] = True
    return inside


def clips(
    known: Path, seconds: float, number: int, to: Path, luck: random.Random
) -> Iterator[Made]:
    """A part of a known video, coded again."""
    length = max(2.0, seconds * luck.uniform(0.4, 0.8))
    start = luck.uniform(0, max(0.0, seconds - length - 0.2))
    path = to / f"{number:03d}-clip.mp4"
    run(path, "ffmpeg", "-v", "error", "-y", "-ss", f"{start:.2f}", "-i", known,
        "-t", f"{length:.2f}", "-vf", f"scale={luck.choice((160, 200, 320))}:-2",
        "-crf", luck.randint(23, 34), path)  # fmt: skip
    yield Made(path, "video clip, scaled, H.264 again (FFmpeg)", known, second=start)


def sounds(known: Path, others: list[Path], number: int, to: Path) -> Iterator[Made]:
    """A known recording coded again, cut, put into a longer one, and with a part replaced."""
    wav = to / f"{number:03d}.wav"
    run(wav, "sox", known, "-r", "16000", "-c", "1", wav, "gain", "-3")
    mp3 = to / f"{number:03d}-lame.mp3"
    run(mp3, "lame", "--quiet", "-b", (24, 32, 64)[number % 3], wav, mp3)
    yield Made(mp3, "recording as MP3 (LAME, 24 to 64 kbit/s)", known, second=0.0)
    opus = to / f"{number:03d}-opus.opus"
    run(opus, "opusenc", "--quiet", "--bitrate", (12, 16, 24)[number % 3], wav, opus)
    yield Made(opus, "recording as Opus (opusenc, 12 to 24 kbit/s)", known, second=0.0)
    clip = to / f"{number:03d}-clip.ogg"
    run(clip, "sox", wav, "-C", "2", clip, "trim", "0.4", "1.5", "gain", "-6")
    yield Made(clip, "1.5 s of a recording, quieter, as Vorbis (SoX)", known, second=0.4)
    long = to / f"{number:03d}-long.mp3"
    joined = to / f"{number:03d}-long.wav"
    run(joined, "sox", *others[:2], wav, *others[2:4], "-r", "16000", "-c", "1", joined)
    run(long, "lame", "--quiet", "-b", 48, joined, long)
    yield Made(long, "inside a longer recording, as MP3 (SoX, LAME)", known)


def spoiled(known: Path, other: Path, number: int, to: Path) -> Iterator[Made]:
    """A longer known recording with one second of another voice in it."""
    parts = []
    for name, source, cut in (("a", known, ("0", "2.4")), ("b", other, ("0.5", "1.0")),
                              ("c", known, ("3.4",))):  # fmt: skip
        part = to / f"{number:03d}-{name}.wav"
        run(part, "sox", source, "-r", "16000", "-c", "1", part, "trim", *cut)
        parts.append(part)
    path = to / f"{number:03d}-replaced.mp3"
    joined = to / f"{number:03d}-replaced.wav"
    run(joined, "sox", *parts, joined)
    run(path, "lame", "--quiet", "-b", 48, joined, path)
    yield Made(path, "one second of a recording replaced (SoX, LAME)", known, span=(2.4, 3.4))
