"""From decoded media to what a network takes, as its card says.

This is the one preparation: training, protocols and scans all go through it. A card's ``Input``
says what is taken (a face, the whole picture, a clip of one face, frames, sound) and the shape it
gets. Everything here is a pure function of decoded media; a part that training draws at random
(which stretch, which corner) is an argument that has evaluation's value as default.

Pictures come out as 8-bit RGB, channels first; ``as_batch`` makes the float array of the card.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unmask.cards.card import Input
from unmask.errors import ModelError
from unmask.faces.crop import square
from unmask.faces.detect import detect
from unmask.faces.track import Tracker
from unmask.runtime.view import Change, View
from unmask.types import Box, Face, Pixels, Samples, Tensor

MIDDLE = (0.5, 0.5)
_MIDDLE_CUT = "then-centre-crop"
_SURE = 0.1
"""Confidence of the mesh below which its points are not believed."""
_LARGEST = 1 << 25
"""Pixels of a scaled picture of which the middle is cut; a larger one is not made."""


def sides(part: Input) -> tuple[int, int] | None:
    """Height and width that the card asks for; None where a picture keeps its own."""
    height, width = part.shape[-2:]
    if isinstance(height, int) and isinstance(width, int):
        return height, width
    return None


def _fixed(part: Input) -> tuple[int, int]:
    size = sides(part)
    if size is None:
        raise ModelError(
            f"The input {part.name!r} has no fixed size ({part.shape}); fit must be 'free'."
        )
    return size


def face_view(part: Input, box: Box) -> View:
    """The square around a face box, ``margin`` times its longer side."""
    region = square(box, part.margin)
    if part.fit.endswith(_MIDDLE_CUT):
        return _middle_view(part, region)
    height, width = _fixed(part)
    return View(region, width, height, filter=part.filter)


def picture_view(
    part: Input, width: int, height: int, at: tuple[float, float] = MIDDLE
) -> View:  # fmt: skip
    """How a whole picture of ``width`` × ``height`` gets the card's size.

    ``stretch``: scaled, whatever its shape. ``crop``: a part of that size, not scaled; ``at`` says
    where, 0…1 across and down; a smaller picture's rim goes on. ``pad``: at the top left with
    nothing beside it, scaled only if it is too large. ``free``: as it is.
    ``…-then-centre-crop``: scaled first, and the middle of that.
    """
    if part.fit == "free":
        return View(Box(0, 0, width, height), width, height)
    if part.fit.endswith(_MIDDLE_CUT):
        return _middle_view(part, Box(0, 0, width, height))
    rows, columns = _fixed(part)
    if part.fit == "stretch":
        return View(Box(0, 0, width, height), columns, rows, filter=part.filter)
    if part.fit == "crop":
        x = math.floor((width - columns) * (at[0] if width > columns else 0.5) + 0.5)
        y = math.floor((height - rows) * (at[1] if height > rows else 0.5) + 0.5)
        return View(Box(x, y, columns, rows), columns, rows)
    scale = max(1.0, width / columns, height / rows)
    region = Box(0, 0, columns * scale, rows * scale)
    return View(region, columns, rows, black=True, filter=part.filter)


def _middle_view(part: Input, region: Box) -> View:
    """A region that is scaled before its middle is cut."""
    rows, columns = _fixed(part)
    if part.fit.startswith("stretch"):
        whole = (part.side, part.side)
    else:
        short = min(region.width, region.height)
        whole = (
            int(part.side * region.width / short),
            int(part.side * region.height / short),
        )
    if whole[0] * whole[1] > _LARGEST:  # a ribbon: its middle is cut before it is scaled
        x, y = region.width / whole[0], region.height / whole[1]
        left_, top_ = region.x + (whole[0] - columns) / 2 * x, region.y + (whole[1] - rows) / 2 * y
        return View(Box(left_, top_, columns * x, rows * y), columns, rows, filter=part.filter)
    rims = (whole[0] - columns, whole[1] - rows)
    left, top = (rim // 2 if part.centre == "down" else round(rim / 2) for rim in rims)
    return View(region, columns, rows, filter=part.filter, whole=whole, left=left, top=top)


def channels_first(pixels: Pixels) -> Pixels:
    """Height × width × 3 to 3 × height × width."""
    return np.ascontiguousarray(pixels.transpose(2, 0, 1))


def count(part: Input) -> int:
    """Pictures of a clip: the second number of its shape. Raises ModelError when there is none."""
    sides = 3 if part.take == "points" else 5
    number = part.shape[1] if len(part.shape) == sides else None
    if not isinstance(number, int):
        wanted = "[batch, T, 136]" if part.take == "points" else "[batch, T, 3, height, width]"
        raise ModelError(f"The input {part.name!r} needs a shape {wanted}.")
    return number


def clip(
    part: Input, pictures: Sequence[Pixels], boxes: Sequence[Box], change: Change | None = None
) -> Pixels:
    """Crops of one face along time, T × 3 × height × width; boxes as ``followed`` gives them."""
    views = [face_view(part, box) for box in boxes]
    taken = [view.take(pixels, change) for view, pixels in zip(views, pictures, strict=True)]
    return np.stack([channels_first(pixels) for pixels in taken])


def light(
    part: Input, pixels: Pixels, face: Face, change: Change | None = None
) -> NDArray[np.float32] | None:
    """The light on a face, taken apart (12 × side × side); None where the mesh sees no face.

    Raises ModelError where the face mesh is not here.
    """
    from unmask.faces.light.separation import separated
    from unmask.faces.mesh.model import load_mesh

    mesh = load_mesh().mesh(pixels, face)
    if mesh.confidence < _SURE:
        return None
    view = face_view(part, face.box)
    scale = view.width / view.region.width
    places = (mesh.points - (view.region.x, view.region.y)) * scale
    found = np.column_stack([places, mesh.depth * scale]).astype(np.float32)
    return separated(view.take(pixels, change), found)


def points(pictures: Sequence[Pixels], times: Sequence[float]) -> NDArray[np.float32] | None:
    """68 points of the face that is seen most often, calibrated, T × 136; None without a face.

    Where it was missed, the points of the picture before stand in. Raises ModelError where the
    face mesh is not here.
    """
    sighted = _sighted(pictures, times)
    if not sighted:
        return None
    from unmask.faces.calibrated import calibrated
    from unmask.faces.mesh.landmarks import landmarks
    from unmask.faces.mesh.model import load_mesh

    network = load_mesh()
    found: list[NDArray[np.float64]] = []
    for index in range(min(sighted), len(pictures)):
        mesh = network.mesh(pictures[index], sighted[index]) if index in sighted else None
        sure = mesh is not None and mesh.confidence >= _SURE
        if mesh is not None and (sure or not found):
            found.append(landmarks(mesh).astype(np.float64))
        else:
            found.append(found[-1])
    found = [found[0]] * (len(pictures) - len(found)) + found
    return calibrated(pictures, found)


def frames(
    part: Input,
    pictures: Sequence[Pixels],
    at: tuple[float, float] = MIDDLE,
    change: Change | None = None,
) -> Pixels:
    """Whole frames along time, T × 3 × height × width."""
    height, width = pictures[0].shape[:2]
    view = picture_view(part, width, height, at)
    return np.stack([channels_first(view.take(pixels, change)) for pixels in pictures])


def spread(number: int, taken: int) -> NDArray[np.int64]:
    """``taken`` places spread evenly over ``number``, first and last among them."""
    if taken == 1:
        return np.array([(number - 1) // 2], np.int64)
    return np.rint(np.linspace(0, number - 1, taken)).astype(np.int64)


def sound(part: Input, samples: Samples, start: int = 0) -> Samples:
    """The card's number of samples from ``start`` on; a shorter recording is repeated."""
    length = part.shape[1]
    if not isinstance(length, int):
        return samples
    if len(samples) < length:
        return np.resize(samples, length)
    return np.ascontiguousarray(samples[start : start + length])


