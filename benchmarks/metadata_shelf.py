"""Base files without metadata, the tools that write it, and what a made file is."""

from __future__ import annotations

import gzip
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

NOVEL = json.dumps({"prompt": "1girl", "steps": 28, "sampler": "k_euler", "seed": 9, "scale": 5.0,
                    "uc": "lowres"})  # fmt: skip
PACKET = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    'xmlns:e="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
    'xmlns:T="http://www.tc260.org.cn/ns/AIGC/1.0/" xmlns:x2="http://ns.adobe.com/exif/1.0/">'
    "{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
)


@dataclass(frozen=True, slots=True)
class Made:
    """A file, the row of the table it belongs to, and the rule that must be stated ("": none).

    ``place``: where a local change lies, as shares: left, top, right, bottom.
    """

    path: Path
    kind: str
    rule: str
    place: tuple[float, float, float, float] | None = None
    long: bool = False

    @property
    def name(self) -> str:
        """The name of the case; with its folders where file names repeat."""
        return long_name(self.path) if self.long else self.path.name


def long_name(path: Path) -> str:
    """A file's name with the three folders above it."""
    return "/".join(path.parts[-4:])


def run(*command: object) -> None:
    """Run a tool; what it prints is shown only if it fails."""
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")


def exiftool(path: Path, *tags: str) -> Path:
    """Write tags into a file."""
    run("exiftool", "-q", "-m", "-overwrite_original", *tags, path)
    return path


class Shelf:
    """Base files of each format, without any metadata."""

    def __init__(self, work: Path) -> None:
        self.work = work
        rng = np.random.default_rng(0)
        small = rng.integers(40, 215, (24, 32, 3), dtype=np.uint8)
        self._picture = Image.fromarray(small).resize((320, 240), Image.Resampling.BICUBIC)
        self._count = 0

    def path(self, name: str, suffix: str) -> Path:
        """A new file name."""
        self._count += 1
        return self.work / f"{self._count:03}-{name}.{suffix}"

    def picture(self, name: str, suffix: str) -> Path:
        """A picture of a format."""
        path = self.path(name, suffix)
        self._picture.save(path)
        return path

    def png(self, name: str, packed: bool = False, wide: bool = False, **texts: str) -> Path:
        """A PNG with text chunks as Pillow writes them."""
        info = PngInfo()
        for key, text in texts.items():
            if wide:
                info.add_itxt(key, text, zip=packed)
            else:
                info.add_text(key, text, zip=packed)
        path = self.path(name, "png")
        self._picture.save(path, pnginfo=info)
        return path

    def stealth(self, name: str, packed: bool) -> Path:
        """A PNG whose transparency hides a text (NovelAI's way)."""
        body = json.dumps({"Description": "1girl", "Software": "NovelAI", "Comment": NOVEL})
        data = gzip.compress(body.encode()) if packed else body.encode()
        word = b"stealth_pngcomp" if packed else b"stealth_pnginfo"
        stream = word + (8 * len(data)).to_bytes(4, "big") + data
        bits = np.unpackbits(np.frombuffer(stream, np.uint8))
        width, height = self._picture.size
        flat = np.full(width * height, 255, np.uint8)
        flat[: len(bits)] = flat[: len(bits)] & 0xFE | bits
        pixels = np.dstack([np.asarray(self._picture), flat.reshape(width, height).T])
        path = self.path(name, "png")
        Image.fromarray(pixels).save(path)
        return path

    def sound(self, name: str, suffix: str, *options: str) -> Path:
        """A recording as FFmpeg writes it."""
        path = self.path(name, suffix)
        tone = "sine=frequency=330:duration=1:sample_rate=16000"
        run("ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-i", tone, *options, path)
        return path

    def video(self, name: str, suffix: str, *options: str) -> Path:
        """A video as FFmpeg writes it."""
        path = self.path(name, suffix)
        source = "testsrc=duration=1:size=128x96:rate=10"
        run("ffmpeg", "-y", "-v", "error", "-f", "lavfi", "-i", source, *options, path)
        return path

    def packet(self, body: str) -> Path:
        """An XMP packet for exiftool to put into a file."""
        path = self.path("packet", "xmp")
        path.write_text(PACKET.format(body=body), encoding="utf-8")
        return path
