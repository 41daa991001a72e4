"""Real faces with their surroundings, from which a method makes its own training examples."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.utils.data import Dataset

from unmask.cards.card import Input
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Draw, Reader
from unmask.errors import DataError, MediaError
from unmask.faces.crop import square, window
from unmask.faces.detect import detect
from unmask.forge.blend import Portrait
from unmask.types import Box, Face, Pixels

_TRIES = 20
_WHOLE = Input(
    name="picture",
    shape=["batch", 3, "height", "width"],
    layout="RGB, 0…255",
    preparation="as it is",
    take="picture",
    fit="free",
)
Entry = dict[str, Tensor]


class RealFaces(Dataset[Entry], ABC):
    """``each`` entries of every real face in turn, as ``made`` gives them; only reals are read.

    In training there are ``number`` entries, and entry *i* depends on (seed, i) alone. Otherwise
    each real comes once. Raises DataError when there is no real, or when 20 in a row cannot be
    read or show no face.
    """

    each = 1

    def __init__(self, manifest: Manifest, number: int, seed: int, train: bool) -> None:
        self.reals = [place for place, item in enumerate(manifest) if not item.label]
        if not self.reals:
            raise DataError(
                "There is no real picture to blend with itself: this part of the manifest is "
                "empty or all forged."
            )
        self.manifest, self.seed, self.train = manifest, seed, train
        self.number = number if train else self.each * len(self.reals)
        self.reader = Reader(manifest, [_WHOLE])
        self._last: tuple[int, list[Entry]] = (-1, [])

    @abstractmethod
    def made(self, pixels: Pixels, face: Face, rng: np.random.Generator) -> list[Entry]:
        """``each`` entries from a picture and the face in it."""

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int) -> Entry:
        group, side = divmod(index, self.each)
        if self._last[0] != group:
            self._last = (group, self._group(group))
        return dict(self._last[1][side])

    def _group(self, group: int) -> list[Entry]:
        epoch, place = divmod(group, len(self.reals))
        order = np.random.default_rng([self.seed, epoch, 0]).permutation(len(self.reals))
        last = ""
        for attempt in range(_TRIES):
            rng = np.random.default_rng([self.seed if self.train else 0, group, attempt, 1])
            number = int(order[(place + attempt) % len(order)]) if self.train else place + attempt
            chosen = self.manifest.items[self.reals[number % len(self.reals)]]
            try:
                pixels, face = self._face(chosen, rng)
            except MediaError as error:
                last = str(error)
                continue
            return self.made(pixels, face, rng)
        raise DataError(f"{_TRIES} files in a row could not be used; the last: {last}")

    def _face(self, item: Item, rng: np.random.Generator) -> tuple[Pixels, Face]:
        """The picture and its face: the one where the manifest says, else the largest."""
        moment = float(rng.random()) if self.train else 0.5
        read = self.reader.read(item, Draw(moment)).arrays["picture"]
        pixels = np.ascontiguousarray(read.transpose(1, 2, 0)).astype(np.uint8, copy=False)
        faces = detect(pixels)
        if not faces:
            raise MediaError(f"No face was found in {item.path!r}.")
        if item.face and item.kind != "video":
            wanted = Box(*item.face)
            return pixels, max(faces, key=lambda face: face.box.iou(wanted))
        return pixels, faces[0]


def around(pixels: Pixels, face: Face, context: float, finest: int) -> tuple[Portrait, Box]:
    """The face with its surroundings, ``context`` × its box, and its box therein.

    Scaled down where the box is longer than ``finest`` pixels.
    """
    cut, left, top = window(pixels, square(face.box, context))
    scale = min(1.0, finest / max(face.box.width, face.box.height))
    if scale < 1:
        size = (round(cut.shape[1] * scale), round(cut.shape[0] * scale))
        picture = Image.fromarray(np.ascontiguousarray(cut))
        cut = np.asarray(picture.resize(size, Image.Resampling.BILINEAR))
    box = Box(
        (face.box.x - left) * scale,
        (face.box.y - top) * scale,
        face.box.width * scale,
        face.box.height * scale,
    )
    points = (face.points - np.array([left, top], np.float32)) * np.float32(scale)
    return Portrait(np.ascontiguousarray(cut), points), box


def mirrored(portrait: Portrait, box: Box) -> tuple[Portrait, Box]:
    """Seen in a mirror; left and right of the points change names."""
    width = portrait.pixels.shape[1]
    points = portrait.points[[1, 0, 2, 4, 3]].copy()
    points[:, 0] = width - 1 - points[:, 0]
    flipped = Box(width - box.x - box.width, box.y, box.width, box.height)
    return Portrait(np.ascontiguousarray(portrait.pixels[:, ::-1]), points), flipped


def jittered(region: Box, by: NDArray[np.float64]) -> Box:
    """Each edge moved by a share of the side: left, top, right, bottom."""
    left, top, right, bottom = (float(v) * region.width for v in by)
    return Box(
        region.x + left, region.y + top, region.width + right - left, region.height + bottom - top
    )
