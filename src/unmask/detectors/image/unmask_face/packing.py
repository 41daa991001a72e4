"""Faces of a manifest, decoded, found and cut once, so that training reads them fast.

The pack is a flat file of pixels and a table. Each face keeps its own resolution (at most
``LONGEST`` pixels a side) with slack of ``SLACK`` × the face box around it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

from unmask.datasets.whole_files.listing import GATHERED, kept_from_training, photographs
from unmask.errors import DataError, MediaError
from unmask.faces.crop import square
from unmask.faces.detect import detect
from unmask.forge.blend import Portrait
from unmask.media import Limits, read_image
from unmask.types import Box, Face, Pixels

LONGEST = 288
SLACK = 2.0
FRAMES = 8
_VERSION = 4
_MOST = 4
"""Faces of one gathered photograph that are taken, and the least side of their boxes in pixels."""
_LEAST = 56
_INNER = (12, 212)
"""The part of a diff2lip panel that real and fake share (fakes were scaled once more)."""
_FOLDERS = {
    "images/lfw": "lfw",
    "images/utkface": "utkface",
    "images/ffhq": "ffhq",
    "images/london": "london",
    "images/omi": "omi",
    "images/omi_edit": "omi",
    "images/generated_faces": "generated_faces",
    "video/diff2lip": "diff2lip",
    "video/liveportrait_driving": "liveportrait",
}


@dataclass(frozen=True, slots=True)
class Item:
    """One packed face: where its pixels lie, its box and points in them, and whose it is."""

    item_id: str
    media_id: str
    group: str
    source: str
    method: str
    label: int
    split: str
    offset: int
    height: int
    width: int
    box: tuple[float, float, float, float]
    points: tuple[float, ...]
    gender: str = ""
    age_band: str = ""
    ethnicity: str = ""


def age_band(age: Any) -> str:
    """The band of an age in years ("" when it is not known)."""
    if not isinstance(age, int | float):
        return ""
    for low, high in ((0, 18), (18, 35), (35, 60)):
        if age < high:
            return f"{low}-{high - 1}"
    return "60+"


def rows_of(data: Path) -> list[dict[str, Any]]:
    """The manifest's rows. Raises DataError when there is none."""
    path = data / "manifest.jsonl"
    if not path.exists():
        raise DataError(f"There is no manifest.jsonl in {data}. Give --data the folder with one.")
    lines = path.read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines if line]


