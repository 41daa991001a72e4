"""Cutting a stream of frames or sound into the parts that a card's network takes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.cards.card import Input
from unmask.errors import ModelError
from unmask.runtime import preparation
from unmask.types import AudioBlock, Box, Frame, Pixels

_PICTURE_STEP = 1.0
"""Seconds between the frames of a video that are judged as whole pictures."""
_LONGEST = 1280


@dataclass(frozen=True, slots=True)
class Window:
    """One part of a file as the network takes it, and where it comes from.

    ``time`` and ``until``: its first second, and its last where it is a stretch of time. ``box``:
    what is shown of the frame; ``region``: what the network sees of it, where that is another.
    ``middle``: of a clip the second of the frame in its middle, to which ``picture`` and ``region``
    belong. Both boxes are in pixels of the file; ``picture`` may be smaller.
    """

    value: NDArray[Any]
    time: float
    box: Box | None = None
    picture: Pixels | None = None
    until: float | None = None
    region: Box | None = None
    middle: float | None = None


class Take(ABC):
    """Takes frames or sound in order of time and gives windows as they are complete.

    ``frames``: whether it takes frames (else sound). ``still``: whether one picture is enough.
    ``rate``: frames a second that it needs, 0 for any. ``what`` and ``nothing``: words for its
    windows, and for why there was none.
    """

    frames = True
    still = True
    rate = 0.0
    what = ""
    nothing = ""

    def __init__(self, part: Input) -> None:
        self.part = part

    def frame(self, frame: Frame) -> list[Window]:
        """Windows that this frame completes."""
        raise TypeError(f"{type(self).__name__} takes no frames")

    def sound(self, block: AudioBlock) -> list[Window]:
        """Windows that this block completes."""
        raise TypeError(f"{type(self).__name__} takes no sound")

    @abstractmethod
    def rest(self) -> list[Window]:
        """Windows that the end of the file completes."""


class Faces(Take):
    """The largest face of every frame."""

    what = "faces"
    nothing = "no face was found"

    def frame(self, frame: Frame) -> list[Window]:
        """The largest face, when there is one."""
        face = preparation.largest(frame.pixels)
        if face is None:
            return []
        view = preparation.face_view(self.part, face.box)
        value = preparation.channels_first(view.take(frame.pixels))
        return [Window(value, frame.time, face.box, frame.pixels, region=view.region)]

    def rest(self) -> list[Window]:
        """Nothing is left over."""
        return []


class Lights(Faces):
    """The light on it, taken apart. ``frame`` raises ModelError where there is no face mesh."""

    def frame(self, frame: Frame) -> list[Window]:
        """That of the largest face, when there is one."""
        face = preparation.largest(frame.pixels)
        value = None if face is None else preparation.light(self.part, frame.pixels, face)
        if face is None or value is None:
            return []
        region = preparation.face_view(self.part, face.box).region
        return [Window(value, frame.time, face.box, frame.pixels, region=region)]


class Pictures(Take):
    """Whole pictures, of a video one a second."""

    what = "pictures"
    nothing = "there was no picture"
    _next = 0.0

    def frame(self, frame: Frame) -> list[Window]:
        """The picture, when it is time for one."""
        if frame.time < self._next:
            return []
        self._next = frame.time + _PICTURE_STEP * 0.99
        height, width = frame.pixels.shape[:2]
        view = preparation.picture_view(self.part, width, height)
        value = preparation.channels_first(view.take(frame.pixels))
        return [Window(value, frame.time, view.seen, frame.pixels)]

    def rest(self) -> list[Window]:
        """Nothing is left over."""
        return []


class Clips(Take):
    """Crops of one face along time: stretch after stretch, or one spread over the whole."""

    still = False
    what = "clips of a face"
    nothing = "no face was found, or there are too few frames"

    def __init__(self, part: Input) -> None:
        super().__init__(part)
        self.count = preparation.count(part)
        self.rate = 1 / part.step if part.step else 0.0
        self._held: list[Frame] = []
        self._every, self._seen = 1, 0
        self._across = 0

    def frame(self, frame: Frame) -> list[Window]:
        """A clip when enough frames are held; memory does not grow with length."""
        self._across = frame.pixels.shape[1]
        if self.part.step:
            self._held.append(self._kept(frame))
            if len(self._held) < self.count:
                return []
            held, self._held = self._held, []
            return self._clip(held)
        if self._seen % self._every == 0:
            self._held.append(self._kept(frame))
            if len(self._held) > 4 * self.count:
                self._held = self._held[::2]
                self._every *= 2
        self._seen += 1
        return []

    def rest(self) -> list[Window]:
        """The one clip that is spread over the whole."""
        if self.part.step or len(self._held) < self.count:
            return []
        places = preparation.spread(len(self._held), self.count)
        return self._clip([self._held[int(place)] for place in places])

    def _clip(self, held: list[Frame]) -> list[Window]:
        pictures = [frame.pixels for frame in held]
        boxes = preparation.followed(pictures, [frame.time for frame in held])
        if boxes is None:
            return []
        value = preparation.clip(self.part, pictures, boxes)
        middle = held[len(held) // 2]
        seen = preparation.face_view(self.part, boxes[len(held) // 2]).region
        scale = self._across / middle.pixels.shape[1]
        region = Box(*(scale * side for side in (seen.x, seen.y, seen.width, seen.height)))
        return [
            Window(
                value, held[0].time, picture=middle.pixels, until=held[-1].time, region=region,
                middle=middle.time,
            )
        ]  # fmt: skip

    def _kept(self, frame: Frame) -> Frame:
        return _reduced(frame)


class Points(Clips):
    """Points of one face along time. ``frame`` raises ModelError where there is no face mesh."""

    what = "stretches of a face's points"

    def _clip(self, held: list[Frame]) -> list[Window]:
        found = preparation.points([f.pixels for f in held], [f.time for f in held])
        if found is None:
            return []
        return [Window(found, held[0].time, until=held[-1].time)]


class Films(Clips):
    """Whole frames along time: stretch after stretch, or spread over the whole."""

    what = "stretches of frames"
    nothing = "there are too few frames"

    def _clip(self, held: list[Frame]) -> list[Window]:
        value = np.stack([preparation.channels_first(frame.pixels) for frame in held])
        return [Window(value, held[0].time, until=held[-1].time)]

    def _kept(self, frame: Frame) -> Frame:
        """The frame as the network sees it: small, and the same as if all were held."""
        height, width = frame.pixels.shape[:2]
        view = preparation.picture_view(self.part, width, height)
        return Frame(frame.index, frame.time, view.take(frame.pixels))


class Sounds(Take):
    """Stretches of sound, one after another; the last is repeated until it is long enough."""

    frames = False
    still = False
    what = "stretches of sound"
    nothing = "there was no sound"
    _LEAST = 0.25
    """Share of a stretch under which what is left over at the end is not judged by itself."""

    def __init__(self, part: Input) -> None:
        super().__init__(part)
        length = part.shape[1]
        if not isinstance(length, int):
            raise ModelError(f"The input {part.name!r} of the card needs a length in samples.")
        self.length = length
        self._held: list[NDArray[np.float32]] = []
        self._count, self._start, self._any = 0, 0.0, False

    def sound(self, block: AudioBlock) -> list[Window]:
        """Stretches that are complete."""
        if block.rate != self.part.rate:
            raise ModelError(
                f"The card wants sound at {self.part.rate} samples a second; a scan hands out "
                f"{block.rate}."
            )
        self._held.append(block.samples)
        self._count += len(block.samples)
        found = []
        while self._count >= self.length:
            whole = np.concatenate(self._held)
            found.append(self._window(whole[: self.length]))
            self._held = [whole[self.length :]]
            self._count = len(self._held[0])
        return found

    def rest(self) -> list[Window]:
        """What is left over, if it is long enough or all there is."""
        if not self._count or (self._any and self._count < self._LEAST * self.length):
            return []
        return [self._window(np.concatenate(self._held))]

    def _window(self, samples: NDArray[np.float32]) -> Window:
        begun = self._start
        self._start += len(samples) / self.part.rate
        window = Window(preparation.sound(self.part, samples), begun, until=self._start)
        self._any = True
        return window


def _reduced(frame: Frame) -> Frame:
    """A frame no longer than needed to find and cut a face, so that many can be held."""
    from PIL import Image

    height, width = frame.pixels.shape[:2]
    scale = _LONGEST / max(height, width)
    if scale >= 1:
        return frame
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = Image.fromarray(frame.pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    return Frame(frame.index, frame.time, np.asarray(small))
