"""The pictures that this detector learns from: the manifest's images and packaged photographs.

``photos.toml`` beside this file names real camera photographs that common Debian packages and
Python wheels carry. Those that are not installed are left out; the caller is told how many.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from unmask.datasets.whole_files.listing import GATHERED, kept_from_training, photographs
from unmask.errors import DataError
from unmask.types import Pixels

FRAMES = "video-frames"
"""The source name of frames of the manifest's real videos; training never sees them."""
PACKAGED = "packaged"
"""The source name of the photographs of ``photos.toml``."""
MAPPED = 400_000
"""Pixels from which on a decoded picture is mapped from a file instead of kept in memory."""
LONGEST = 2400
"""Photographs with a longer side than this are halved until they have none."""


@dataclass(frozen=True, slots=True)
class Photo:
    """One picture file, or the frame of a video at ``second``.

    ``label``: 1 generated, 0 real. ``part``: train, calibration or dev. ``origin``: the repository
    of a gathered photograph.
    """

    path: Path
    source: str
    group: str
    part: str
    label: int
    method: str
    gender: str = ""
    age_band: str = ""
    ethnicity: str = ""
    second: float = -1.0
    origin: str = ""

    @property
    def item_id(self) -> str:
        """Source and file name, and of a frame its second."""
        return f"{self.source}/{self.path.stem}" + (f"@{self.second:g}" if self.second >= 0 else "")


def _part(split: str, group: str) -> str:
    """Train or calibration (12 % of the groups, by hash); dev stays dev."""
    if split == "dev":
        return "dev"
    share = int(hashlib.sha256(f"picture {group}".encode()).hexdigest()[:8], 16) / 2**32
    return "calibration" if share < 0.12 else "train"


def _rows(data: Path) -> list[dict[str, Any]]:
    path = data / "manifest.jsonl"
    if not path.exists():
        raise DataError(f"There is no {path}. Give the folder that holds manifest.jsonl as --data.")
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def video_frames(data: Path, seconds: Sequence[float] = (1.0, 2.5)) -> list[Photo]:
    """Frames of the manifest's real videos, all of the part dev."""
    return [
        Photo(data / row["path"], FRAMES, row["group"], "dev", 0, row["method"], second=second)
        for row in _rows(data)
        if row["kind"] == "video" and row["label"] == "real"
        for second in seconds
    ]


def _from_manifest(data: Path) -> list[Photo]:
    photos = []
    for row in _rows(data):
        if row["kind"] != "image":
            continue
        photos.append(
            Photo(
                data / row["path"],
                row["path"].split("/")[1],
                row["group"],
                _part(row["split"], row["group"]),
                int(row["label"] == "fake"),
                row["method"],
                str(row.get("gender") or ""),
                str(row.get("age") or ""),
                str(row.get("ethnicity") or ""),
            )
        )
    return photos


def _packaged(root: Path) -> list[Photo]:
    listed = tomllib.loads((Path(__file__).parent / "photos.toml").read_text(encoding="utf-8"))
    photos = []
    for row in listed["photo"]:
        name = Path(row["path"])
        if name.is_absolute():
            path = root / name.relative_to("/")
        else:
            module = importlib.util.find_spec(name.parts[0])
            if module is None or module.origin is None:
                continue
            path = Path(module.origin).parent.parent / name
        if path.exists():
            group = f"{PACKAGED}:{row['package']}/{name.parent.parent.name}/{name.name}"
            photos.append(Photo(path, PACKAGED, group, row["split"], 0, "photo"))
    return photos


def _from_gathered(more: Path) -> list[Photo]:
    """The authentic photographs that ``bench whole gather`` brought, those of unseen sources as
    part dev."""
    return [
        Photo(
            one.path,
            GATHERED,
            one.group,
            "dev" if kept_from_training(one.source) else _part("train", one.group),
            0,
            "photo",
            origin=one.source,
        )
        for one in photographs(more)
    ]


def all_photos(data: Path, root: Path = Path("/"), more: Path | None = None) -> list[Photo]:
    """Every picture of the manifest in ``data``, every installed packaged photograph, and the
    gathered photographs under ``more``.

    ``root`` is the folder under which Debian packages are unpacked. Raises DataError when the
    manifest is missing.
    """
    gathered = [] if more is None else _from_gathered(more)
    return _from_manifest(data) + _packaged(root) + gathered