def frames_of(path: Path, count: int) -> Iterator[tuple[float, Pixels]]:
    """``count`` frames of a video spread over its length, with their seconds."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        frames = [(frame.time or 0.0, frame) for frame in container.decode(stream)]
    for index in np.unique(np.linspace(0, len(frames) - 1, count).round().astype(int)):
        time, frame = frames[index]
        yield time, np.asarray(frame.to_ndarray(format="rgb24"), np.uint8)


def _pictures(data: Path, row: dict[str, Any]) -> Iterator[tuple[str, Pixels]]:
    path = data / row["path"]
    if row["kind"] == "image":
        yield row["path"], np.asarray(Image.open(path).convert("RGB"))
        return
    for time, pixels in frames_of(path, FRAMES):
        inner = pixels
        if row["path"].startswith("video/diff2lip"):
            inner = pixels[slice(*_INNER), slice(*_INNER)]
        yield f"{row['path']}@{time:.2f}", np.ascontiguousarray(inner)


def cut(pixels: Pixels, face: Face) -> tuple[Pixels, Box, np.ndarray[Any, Any]]:
    """A face with slack, scaled down to ``LONGEST``; its box and points in the new pixels."""
    region = square(face.box, SLACK)
    left, top = max(0, int(region.x)), max(0, int(region.y))
    kept = pixels[top : int(region.y + region.height) + 1, left : int(region.x + region.width) + 1]
    scale = min(1.0, LONGEST / max(kept.shape[:2]))
    if scale < 1:
        size = (round(kept.shape[1] * scale), round(kept.shape[0] * scale))
        kept = np.asarray(Image.fromarray(kept).resize(size, Image.Resampling.LANCZOS))
    box = Box(
        (face.box.x - left) * scale,
        (face.box.y - top) * scale,
        face.box.width * scale,
        face.box.height * scale,
    )
    return kept, box, (face.points - (left, top)) * scale


def _folder(data: Path, more: Path | None) -> Path:
    rows_of(data)  # says what is missing
    digest = hashlib.sha256((data / "manifest.jsonl").read_bytes() + str(_VERSION).encode())
    for one in photographs(more) if more else ():
        digest.update(one.item.encode())
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    return cache / "unmask" / f"faces-{digest.hexdigest()[:16]}"


def _found(data: Path, more: Path | None) -> Iterator[tuple[Item, Pixels]]:
    """Every face with slack, its item without an offset: of the manifest, then the gathered."""
    for row in rows_of(data):
        source = _FOLDERS.get("/".join(row["path"].split("/")[:2]))
        if source is None:
            continue
        for item_id, pixels in _pictures(data, row):
            for face in detect(pixels, confidence=0.6)[:1]:
                kept, box, points = cut(pixels, face)
                item = Item(
                    item_id, row["path"], row["group"], source, row["method"],
                    int(row["label"] == "fake"), row["split"], 0, kept.shape[0], kept.shape[1],
                    (box.x, box.y, box.width, box.height),
                    tuple(float(v) for v in points.reshape(-1)),
                    row.get("gender") or "", age_band(row.get("age")), row.get("ethnicity") or "",
                )  # fmt: skip
                yield item, kept
    for one in photographs(more) if more else ():
        try:
            pixels = read_image(one.path, Limits())
        except MediaError:
            continue
        faces = [face for face in detect(pixels) if max(face.box.width, face.box.height) >= _LEAST]
        for number, face in enumerate(faces[:_MOST]):
            kept, box, points = cut(pixels, face)
            split = "dev" if kept_from_training(one.source) else "train"
            item = Item(
                f"{one.item}#{number}", one.item, f"{one.group}#{number}",
                f"{GATHERED}/{one.source}", "", 0, split, 0, kept.shape[0], kept.shape[1],
                (box.x, box.y, box.width, box.height),
                tuple(float(v) for v in points.reshape(-1)),
            )  # fmt: skip
            yield item, kept


def pack(data: Path, more: Path | None = None) -> Path:
    """Pack all faces of a manifest, and of the gathered photographs under ``more``, once.

    Gives the folder of the pack. Raises DataError.
    """
    folder = _folder(data, more)
    if (folder / "items.json").exists():
        return folder
    folder.mkdir(parents=True, exist_ok=True)
    items: list[Item] = []
    offset = 0
    with (folder / "pixels.bin").open("wb") as file:
        for item, kept in _found(data, more):
            file.write(np.ascontiguousarray(kept).tobytes())
            items.append(replace(item, offset=offset))
            offset += kept.size
    if not items:
        raise DataError(f"No face was found in the pictures of {data}. Check the manifest.")
    table = folder / "items.json.part"
    table.write_text(json.dumps([asdict(item) for item in items]), encoding="utf-8")
    table.replace(folder / "items.json")
    return folder


class Pack:
    """The packed faces: items by number, pixels mapped from disk."""

    def __init__(self, data: Path, more: Path | None = None) -> None:
        folder = pack(data, more)
        table = json.loads((folder / "items.json").read_text(encoding="utf-8"))
        self.items = [
            Item(**{**row, "box": tuple(row["box"]), "points": tuple(row["points"])})
            for row in table
        ]
        self._pixels = np.memmap(folder / "pixels.bin", np.uint8, "r")

    def pixels(self, index: int) -> Pixels:
        """The pixels of a face, its slack included."""
        item = self.items[index]
        end = item.offset + item.height * item.width * 3
        flat = np.asarray(self._pixels[item.offset : end])
        return flat.reshape(item.height, item.width, 3)

    def box(self, index: int) -> Box:
        """The box of a face in those pixels."""
        return Box(*self.items[index].box)

    def portrait(self, index: int) -> Portrait:
        """The face as the forge takes it."""
        points = np.array(self.items[index].points, np.float32).reshape(5, 2)
        return Portrait(self.pixels(index), points)

    def where(self, **wanted: Any) -> list[int]:
        """Numbers of the items whose fields equal what is wanted."""
        return [
            index
            for index, item in enumerate(self.items)
            if all(getattr(item, name) == value for name, value in wanted.items())
        ]


def held_out(group: str, share: float = 0.12) -> bool:
    """Whether a training group is kept for validation and calibration (by a hash of its name)."""
    number = int.from_bytes(hashlib.sha256(f"face:{group}".encode()).digest()[:4], "big")
    return number / 2**32 < share
