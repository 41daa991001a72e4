"""Faces of a dataset, cut out once: squares as a detector takes them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from unmask.datasets.manifest import Item
from unmask.datasets.parallel import ahead
from unmask.errors import MediaError, ModelError
from unmask.faces.crop import crop, square
from unmask.faces.detect import detect
from unmask.faces.track import Tracker
from unmask.media import frames, probe, read_image
from unmask.types import Box, Face, Frame, Kind, MediaInfo, Pixels

MASK_SUFFIX, ORIGINAL_SUFFIX = "mask", "original"
_LOOKED = 4.0  # frames a second in which faces are searched, so that they can be followed
_MOST_LOOKED = 8  # times the frames wanted, whatever the length
_PACKED = 2  # a third of the time that PNG usually takes, for a sixth more bytes
_PATIENCE = 2.5  # steps between frames after which a face that was missed is another one


@dataclass(frozen=True, slots=True)
class Cut:
    """How faces are cut: side of the square over the longer side of the box, pixels, frames.

    ``originals``: the same square of the same moment is cut out of a fake's original as well.

    Crops are not turned: the five points of the shipped face detector hardly follow a tilted head
    (3 to 4° for a portrait turned by 30°), so that levelling the eyes by them would do nothing.
    """

    margin: float = 1.3
    size: int = 256
    frames: int = 32
    originals: bool = False


def cut_of_card(name: str, frames: int) -> Cut:
    """As the first face or clip input of a detector's card. Raises UnknownName, ModelError."""
    from unmask import registry
    from unmask.cards.card import read_card

    for part in read_card(registry.detector_card(name)).inputs:
        sides = [side for side in part.shape[-3:] if isinstance(side, int) and side > 4]
        if part.take in ("face", "clip") and sides:
            return Cut(part.margin, max(sides), frames)
    raise ModelError(f"The card of {name!r} has no face input. Give --margin and --size instead.")


@dataclass(slots=True)
class Sighting:
    """One face in one frame, and its crop."""

    frame: int
    time: float
    face: Face
    pixels: Pixels
    seen: Face
    mask: Pixels | None = None
    original: Pixels | None = None


@dataclass(frozen=True, slots=True)
class _Beside:
    """What lies beside a picture: where it is forged, and what it was made from."""

    mask: Pixels | None = None
    original: Pixels | None = None


@dataclass(slots=True)
class _Track:
    sightings: list[Sighting] = field(default_factory=list)

    @property
    def weight(self) -> tuple[int, float]:
        """How often, and how large, a face is seen."""
        return len(self.sightings), sum(one.face.box.area for one in self.sightings)


def cut_item(job: tuple[Item, Path, Path], cut: Cut) -> list[dict[str, Any]]:
    """Write the crops of one item below ``out`` and say what they are, one row a crop.

    ``job``: the item, the folder that its paths start from, ``out``. A picture gives its largest
    face; a video the face seen most often, then largest, in frames spread over all of it, or over
    its forged stretches if it has some. No row when no face is seen. Raises MediaError.
    """
    item, root, out = job
    rows = []
    for number, one in enumerate(_sightings(item, root, cut)):
        place = f"crops/{item.path}/{number:03}.png"
        path = out / place
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(one.pixels).save(path, compress_level=_PACKED)
        beside = {"mask": "", "original": ""}
        for name, cut_out, suffix in (
            ("mask", one.mask, MASK_SUFFIX),
            ("original", one.original, ORIGINAL_SUFFIX),
        ):
            if cut_out is not None:
                beside[name] = f"crops/{item.path}/{number:03}.{suffix}.png"
                Image.fromarray(cut_out).save(out / beside[name], compress_level=_PACKED)
        rows.append(_row(item, number, place, beside, one))
    return rows


def _row(
    item: Item, number: int, place: str, beside: dict[str, str], one: Sighting
) -> dict[str, Any]:
    return {
        "item_id": f"{item.item_id}#{number:03}",
        "path": place,
        **beside,
        "frame": one.frame,
        "time": round(one.time, 4),
        "confidence": round(one.face.confidence, 4),
        "box": _rounded(one.face.box),
        "points": [round(float(v), 2) for v in one.face.points.ravel()],
        "crop_box": _rounded(one.seen.box),
        "crop_points": [round(float(v), 2) for v in one.seen.points.ravel()],
    }