@cache
def _decoded(path: Path, second: float) -> Pixels:
    """Pixels of a picture. Large ones lie decoded in a file of the user's cache and are mapped."""
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "unmask" / "decoded"
    name = hashlib.sha256(
        f"{path} {second} {path.stat().st_mtime_ns} {LONGEST}".encode()
    ).hexdigest()[:32]
    kept = folder / f"{name}.npy"
    if not kept.exists():
        pixels = _decode(path, second)
        if pixels.shape[0] * pixels.shape[1] < MAPPED:
            return pixels
        folder.mkdir(parents=True, exist_ok=True)
        part = kept.with_suffix(f".{os.getpid()}.part")
        with part.open("wb") as file:
            np.save(file, pixels)
        part.replace(kept)
    return np.asarray(np.load(kept, mmap_mode="r"))


def _decode(path: Path, second: float) -> Pixels:
    if second >= 0:
        with av.open(str(path)) as video:
            frames = video.decode(video=0)
            chosen = next(frame for frame in frames if (frame.time or 0) >= second)
            return np.asarray(chosen.to_ndarray(format="rgb24"))
    with Image.open(path) as file:
        picture = file.convert("RGB")
    while max(picture.size) > LONGEST:
        picture = picture.reduce(2)
    return np.asarray(picture)


def read(photo: Photo) -> Pixels:
    """A picture's pixels, read-only; what was decoded stays in memory or is mapped."""
    return _decoded(photo.path, photo.second)


def scaled(pixels: Pixels, factor: float, filter_number: int) -> Pixels:
    """Resize by ``factor`` with one of four filters (0 bilinear, 1 bicubic, 2 Lanczos, 3 box)."""
    size = (max(1, round(pixels.shape[1] * factor)), max(1, round(pixels.shape[0] * factor)))
    filters = (
        Image.Resampling.BILINEAR,
        Image.Resampling.BICUBIC,
        Image.Resampling.LANCZOS,
        Image.Resampling.BOX,
    )
    return np.asarray(Image.fromarray(pixels).resize(size, filters[filter_number]))


def random_tile(pixels: Pixels, side: int, rng: np.random.Generator) -> Pixels:
    """A square crop at a random scale and place, perhaps mirrored.

    A large picture is shrunk by up to what still leaves the crop; two in five times not at all,
    and then the crop mostly begins where the blocks of a JPEG begin. One that is smaller than the
    crop is enlarged to it.
    """
    least = side / min(pixels.shape[:2])
    if least > 1:
        factor = least * float(rng.uniform(1.0, 1.1))
    elif rng.random() < 0.4:
        factor = 1.0
    else:
        low = max(least, 0.12)
        factor = float(np.exp(rng.uniform(np.log(low), np.log(max(low, 1.15)))))
    reach = min(*pixels.shape[:2], int(side / factor) + 2)
    y = int(rng.integers(pixels.shape[0] - reach + 1))
    x = int(rng.integers(pixels.shape[1] - reach + 1))
    window = pixels[y : y + reach, x : x + reach]
    if factor == 1 and rng.random() < 0.7:
        window = pixels[y - y % 8 :, x - x % 8 :][:side, :side]
    if factor != 1:
        window = scaled(window, max(factor, side / reach), int(rng.integers(4)))
    y = int(rng.integers(window.shape[0] - side + 1))
    x = int(rng.integers(window.shape[1] - side + 1))
    tile = window[y : y + side, x : x + side]
    return np.ascontiguousarray(tile[:, ::-1] if rng.random() < 0.5 else tile)


class Pool:
    """Pictures to draw from: first a source by weight, then an origin, then evenly within it.

    Raises DataError when none of the weighted sources is there.
    """

    def __init__(self, photos: Sequence[Photo], weights: dict[str, float]) -> None:
        self.photos: dict[str, list[Photo]] = {}
        self.origins: dict[str, dict[str, list[Photo]]] = {}
        for photo in photos:
            if weights.get(photo.source, 0) > 0:
                self.photos.setdefault(photo.source, []).append(photo)
                origins = self.origins.setdefault(photo.source, {})
                origins.setdefault(photo.origin, []).append(photo)
        if not self.photos:
            raise DataError("None of the recipe's picture sources is there. Check --data.")
        self.names = sorted(self.photos)
        share = np.array([weights[name] for name in self.names])
        self.share = share / share.sum()

    def draw(self, rng: np.random.Generator) -> Photo:
        """One picture."""
        origins = self.origins[self.names[int(rng.choice(len(self.names), p=self.share))]]
        found = next(iter(origins.values()))
        if len(origins) > 1:
            found = origins[sorted(origins)[int(rng.integers(len(origins)))]]
        return found[int(rng.integers(len(found)))]
