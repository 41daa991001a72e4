"""Training pairs of SBI: a real face and the same face blended with itself."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch.utils.data import Dataset

from unmask.cards.card import Input
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Draw, Reader
from unmask.detectors.image.sbi.model import SIZE
from unmask.errors import DataError, MediaError
from unmask.faces.crop import crop, square, window
from unmask.faces.detect import detect
from unmask.forge.blend import Portrait
from unmask.forge.selfblend import Blended, augment, self_blended
from unmask.train.method import Batch
from unmask.types import Box, Face, Pixels

MARGIN = 1.25
"""Side of the crop as a multiple of the face box, in evaluation; the card repeats it."""
_JITTER = 0.075  # of the side, at each edge: margins of 5 to 20 % of the box
_CONTEXT = 2.2  # side, in face boxes, of what is blended
_FINEST = 2 * SIZE  # pixels of a face box; larger ones are scaled down first
_TRIES = 20
_WHOLE = Input(
    name="picture",
    shape=["batch", 3, "height", "width"],
    layout="RGB, 0…255",
    preparation="as it is",
    take="picture",
    fit="free",
)


class SelfBlended(Dataset[Batch]):
    """Entries 2k and 2k + 1 are a real face and the fake made of it; only reals are read.

    Each has ``face`` (3 × 380 × 380, 8 bits) and ``label``. In training there are ``number``
    entries, mirrored half the time, with margins that vary and both of a pair altered alike; entry
    *i* depends on (seed, i) alone. Otherwise each real comes once.
    Raises DataError when there is no real, or when 20 in a row cannot be read or show no face.
    """

    def __init__(self, manifest: Manifest, number: int, seed: int, train: bool) -> None:
        self.reals = [place for place, item in enumerate(manifest) if not item.label]
        if not self.reals:
            raise DataError(
                "There is no real picture to blend with itself: this part of the manifest is "
                "empty or all forged."
            )
        self.manifest, self.seed, self.train = manifest, seed, train
        self.number = number if train else 2 * len(self.reals)
        self.reader = Reader(manifest, [_WHOLE])
        self._last: tuple[int, list[Batch]] = (-1, [])

    def __len__(self) -> int:
        return self.number

    def __getitem__(self, index: int) -> Batch:
        pair, side = divmod(index, 2)
        if self._last[0] != pair:
            self._last = (pair, self._pair(pair))
        return dict(self._last[1][side])

    def _pair(self, pair: int) -> list[Batch]:
        epoch, place = divmod(pair, len(self.reals))
        order = np.random.default_rng([self.seed, epoch, 0]).permutation(len(self.reals))
        last = ""
        for attempt in range(_TRIES):
            rng = np.random.default_rng([self.seed if self.train else 0, pair, attempt, 1])
            number = int(order[(place + attempt) % len(order)]) if self.train else place + attempt
            chosen = self.manifest.items[self.reals[number % len(self.reals)]]
            try:
                pixels, face = self._face(chosen, rng)
            except MediaError as error:
                last = str(error)
                continue
            made = self._made(pixels, face, rng)
            return [
                {
                    "face": torch.from_numpy(np.ascontiguousarray(part.transpose(2, 0, 1))),
                    "label": torch.tensor(float(label)),
                }
                for label, part in enumerate(made)
            ]
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

    def _made(self, pixels: Pixels, face: Face, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
        """Real and fake as the network takes them."""
        portrait, box = _around(pixels, face)
        if self.train and rng.random() < 0.5:
            portrait, box = _mirrored(portrait, box)
        blended: Blended = self_blended(portrait, rng)
        region = square(box, MARGIN)
        if self.train:
            blended = augment(blended, rng)
            region = _jittered(region, rng.uniform(-_JITTER, _JITTER, 4))
        return crop(blended.real, region, SIZE), crop(blended.fake, region, SIZE)


def _around(pixels: Pixels, face: Face) -> tuple[Portrait, Box]:
    """The face with its surroundings and its box therein, scaled down where it is very large."""
    cut, left, top = window(pixels, square(face.box, _CONTEXT))
    scale = min(1.0, _FINEST / max(face.box.width, face.box.height))
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


def _mirrored(portrait: Portrait, box: Box) -> tuple[Portrait, Box]:
    """Seen in a mirror; left and right of the points change names."""
    width = portrait.pixels.shape[1]
    points = portrait.points[[1, 0, 2, 4, 3]].copy()
    points[:, 0] = width - 1 - points[:, 0]
    flipped = Box(width - box.x - box.width, box.y, box.width, box.height)
    return Portrait(np.ascontiguousarray(portrait.pixels[:, ::-1]), points), flipped


def _jittered(region: Box, by: NDArray[np.float64]) -> Box:
    """Each edge moved by a share of the side: left, top, right, bottom."""
    left, top, right, bottom = (float(v) * region.width for v in by)
    return Box(
        region.x + left, region.y + top, region.width + right - left, region.height + bottom - top
    )