def _rounded(box: Box) -> list[float]:
    return [round(value, 2) for value in (box.x, box.y, box.width, box.height)]


def _sightings(item: Item, root: Path, cut: Cut) -> list[Sighting]:
    path = root / item.path
    mask = root / item.mask if item.mask else None
    original = root / item.original if item.original and cut.originals else None
    if item.kind == "image":
        pixels = read_image(path)
        faces = detect(pixels)
        if item.face:
            known = Box(*item.face)
            faces = sorted(faces, key=lambda face: -face.box.iou(known))
        if not faces:
            return []
        beside = _Beside(*(read_image(one) if one else None for one in (mask, original)))
        return [_seen(Frame(0, 0.0, pixels), faces[0], cut, beside)]
    return _followed(item, path, mask, original, cut)


def _followed(
    item: Item, path: Path, mask: Path | None, original: Path | None, cut: Cut
) -> list[Sighting]:
    """Crops of the face that is seen most often, then largest."""
    info = probe(path)
    if info.kind is not Kind.VIDEO:
        raise MediaError(f"{path.name!r} shows no moving picture.")
    wanted = cut.frames / (_seconds(item, info) or float(cut.frames))
    step = 1 / max(wanted, min(_LOOKED, _MOST_LOOKED * wanted))
    tracker = Tracker(patience=max(_PATIENCE, _PATIENCE * step))
    tracks: dict[int, _Track] = defaultdict(_Track)
    for frame, beside in ahead(_with_beside(item, path, info, (mask, original), step)):
        faces = detect(frame.pixels)
        for track, face in zip(tracker.update(frame.time, faces), faces, strict=True):
            tracks[track.number].sightings.append(_seen(frame, face, cut, beside))
    if not tracks:
        return []
    chosen = max(tracks.values(), key=lambda track: track.weight).sightings
    kept = np.unique(np.linspace(0, len(chosen) - 1, min(cut.frames, len(chosen))).round())
    return [chosen[int(i)] for i in kept]


def _seconds(item: Item, info: MediaInfo) -> float | None:
    """Seconds over which frames are spread: the forged stretches, or the whole."""
    if item.label and item.segments:
        return sum(end - start for start, end in item.segments)
    return info.seconds


def _with_beside(
    item: Item,
    path: Path,
    info: MediaInfo,
    beside: tuple[Path | None, Path | None],
    step: float,
) -> Iterator[tuple[Frame, _Beside]]:
    """Frames ``step`` seconds apart inside the forged stretches, with mask and original of each."""
    shown = frames(path, info, fps=1 / step)
    others = [frames(one, probe(one), fps=1 / step) if one else None for one in beside]
    for frame in shown:
        seen = [next(other, None) if other else None for other in others]
        inside = not (item.label and item.segments) or any(
            start <= frame.time < end for start, end in item.segments
        )
        if inside:
            yield frame, _Beside(*(one.pixels if one else None for one in seen))


def _seen(frame: Frame, face: Face, cut: Cut, beside: _Beside) -> Sighting:
    pixels, seen = cut_face(frame.pixels, face, cut)
    mask = original = None
    if beside.mask is not None:
        mask = (cut_face(beside.mask, face, cut)[0].max(2) > 127).astype(np.uint8) * 255
    if beside.original is not None:
        if beside.original.shape != frame.pixels.shape:
            raise MediaError("Its original has another size, so their pixels are not side by side.")
        original = cut_face(beside.original, face, cut)[0]
    return Sighting(frame.index, frame.time, face, pixels, seen, mask, original)


def cut_face(pixels: Pixels, face: Face, cut: Cut) -> tuple[Pixels, Face]:
    """The square around a face as ``cut.size`` pixels, and the face in its coordinates."""
    region = square(face.box, cut.margin)
    moved = _moved(face, region.x, region.y, cut.size / region.width)
    return crop(pixels, region, cut.size), moved


def _moved(face: Face, left: float, top: float, scale: float) -> Face:
    """A face in the coordinates of a part of the picture."""
    box = face.box
    return Face(
        Box((box.x - left) * scale, (box.y - top) * scale, box.width * scale, box.height * scale),
        face.confidence,
        ((face.points - np.array([left, top])) * scale).astype(np.float32),
    )
