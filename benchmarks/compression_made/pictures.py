"""Pictures: untouched, saved twice as a whole, and with a part that was saved differently."""

from __future__ import annotations

import subprocess
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
from fact_table import Case
from numpy.typing import NDArray
from PIL import Image

import unmask.detectors.image.unmask_picture as home
from unmask.analyzers.base import Options, Result
from unmask.analyzers.compression import CompressionAnalyzer
from unmask.media import probe
from unmask.types import Finding

Rng = np.random.Generator
Shape = NDArray[np.bool_]
REGION, EARLIER = "a part of the picture", "earlier saving"
PAIRS = ((60, 85), (75, 90), (75, 95), (85, 95), (90, 80), (95, 75))


def said(path: Path) -> Result:
    """What the analyzer says about a file."""
    return CompressionAnalyzer(probe(path), Options()).finish()


def named(result: Result, subject: str) -> Finding | None:
    """The finding with this subject."""
    return next((one for one in result.findings if one.subject == subject), None)


class Photographs:
    """Large photographs of Debian packages, scaled down by 2.2 to 3, which removes older traces."""

    def __init__(self, rng: Rng) -> None:
        listed = tomllib.loads(
            (Path(home.__file__).parent / "photos.toml").read_text(encoding="utf-8")
        )
        paths = [Path(row["path"]) for row in listed["photo"]]
        self._paths = [path for path in paths if path.is_absolute() and "doc" not in path.parts]
        self._paths = [path for path in self._paths if path.exists()]
        self._rng = rng
        self._scaled: dict[Path, Image.Image] = {}

    def crop(self, width: int, height: int) -> tuple[str, Image.Image]:
        """A random part of a random photograph."""
        while True:
            path = self._paths[self._rng.integers(len(self._paths))]
            if path not in self._scaled:
                photo = Image.open(path).convert("RGB")
                by = self._rng.uniform(2.2, 3)
                size = int(photo.width / by), int(photo.height / by)
                self._scaled[path] = photo.resize(size, Image.Resampling.LANCZOS)
            photo = self._scaled[path]
            if photo.width >= width and photo.height >= height:
                x = int(self._rng.integers(photo.width - width + 1))
                y = int(self._rng.integers(photo.height - height + 1))
                return path.stem, photo.crop((x, y, x + width, y + height))


def free_shape(rng: Rng, width: int, height: int) -> Shape:
    """A blob of 64 to 300 pixels across that lies inside the picture."""
    across = int(rng.integers(64, min(300, width - 16, height - 16)))
    half = across // 2
    cy, cx = int(rng.integers(half, height - half)), int(rng.integers(half, width - half))
    y, x = np.mgrid[:height, :width]
    angle = np.arctan2(y - cy, x - cx)
    radius = np.full(angle.shape, 0.8)
    for waves in range(2, 6):
        turn = float(rng.uniform(0, 2 * np.pi))
        radius += float(rng.uniform(-0.12, 0.12)) * np.cos(waves * angle + turn)
    return np.hypot(y - cy, x - cx) < radius * half


def overlap(finding: Finding | None, shape: Shape) -> float:
    """Intersection over union of the marked cells, stretched to pixels, and the true shape."""
    if finding is None:
        return 0.0
    mask = finding.where.masks[0]
    rows, columns = mask.values.shape
    down, across = int(mask.box.height) // rows, int(mask.box.width) // columns
    cells = np.kron(mask.values >= mask.level, np.ones((down, across), bool))
    marked = np.zeros_like(shape)
    top, left = int(mask.box.y), int(mask.box.x)
    there = marked[top : top + cells.shape[0], left : left + cells.shape[1]]
    there |= cells[: there.shape[0], : there.shape[1]]
    return float((marked & shape).sum() / (marked | shape).sum())


def again(image: Image.Image, path: Path, quality: int, tool: str = "Pillow") -> Image.Image:
    """Save as JPEG with a tool, and read it back."""
    if tool == "Pillow":
        image.save(path, "JPEG", quality=quality)
    else:
        plain = path.with_suffix(".ppm")
        image.save(plain)
        command = {
            "ImageMagick": ["convert", str(plain), "-quality", str(quality), str(path)],
            "cjpeg": ["cjpeg", "-quality", str(quality), "-outfile", str(path), str(plain)],
            "cjpeg, progressive": [
                "cjpeg", "-progressive", "-quality", str(quality), "-outfile", str(path), str(plain)
            ],
        }[tool]  # fmt: skip
        subprocess.run(command, check=True)
    with Image.open(path) as saved:
        return saved.convert(image.mode)


def _size(rng: Rng) -> tuple[int, int]:
    return int(rng.integers(400, 1200)), int(rng.integers(400, 900))


ROWS = (
    ("on the grid", 75, 90, 95, 100),
    ("off the grid", 75, 90, 95, 100),
    ("on the grid", 90, 75, 95, 30),
    ("off the grid", 75, 0, 95, 30),
    ("on the grid", 0, 75, 95, 30),
    ("on the grid", 75, 90, 85, 30),
    ("off the grid", 85, 90, 90, 30),
    ("off the grid", 90, 75, 75, 30),
    ("off the grid", 0, 75, 95, 30),
)
"""Grid of the part, qualities of the ground, of the part and of the last saving, and how many.
A quality of 0 stands for a picture that was never saved."""