def largest(pixels: Pixels) -> Face | None:
    """The largest face of a picture, or None."""
    return next(iter(detect(pixels)), None)


def followed(pictures: Sequence[Pixels], times: Sequence[float]) -> list[Box] | None:
    """One box a picture of the face that is seen most often, then largest; None without a face.

    Where it was missed, the nearest sighting stands in. All boxes have the side of the median one
    and their middle is the median of three neighbours, so that the crop does not tremble.
    """
    chosen = _sighted(pictures, times)
    if not chosen:
        return None
    known = sorted(chosen)
    row = [chosen[min(known, key=lambda k: abs(k - i))].box for i in range(len(pictures))]
    return steady(row)


def _sighted(pictures: Sequence[Pixels], times: Sequence[float]) -> dict[int, Face]:
    """The face that is seen most often, then largest, by the number of the picture."""
    tracker = Tracker()
    seen: dict[int, dict[int, Face]] = {}
    for index, (pixels, time) in enumerate(zip(pictures, times, strict=True)):
        faces = detect(pixels)
        for track, face in zip(tracker.update(time, faces), faces, strict=True):
            seen.setdefault(track.number, {})[index] = face
    if not seen:
        return {}
    return max(seen.values(), key=lambda at: (len(at), sum(f.box.area for f in at.values())))


def steady(boxes: Sequence[Box]) -> list[Box]:
    """Square boxes of one side (the median of the longer ones) about smoothed middles."""
    middles = np.array([(b.x + b.width / 2, b.y + b.height / 2) for b in boxes])
    side = float(np.median([max(b.width, b.height) for b in boxes]))
    padded = np.pad(middles, ((1, 1), (0, 0)), mode="edge")
    smooth = np.median(np.stack([padded[:-2], padded[1:-1], padded[2:]]), axis=0)
    return [Box(float(x) - side / 2, float(y) - side / 2, side, side) for x, y in smooth]


def as_batch(arrays: Sequence[NDArray[np.generic]]) -> Tensor:
    """Equal arrays as the float batch that a network takes."""
    return np.stack(arrays).astype(np.float32)
