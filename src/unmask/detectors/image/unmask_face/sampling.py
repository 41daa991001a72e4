"""Pairs of a real face and a fake made from it, cut and laundered by one drawn plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.detectors.image.unmask_face.framing import (
    Plan,
    camera,
    draw_plan,
    nearer,
    surround,
)
from unmask.detectors.image.unmask_face.packing import Pack
from unmask.faces.crop import crop, square
from unmask.forge.blend import DECODED, FAMILIES, Decode, Forged, Portrait, forge
from unmask.forge.regions import TEMPLATE, similarity
from unmask.types import Box, Pixels

_BALANCE = 0.4
"""A source is drawn in proportion to its number of faces to this power."""
_LEAST = 2.5
"""Mean grey levels by which a fake must differ from its real when it is made."""
_LEFT = 1.0
"""Mean grey levels of that difference which laundering must leave; else it is drawn milder."""


@dataclass(frozen=True, slots=True)
class Face:
    """One input: pixels (size × size), mask (grid × grid), label, whether the mask counts."""

    pixels: Pixels
    mask: NDArray[np.float32]
    label: int
    masked: bool
    family: str


def survives(real: Face, fake: Face) -> bool:
    """Whether a fake still differs from its real where it was forged, after laundering both."""
    gap = cv2.absdiff(real.pixels, fake.pixels).astype(np.float32).mean(-1)
    cells = cv2.resize(gap, fake.mask.shape[::-1], interpolation=cv2.INTER_AREA)
    return float((cells * fake.mask).sum()) >= _LEFT * float(fake.mask.sum())


class Donors:
    """Finds a face whose pose and colour are near to those of a target."""

    def __init__(self, pack: Pack, indices: list[int]) -> None:
        self.indices = np.array(indices)
        looks = []
        for index in indices:
            portrait = pack.portrait(index)
            map_ = similarity(portrait.points, TEMPLATE)
            shape = portrait.points @ map_[:, :2].T + map_[:, 2]
            middle = crop(portrait.pixels, square(pack.box(index), 0.7), 8).reshape(-1, 3)
            looks.append(np.concatenate([shape.reshape(-1) * 4, middle.mean(0) / 60]))
        self.looks = np.array(looks, np.float32)
        self.groups = np.array([pack.items[index].group for index in indices])
        by_source: dict[str, list[int]] = defaultdict(list)
        for place, index in enumerate(indices):
            by_source[pack.items[index].source].append(place)
        self.places = {source: np.array(places) for source, places in by_source.items()}
        self.place = {index: place for place, index in enumerate(indices)}
        self.pack = pack

    def near(self, target: int, rng: np.random.Generator, among: int = 48) -> int:
        """A face of another person like the target, the best of ``among`` drawn ones."""
        mine = self.place[target]
        source = self.pack.items[target].source
        pool = self.places[source] if rng.random() < 0.7 else np.arange(len(self.indices))
        drawn = rng.choice(pool, among)
        drawn = drawn[self.groups[drawn] != self.groups[mine]]
        if len(drawn) == 0:
            drawn = rng.choice(len(self.indices), among)
        gaps = ((self.looks[drawn] - self.looks[mine]) ** 2).sum(-1)
        return int(self.indices[drawn[int(np.argmin(gaps))]])


class Maker:
    """Makes inputs from a pack; the same (seed, number) always gives the same pair.

    ``decoded`` of the pairs are drawn by ``decode`` (see ``blend.decoded``).

    Over the first ``ramp`` pairs laundering rises from mild to ``strength``, of which each pair
    draws a share.
    """

    def __init__(
        self,
        pack: Pack,
        reals: list[int],
        fakes: list[int],
        *,
        size: int,
        grid: int,
        seed: int,
        strength: float = 1.0,
        third_party: float = 0.0,
        ramp: int = 0,
        shares: tuple[float, ...] = (0.36, 0.3, 0.18, 0.16),
        decode: Decode | None = None,
        decoded: float = 0.0,
    ) -> None:
        self.pack, self.reals, self.fakes = pack, reals, fakes
        self.size, self.grid, self.seed = size, grid, seed
        self.strength, self.shares, self.ramp = strength, shares, ramp
        self.third_party = third_party if fakes else 0.0
        self.decode, self.decoded = decode, decoded if decode else 0.0
        self.donors = Donors(pack, reals)
        by_source: dict[str, list[int]] = defaultdict(list)
        for index in reals:
            by_source[pack.items[index].source].append(index)
        self.by_source = dict(by_source)
        counts = np.array([len(v) for v in self.by_source.values()], np.float64) ** _BALANCE
        self.source_share = counts / counts.sum()
        self.fakes_by_source: dict[str, list[int]] = defaultdict(list)
        for index in fakes:
            self.fakes_by_source[pack.items[index].source].append(index)
        self._last: tuple[int, tuple[Face, Face]] | None = None

    def _real(self, rng: np.random.Generator, sources: tuple[str, ...] = ()) -> int:
        names = list(self.by_source)
        allowed = [name for name in sources if name in self.by_source]
        name = str(rng.choice(allowed) if allowed else rng.choice(names, p=self.source_share))
        return self.by_source[name][int(rng.integers(len(self.by_source[name])))]

    def _native(self, index: int) -> float:
        box = self.pack.box(index)
        return max(box.width, box.height)

    def face(self, number: int, label: int) -> Face:
        """Side ``label`` (0 real, 1 fake) of pair ``number``."""
        if self._last is None or self._last[0] != number:
            self._last = (number, self.pair(number))
        return self._last[1][label]

    def pair(self, number: int) -> tuple[Face, Face]:
        """The real and the fake of pair ``number``."""
        rng = np.random.default_rng([self.seed, number])
        strength = self.strength * float(rng.uniform(0.05, 1))
        if number < self.ramp:
            strength *= 0.15 + 0.85 * number / self.ramp
        if rng.random() < self.third_party:
            return self._foreign(rng, strength)
        target = self._real(rng)
        family = str(rng.choice(FAMILIES, p=self.shares))
        if self.decoded and rng.random() < self.decoded:
            family = DECODED
        portrait, box = nearer(self.pack.portrait(target), self.pack.box(target), rng)
        portrait = Portrait(camera(portrait.pixels, rng), portrait.points)
        donor = self.pack.portrait(self.donors.near(target, rng))
        made: Forged = forge(family, portrait, donor, rng, _LEAST, self.decode)
        other = self.pack.pixels(self._real(rng))
        for softer in (1.0, 0.4, 0.0):
            plan = draw_plan(rng, self._native(target), strength * softer)
            seed = int(rng.integers(2**31))
            real = self._input(portrait.pixels, None, box, plan, other, seed, 0, family, True)
            fake = self._input(made.pixels, made.mask, box, plan, other, seed, 1, family, True)
            if survives(real, fake):
                break
        return real, fake

    def _foreign(self, rng: np.random.Generator, strength: float) -> tuple[Face, Face]:
        """A third-party fake, and the real that stands against it at the same face size."""
        name = str(rng.choice(list(self.fakes_by_source)))
        fake = int(rng.choice(self.fakes_by_source[name]))
        near = ("diff2lip",) if name == "diff2lip" else ("ffhq", "london", "lfw")
        real = self._real(rng, near)
        plan = draw_plan(rng, min(self._native(real), self._native(fake)), strength)
        other, seed = self.pack.pixels(self._real(rng)), int(rng.integers(2**31))
        sides = []
        for label, index in enumerate((real, fake)):
            portrait, box = nearer(self.pack.portrait(index), self.pack.box(index), rng)
            sides.append(
                self._input(portrait.pixels, None, box, plan, other, seed, label, name, not label)
            )
        return sides[0], sides[1]

    def _input(
        self,
        pixels: Pixels,
        mask: NDArray[np.float32] | None,
        box: Box,
        plan: Plan,
        other: Pixels,
        seed: int,
        label: int,
        family: str,
        masked: bool,
    ) -> Face:
        pixels = surround(pixels, box, plan.surround, other, seed)
        scale = min(1.0, plan.face_side / max(box.width, box.height))
        if scale < 0.97:
            pixels = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            box = Box(box.x * scale, box.y * scale, box.width * scale, box.height * scale)
        pixels = plan.chain(pixels)
        region = square(box, plan.margin)
        region = Box(
            region.x + plan.shift[0] * region.width,
            region.y + plan.shift[1] * region.height,
            region.width,
            region.height,
        )
        cropped = crop(pixels, region, self.size)
        target = np.zeros((self.grid, self.grid), np.float32)
        if mask is not None:
            target = self._mask(mask, pixels.shape[:2], region)
        if plan.flip:
            cropped, target = cropped[:, ::-1], target[:, ::-1]
        return Face(
            np.ascontiguousarray(cropped), np.ascontiguousarray(target), label, masked, family
        )

    def _mask(
        self, mask: NDArray[np.float32], shape: tuple[int, ...], region: Box
    ) -> NDArray[np.float32]:
        """The true mask on the network's grid; nothing is forged beyond the picture."""
        ratio = np.array([mask.shape[1] / shape[1], mask.shape[0] / shape[0]])
        step = np.array([region.width, region.height]) / self.grid * ratio
        start = np.array([region.x, region.y]) * ratio
        matrix = np.array(
            [[step[0], 0, start[0] + step[0] / 2 - 0.5], [0, step[1], start[1] + step[1] / 2 - 0.5]]
        )
        smooth = cv2.blur(mask, (max(1, round(step[0])), max(1, round(step[1]))))
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cells = cv2.warpAffine(smooth, matrix, (self.grid, self.grid), flags=flags)
        return np.clip(np.asarray(cells, np.float32), 0, 1)