def pasted(data: Path, folder: Path, rows: Sequence[int] = range(len(ROWS))) -> Iterator[Case]:
    """A part that was saved at another quality, pasted in, and all of it saved again."""
    path = folder / "pasted.jpg"
    for row in rows:
        grid, base, part, last, count = ROWS[row]
        rng = np.random.default_rng((20, row))
        photos = Photographs(rng)
        kind = f"part of {_was(part)} in {_was(base)}, {grid}, saved at {last}"
        for number in range(count):
            width, height = _size(rng)
            name, photo = photos.crop(width, height)
            _, other = photos.crop(width, height)
            ground = np.array(again(photo, path, base) if base else photo)
            source = np.array(again(other, path, part) if part else other)
            if grid == "off the grid":
                shift = int(rng.integers(1, 8)), int(rng.integers(1, 8))
                source = np.roll(source, shift, (0, 1))
            shape = free_shape(rng, width, height)
            ground[shape] = source[shape]
            tool = ("Pillow", "ImageMagick", "cjpeg", "cjpeg, progressive")[number % 4]
            again(Image.fromarray(ground), path, last, tool)
            right = overlap(named(said(path), REGION), shape) >= 0.5
            yield Case(f"{name} {number}", f"{kind}: region, IoU ≥ 0.5", True, right)


def _was(quality: int) -> str:
    return f"q{quality}" if quality else "a picture never saved"


def untouched(data: Path, folder: Path) -> Iterator[Case]:
    """Pictures without a pasted part: saved once, twice, grey, small, as they were found."""
    rng = np.random.default_rng(21)
    photos = Photographs(rng)
    path = folder / "whole.jpg"
    for number in range(100):
        name, photo = photos.crop(*_size(rng))
        tool = ("Pillow", "ImageMagick", "cjpeg", "cjpeg, progressive")[number % 4]
        again(photo, path, int(rng.integers(60, 99)), tool)
        yield from _clean(name, number, path, "photograph saved once", earlier=True)
    for number in range(72):
        name, photo = photos.crop(*_size(rng))
        first, last = PAIRS[number % len(PAIRS)]
        again(again(photo, path, first), path, last, ("Pillow", "cjpeg")[number % 2])
        yield from _clean(name, number, path, "photograph saved twice as a whole")
    for number in range(42):
        name, photo = photos.crop(*_size(rng))
        first, last = PAIRS[number % len(PAIRS)]
        again(again(photo.convert("L"), path, first), path, last)
        yield from _clean(name, number, path, "grey photograph saved twice as a whole")
    for folder_name in ("imagenet", "ffhq", "london", "lfw"):
        found = sorted((data / "images" / folder_name).rglob("*.jpg"))
        for number, at in enumerate(rng.choice(len(found), 30, replace=False)):
            name = f"{folder_name} {found[at].stem}"
            yield from _clean(name, number, found[at], f"{folder_name}, as found")
            with Image.open(found[at]) as image:
                first, last = PAIRS[number % len(PAIRS)]
                again(again(image.convert("RGB"), path, first), path, last)
            yield from _clean(name, number, path, f"{folder_name}, saved twice more as a whole")
    for number in range(60):
        name, photo = photos.crop(*_size(rng))
        plain = folder / "whole.png"
        photo.save(plain)
        yield from _clean(name, number, plain, "PNG that was never a JPEG", earlier=True)


def _clean(name: str, number: int, path: Path, kind: str, earlier: bool = False) -> Iterator[Case]:
    result = said(path)
    flagged = named(result, REGION) is not None
    yield Case(f"picture {name} {number}", f"{kind}: region", False, flagged)
    if earlier:
        stated = named(result, EARLIER) is not None
        yield Case(f"picture {name} {number}", f"{kind}: earlier saving", False, stated)


def repeated(data: Path, folder: Path) -> Iterator[Case]:
    """Whole pictures that were saved before, and formats without loss that were a JPEG."""
    rng = np.random.default_rng(22)
    photos = Photographs(rng)
    path = folder / "twice.jpg"
    for first, last in PAIRS:
        for number in range(30):
            name, photo = photos.crop(*_size(rng))
            again(again(photo, path, first), path, last, ("Pillow", "ImageMagick")[number % 2])
            right = _near(named(said(path), EARLIER), first)
            kind = f"saved at {first}, then at {last}: earlier quality within 5"
            yield Case(f"picture {name} {number}", kind, True, right)
    ways: dict[str, Callable[[Image.Image, Path], Image.Image]] = {
        "PNG": lambda image, path: image,
        "BMP": lambda image, path: image,
        "TIFF": lambda image, path: image,
        "PNG, cropped": lambda image, path: image.crop((3, 5, image.width - 2, image.height - 1)),
    }
    for kind, change in ways.items():
        for number in range(30):
            name, photo = photos.crop(*_size(rng))
            first = int(rng.integers(60, 96))
            plain = folder / f"was.{kind.split(',')[0].lower()}"
            change(again(photo, path, first), path).save(plain)
            right = _near(named(said(plain), EARLIER), first)
            yield Case(
                f"picture {name} {number}", f"{kind} that was a JPEG: quality within 5", True, right
            )
    for number in range(30):
        name, photo = photos.crop(*_size(rng))
        again(photo, path, 90)
        turned = folder / "turned.jpg"
        with turned.open("wb") as out:
            subprocess.run(
                ["jpegtran", "-flip", "horizontal", "-trim", path], stdout=out, check=True
            )
        stated = named(said(turned), EARLIER) is not None
        yield Case(
            f"picture {name} {number}",
            "turned without loss by jpegtran: earlier saving",
            False,
            stated,
        )


def _near(finding: Finding | None, quality: int) -> bool:
    return finding is not None and abs(int(finding.details["earlier quality"]) - quality) <= 5
