"""Small files with tags for the tests of metadata, made without any tool."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.analyzers.base import Options, Result
from unmask.analyzers.metadata import MetadataFacts
from unmask.media import probe, read_image
from unmask.types import Finding, Frame, Kind

NEUTRAL = "what the file says about itself"
TAKEN = "2014:05:01 12:00:00"
A1111 = (
    "a fox\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5, Model: m"
)


def photo(seed: int = 0, width: int = 480, height: int = 360) -> Image.Image:
    """A smooth random picture that a thumbnail can show."""
    rng = np.random.default_rng(seed)
    small = rng.integers(30, 225, (9, 12, 3), dtype=np.uint8)
    return Image.fromarray(small).resize((width, height), Image.Resampling.BICUBIC)


def exif(**tags: str) -> Image.Exif:
    """EXIF of a camera. Names are those of the tags."""
    made = Image.Exif()
    numbers = {"Make": 0x010F, "Model": 0x0110, "Software": 0x0131, "DateTime": 0x0132,
               "Artist": 0x013B, "ImageDescription": 0x010E}  # fmt: skip
    inner = {"DateTimeOriginal": 0x9003, "DateTimeDigitized": 0x9004, "UserComment": 0x9286}
    for name, value in tags.items():
        if name in numbers:
            made[numbers[name]] = value
        else:
            made.get_ifd(0x8769)[inner[name]] = value
    return made


def camera(path: Path, **tags: str) -> Path:
    """A photograph with the tags of a camera and those given."""
    own = {"Make": "Canon", "Model": "Canon EOS 5D", "DateTime": TAKEN,
           "DateTimeOriginal": TAKEN, "DateTimeDigitized": TAKEN}  # fmt: skip
    photo().save(path, exif=exif(**(own | tags)), quality=90, subsampling="4:2:0")
    return path


def with_thumbnail(path: Path, picture: Image.Image, thumbnail: Image.Image) -> Path:
    """A JPEG whose EXIF holds a thumbnail in its second directory."""
    data = io.BytesIO()
    thumbnail.save(data, "JPEG", quality=85)
    small = data.getvalue()
    first = struct.pack("<HI", 0, 14)  # no entries; the next directory
    entries = struct.pack("<HHII", 0x0201, 4, 1, 44) + struct.pack(
        "<HHII", 0x0202, 4, 1, len(small)
    )
    second = struct.pack("<H", 2) + entries + struct.pack("<I", 0)
    block = b"II*\0" + struct.pack("<I", 8) + first + second + small
    picture.save(path, exif=b"Exif\0\0" + block, quality=90)
    return path


def packet(body: str) -> str:
    """An XMP packet around properties."""
    return (
        '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
        'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
        'xmlns:I="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" '
        'xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:tiff="http://ns.adobe.com/tiff/1.0/">'
        f"{body}</rdf:Description></rdf:RDF></x:xmpmeta>"
    )


def analysed(path: Path) -> Result:
    """What the analyzer says of a file."""
    media = probe(path)
    analyzer = MetadataFacts(media, Options())
    if media.kind is Kind.IMAGE:
        analyzer.frame(Frame(0, 0.0, read_image(path)))
    return analyzer.finish()


def told(path: Path) -> dict[str, Finding]:
    """The findings beyond the neutral one, by rule."""
    return {one.subject: one for one in analysed(path).findings if one.subject != NEUTRAL}
