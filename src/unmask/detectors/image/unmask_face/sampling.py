"""Pairs of a real face and a fake made from it, cut and laundered by one drawn plan."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.detectors.image.unmask_face.framing import Plan, draw_plan, surround
from unmask.detectors.image.unmask_face.packing import Pack
from unmask.faces.crop import crop, square
from unmask.forge.blend import FAMILIES, Forged, Portrait, forge, mismatch
from unmask.forge.regions import TEMPLATE, similarity
from unmask.types import Box, Pixels


@dataclass(frozen=True, slots=True)
class Face:
    """One input: pixels (size × size), mask (grid × grid), label, whether the mask counts."""

    pixels: Pixels
    mask: NDArray[np.float32]
    label: int
    masked: bool
    family: str


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

    Over the first ``ramp`` pairs laundering rises from mild to ``strength``.
    """

    def __init__(
        self,
        pack: Pack,
        reals: list[int],
        fakes: list[int],
        *,
        size: int,
        grid: int,
        margin: float,
        seed: int,
        strength: float = 1.0,
        third_party: float = 0.0,
        ramp: int = 0,
        shares: tuple[float, ...] = (0.36, 0.3, 0.18, 0.16),
    ) -> None:
        self.pack, self.reals, self.fakes = pack, reals, fakes
        self.size, self.grid, self.margin, self.seed = size, grid, margin, seed
        self.strength, self.shares, self.ramp = strength, shares, ramp
        self.third_party = third_party if fakes else 0.0
        self.donors = Donors(pack, reals)
        by_source: dict[str, list[int]] = defaultdict(list)
        for index in reals:
            by_source[pack.items[index].source].append(index)
        self.by_source = dict(by_source)
        counts = np.array([len(v) for v in self.by_source.values()], np.float64) ** 0.6
        self.source_share = counts / counts.sum()
        self.fakes_by_source: dict[str, list[int]] = defaultdict(list)
        for index in fakes:
            self.fakes_by_source[pack.items[index].source].append(index)

    def _real(self, rng: np.random.Generator, sources: tuple[str, ...] = ()) -> int:
        names = list(self.by_source)
        allowed = [name for name in sources if name in self.by_source]
        name = str(rng.choice(allowed) if allowed else rng.choice(names, p=self.source_share))
        return int(rng.choice(self.by_source[name]))

    def _native(self, index: int) -> float:
        box = self.pack.box(index)
        return max(box.width, box.height)

    def face(self, number: int, label: int) -> Face:
        """Side ``label`` (0 real, 1 fake) of pair ``number``."""
        rng = np.random.default_rng([self.seed, number])
        strength = self.strength
        if number < self.ramp:
            strength *= 0.15 + 0.85 * number / self.ramp
        if rng.random() < self.third_party:
            return self._foreign(rng, label, strength)
        target = self._real(rng)
        family = str(rng.choice(FAMILIES, p=self.shares))
        portrait = self.pack.portrait(target)
        if rng.random() < 0.12:  # a real that was edited as a whole is still real
            portrait = Portrait(mismatch(portrait.pixels, rng, 0.8), portrait.points)
        plan = draw_plan(rng, self._native(target), strength)
        other = self._real(rng)
        mask: NDArray[np.float32] | None = None
        pixels = portrait.pixels
        if label:
            donor = self.pack.portrait(self.donors.near(target, rng))
            made: Forged = forge(family, portrait, donor, rng)
            pixels, mask = made.pixels, made.mask
        return self._input(pixels, mask, target, plan, other, label, family, True)

    def _foreign(self, rng: np.random.Generator, label: int, strength: float) -> Face:
        """A third-party fake, or the real that stands against it at the same face size."""
        name = str(rng.choice(list(self.fakes_by_source)))
        fake = int(rng.choice(self.fakes_by_source[name]))
        near = ("diff2lip",) if name == "diff2lip" else ("ffhq", "london", "lfw")
        real = self._real(rng, near)
        plan = draw_plan(rng, min(self._native(real), self._native(fake)), strength)
        other = self._real(rng)
        chosen = fake if label else real
        pixels = self.pack.pixels(chosen)
        return self._input(pixels, None, chosen, plan, other, label, name, not label)

    def _input(
        self,
        pixels: Pixels,
        mask: NDArray[np.float32] | None,
        index: int,
        plan: Plan,
        other: int,
        label: int,
        family: str,
        masked: bool,
    ) -> Face:
        box = self.pack.box(index)
        tile = self.pack.pixels(other) if plan.surround == "tile" else pixels
        pixels = surround(pixels, box, plan.surround, tile, other)
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
