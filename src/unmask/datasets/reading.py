"""An item's file, decoded and prepared: what training and protocols hand to a network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.cards.card import Input
from unmask.datasets.manifest import Item, Manifest
from unmask.errors import MediaError, ModelError
from unmask.faces.detect import detect
from unmask.media import blocks, frames, probe, read_image
from unmask.runtime import preparation
from unmask.runtime.preparation import MIDDLE
from unmask.runtime.view import Change, View
from unmask.types import Box, MediaInfo, Pixels, Samples

PLACES = 32
"""Places spread over a video from which a single frame is taken."""


@dataclass(frozen=True, slots=True)
class Draw:
    """What is drawn for one visit of an item; the defaults are those of evaluation.

    ``moment`` (0…1): where in the time that is left over a stretch of a recording lies, or which
    frame of a video is taken; ``at``: which part of a picture larger than the input. ``change``
    and ``change_sound`` (samples and rate) are laid over what was decoded.
    """

    moment: float = 0.0
    at: tuple[float, float] = MIDDLE
    change: Change | None = None
    change_sound: Callable[[Samples, int], Samples] | None = None


@dataclass(frozen=True, slots=True)
class Loaded:
    """An item as arrays by the names of the inputs (texts are left to the method).

    ``view`` and ``size`` (width, height): how the first picture input sees its picture.
    ``start`` and ``seconds``: the stretch of the recording that was taken.
    """

    arrays: dict[str, NDArray[np.generic]]
    view: View | None = None
    size: tuple[int, int] = (0, 0)
    start: float = 0.0
    seconds: float = 0.0


class _Pass:
    """A video that is decoded once, from its start on, for places that are asked for in order.

    Places are those of a grid over the whole; ``place`` is the one that was given last.
    """

    def __init__(self, path: Path, info: MediaInfo) -> None:
        self.path, self.place = path, -1
        rate = PLACES / info.seconds if info.seconds else 25.0
        self._frames = frames(path, info, fps=rate)
        self._last: Pixels | None = None

    def at(self, place: int) -> Pixels:
        """The frame at a place, or the last one there is. Raises MediaError when there is none."""
        for frame in islice(self._frames, place - self.place):
            self._last = frame.pixels
        self.place = place
        if self._last is None:
            raise MediaError(f"{self.path.name!r} shows no picture.")
        return self._last


class Reader:
    """Reads the items of a manifest for the inputs of a card.

    Faces come from the item, or from a search that is made once a picture.
    """

    def __init__(self, manifest: Manifest, inputs: Sequence[Input]) -> None:
        self.manifest, self.inputs = manifest, tuple(inputs)
        self._faces: dict[str, Box] = {}
        self._known: dict[str, MediaInfo] = {}
        self._pass: _Pass | None = None

    def read(self, item: Item, draw: Draw) -> Loaded:
        """One item. Raises MediaError when its file is damaged, or shows no face to be taken."""
        timed = [part for part in self.inputs if part.take in ("clip", "points", "frames", "sound")]
        still = [part for part in self.inputs if part.take in ("face", "light", "picture")]
        arrays: dict[str, NDArray[np.generic]] = {}
        view, size, start, seconds = None, (0, 0), 0.0, 0.0
        if still:
            pixels = self.pixels(item, draw.moment)
            size = pixels.shape[1], pixels.shape[0]
            for part in still:
                if part.take == "light":
                    arrays[part.name] = self._light(part, item, pixels, draw)
                    continue
                seen = self.view(part, item, pixels, draw)
                view = view or seen
                arrays[part.name] = preparation.channels_first(seen.take(pixels, draw.change))
        if timed:
            info = self._info(item)
            start, seconds = _stretch(timed, info.seconds, draw.moment)
            for part in timed:
                arrays[part.name] = self._timed(part, item, info, start, draw)
        return Loaded(arrays, view, size, start, seconds)

    def mask(self, item: Item, loaded: Loaded) -> NDArray[np.float32] | None:
        """The forged area as the first picture input sees it; None when it is not known."""
        if loaded.view is None:
            return None
        if not item.label:
            return np.zeros((loaded.view.height, loaded.view.width), np.float32)
        if not item.mask or item.kind == "video":
            return None
        values = Image.fromarray(read_image(self.manifest.root / item.mask)[:, :, 0])
        if values.size != loaded.size:
            values = values.resize(loaded.size, Image.Resampling.NEAREST)
        return loaded.view.mask(np.asarray(values))

    def original(self, item: Item, loaded: Loaded) -> Pixels | None:
        """The picture that a forged one was made from, as the first picture input sees it.

        None where the item does not name it, and for videos. Raises MediaError when it is damaged
        or has another size.
        """
        if loaded.view is None or not item.original or item.kind == "video":
            return None
        pixels = read_image(self.manifest.root / item.original)
        if (pixels.shape[1], pixels.shape[0]) != loaded.size:
            raise MediaError(f"{item.original!r} has another size than {item.path!r}.")
        return loaded.view.take(pixels)

    def _info(self, item: Item) -> MediaInfo:
        """What a recording is; found once, because it reads the whole file."""
        if item.path not in self._known:
            self._known[item.path] = probe(self.manifest.file(item))
        return self._known[item.path]

    def pixels(self, item: Item, moment: float = 0.0) -> Pixels:
        """The picture of an item, or the frame of a video at ``moment`` (0…1)."""
        path = self.manifest.file(item)
        if item.kind != "video":
            return read_image(path)
        place = round(moment * (PLACES - 1))
        if self._pass is None or self._pass.path != path or self._pass.place > place:
            self._pass = _Pass(path, self._info(item))
        return self._pass.at(place)

    def view(self, part: Input, item: Item, pixels: Pixels, draw: Draw) -> View:
        """How a still input sees a picture. Raises MediaError when no face is found."""
        height, width = pixels.shape[:2]
        if part.take == "picture":
            return preparation.picture_view(part, width, height, draw.at)
        return preparation.face_view(part, self._face(item, pixels))

    def _face(self, item: Item, pixels: Pixels) -> Box:
        if item.kind != "video" and item.face:
            return Box(*item.face)
        if item.kind != "video" and item.item_id in self._faces:
            return self._faces[item.item_id]
        face = preparation.largest(pixels)
        if face is None:
            raise MediaError(f"No face was found in {item.path!r}. Give its box in the manifest.")
        if item.kind != "video":
            self._faces[item.item_id] = face.box
        return face.box

    def _light(self, part: Input, item: Item, pixels: Pixels, draw: Draw) -> NDArray[np.float32]:
        """The light on the face that lies where the item says, or on the largest.

        Raises MediaError when no face is found there, ModelError where the face mesh is not here.
        """
        faces = list(detect(pixels))
        if item.kind != "video" and item.face:
            said = Box(*item.face)
            faces = sorted(faces, key=lambda face: -face.box.iou(said))
            faces = [face for face in faces if face.box.iou(said) > 0]
        found = preparation.light(part, pixels, faces[0], draw.change) if faces else None
        if found is None:
            raise MediaError(f"No face whose light can be seen was found in {item.path!r}.")
        return found

    def _timed(
        self, part: Input, item: Item, info: MediaInfo, start: float, draw: Draw
    ) -> NDArray[np.generic]:
        path = self.manifest.file(item)
        if part.take == "sound":
            return self._sound(part, item, info, start, draw)
        number = preparation.count(part)
        rate = 1 / part.step if part.step else number / (info.seconds or 1.0)
        first = round(start * rate) if part.step else 0
        shown = list(islice(frames(path, info, fps=rate), first, first + number))
        if not shown:
            raise MediaError(f"{path.name!r} shows no moving picture.")
        taken = [shown[i] for i in preparation.spread(len(shown), number)]
        pictures = [frame.pixels for frame in taken]
        if part.take == "frames":
            return preparation.frames(part, pictures, draw.at, draw.change)
        times = [frame.time for frame in taken]
        if part.take == "points":
            found = preparation.points(pictures, times)
            if found is None:
                raise MediaError(f"No face was found in {item.path!r}.")
            return found
        boxes = preparation.followed(pictures, times)
        if boxes is None:
            raise MediaError(f"No face was found in {item.path!r}.")
        return preparation.clip(part, pictures, boxes, draw.change)

    def _sound(
        self, part: Input, item: Item, info: MediaInfo, start: float, draw: Draw
    ) -> NDArray[np.generic]:
        path = self.manifest.file(item)
        length = part.shape[1]
        enough = None
        if isinstance(length, int) and info.seconds:
            enough = round(start * part.rate) + length
        parts: list[Samples] = []
        held = 0
        for block in blocks(path, info, rate=part.rate):
            parts.append(block.samples)
            held += len(block.samples)
            if enough is not None and held >= enough:
                break
        if not held:
            raise MediaError(f"{path.name!r} holds no sound.")
        samples = np.concatenate(parts)
        begin = round(start * part.rate)
        if isinstance(length, int):
            begin = max(0, min(begin, len(samples) - length))
        taken = preparation.sound(part, samples, begin)
        return draw.change_sound(taken, part.rate) if draw.change_sound else taken


def _stretch(
    parts: Sequence[Input], seconds: float | None, moment: float
) -> tuple[float, float]:  # fmt: skip
    """Start and length in seconds of the stretch that all timed inputs share."""
    longest = 0.0
    for part in parts:
        if part.take == "sound":
            length = part.shape[1]
            longest = max(longest, length / part.rate if isinstance(length, int) else 0.0)
        elif part.step:
            longest = max(longest, preparation.count(part) * part.step)
    whole = seconds or longest
    if not longest:
        return 0.0, whole
    return moment * max(0.0, whole - longest), min(longest, whole)


def check_inputs(inputs: Sequence[Input]) -> None:
    """Raise ModelError when a card does not say how one of its inputs is taken."""
    for part in inputs:
        if not part.take:
            raise ModelError(
                f"The card does not say how its input {part.name!r} is taken; set take to face, "
                "light, picture, clip, points, frames, sound or text."
            )
