"""The pictures that the evaluation judges: real photos and the forgeries made from them.

Every forgery is made by fixed seeds from the real photos of the part that is judged.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.detectors.image.unmask_picture.photos import (
    Photo,
    all_photos,
    read,
    scaled,
    video_frames,
)
from unmask.detectors.image.unmask_picture.training import generators
from unmask.forge.operations import jpeg
from unmask.forge.resynth import HELD_OUT, PLANS, Generators
from unmask.forge.shapes import random_mask
from unmask.forge.splice import edit
from unmask.forge.traces import traced, upsampled
from unmask.train.recipe import Recipe
from unmask.types import Claim, Pixels

Rng = np.random.Generator
LARGEST = 640
"""Pixels of the longer side of what forgeries are made from."""
NO_MASK = np.zeros((0, 0), np.uint8)
SIMULATED = {"upsampled": upsampled, "traced": traced}
BOTH = (Claim.PICTURE_EDITED, Claim.PICTURE_GENERATED)


def seeded(*parts: str) -> Rng:
    """A random generator that depends on these names alone."""
    return np.random.default_rng([zlib.crc32(part.encode()) for part in parts])


@dataclass(frozen=True, slots=True)
class Case:
    """One picture to judge: what it was made from, how, and where (or an empty mask)."""

    photo: Photo
    name: str
    pixels: Pixels
    label: int
    family: str
    claims: tuple[Claim, ...]
    mask: NDArray[np.uint8]


class Cases:
    """Real pictures of some parts and the forgeries made from them."""

    def __init__(self, recipe: Recipe, data: Path, unseen: bool = True) -> None:
        more = recipe.settings.get("more", "")
        root = Path(recipe.settings.get("packages_root", "/"))
        self.photos = all_photos(data, root, Path(more) if more else None)
        self.frames = video_frames(data)
        self.made = generators(recipe, self.photos, PLANS)
        self.unseen = generators(recipe, self.photos, HELD_OUT) if unseen else Generators({})

    def chosen(self, parts: Sequence[str], sources: dict[str, int]) -> list[Photo]:
        """At most so many pictures of each source, by a fixed shuffle."""
        found: list[Photo] = []
        for source, most in sources.items():
            listed = [p for p in self.photos if p.source == source and p.part in parts]
            listed.sort(key=lambda photo: zlib.crc32(photo.item_id.encode()))
            found += listed[:most]
        return found

    def views(self, photo: Photo, count: int) -> Iterator[tuple[str, Pixels]]:
        """The picture and, where it is large, crops of it at other scales.

        The forgeries are made from crops of at most ``LARGEST`` pixels; the whole is the last view.
        """
        pixels = read(photo)
        if max(pixels.shape[:2]) <= 512:
            yield "whole", pixels
            return
        for number in range(count):
            rng = seeded(photo.item_id, str(number))
            high, wide = (int(rng.uniform(0.4, 0.95) * side) for side in pixels.shape[:2])
            y = int(rng.integers(pixels.shape[0] - high))
            x = int(rng.integers(pixels.shape[1] - wide))
            part = pixels[y : y + high, x : x + wide]
            low, top = min(1, 240 / min(high, wide)), min(1, LARGEST / max(high, wide))
            factor = float(np.exp(rng.uniform(np.log(min(low, top)), np.log(top))))
            yield str(number), scaled(part, factor, int(rng.integers(4)))
        yield "whole", pixels

    def real(self, photo: Photo, views: int = 3) -> Iterator[Case]:
        """The real pictures of a photo: ``views`` crops of a large one, and the whole."""
        for view, pixels in self.views(photo, views):
            yield Case(photo, f"{photo.item_id}#{view}", pixels, 0, "real", BOTH, NO_MASK)

    @staticmethod
    def forgeable(case: Case) -> bool:
        """Whether a real case is small enough to make forgeries from."""
        return bool(max(case.pixels.shape[:2]) <= LARGEST)

    def edited(self, case: Case, family: str, donors: Sequence[Photo] = ()) -> Case:
        """A local forgery of a real case; pieces come from ``donors`` or else from its own part."""
        rng = seeded(case.name, family)
        if family.startswith("inpaint"):
            bank = self.unseen if family.endswith("unseen") else self.made
            names = sorted(bank.networks)
            again = bank(case.pixels, names[int(rng.integers(len(names)))])
            soft = random_mask(case.pixels, rng)
            mixed = case.pixels * (1 - soft[..., None]) + again * soft[..., None]
            pixels = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
            mask = (soft > 0.5).astype(np.uint8)
        else:
            if not donors:
                donors = [p for p in self.photos if p.part == case.photo.part and not p.label]
            done = edit(case.pixels, read(donors[int(rng.integers(len(donors)))]), rng, family)
            pixels, mask = done.pixels, done.mask
        claims = (Claim.PICTURE_EDITED,)
        return Case(case.photo, f"{case.name}+{family}", pixels, 1, family, claims, mask)

    def generated(self, case: Case, family: str) -> Case:
        """A real case re-synthesised as a whole."""
        if family in SIMULATED:
            pixels = SIMULATED[family](case.pixels, seeded(case.name, family))
        else:
            bank = self.unseen if family in self.unseen.networks else self.made
            pixels = bank(case.pixels, family)
        claims = (Claim.PICTURE_GENERATED,)
        return Case(case.photo, f"{case.name}+{family}", pixels, 1, family, claims, NO_MASK)

    def matched(self, photo: Photo) -> Case:
        """A face picture brought to a drawn size of 256…448 pixels and a drawn JPEG quality."""
        rng = seeded(photo.item_id, "matched")
        pixels = read(photo)
        side = float(rng.uniform(256, min(448, min(pixels.shape[:2]))))
        pixels = scaled(pixels, side / min(pixels.shape[:2]), int(rng.integers(3)))
        pixels = jpeg(pixels, int(rng.integers(75, 96)))
        family = photo.source if photo.label else "real"
        claims = (Claim.PICTURE_GENERATED,)
        return Case(photo, f"{photo.item_id}#matched", pixels, photo.label, family, claims, NO_MASK)
