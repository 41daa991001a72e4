"""Stored predictions of the picture detector: one row a file, claim and condition.

Every forgery is made here, by fixed seeds, from real photos of the part that is judged. Families
that training never saw: ``poisson`` and ``pull-push`` (other blending and filling), ``unseen-*``
(autoencoders kept away from training) and ``inpaint-unseen`` (an area made by one of them).
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.bench.predictions import Prediction
from unmask.detectors.image.unmask_picture.photos import Photo, all_photos, read, scaled
from unmask.detectors.image.unmask_picture.tiles import Budget, Judgement, judge
from unmask.detectors.image.unmask_picture.training import generators
from unmask.errors import DataError
from unmask.forge.launder import apply, launder
from unmask.forge.operations import jpeg
from unmask.forge.resynth import HELD_OUT, PLANS, Generators, upsampled
from unmask.forge.shapes import random_mask
from unmask.forge.splice import FAMILIES, edit
from unmask.forge.splice import HELD_OUT as HELD_OUT_EDITS
from unmask.train.recipe import Recipe
from unmask.types import Claim, Pixels, Tensor

Rng = np.random.Generator
REALS = ("imagenet", "packaged", "ffhq", "london", "lfw", "utkface")
GENERATED = ("omi", "omi_edit", "generated_faces")
MATCHED = ("ffhq", "london")
LARGEST = 640
"""Pixels of the longer side of what forgeries are made from."""
LAUNDERINGS = (
    *("jpeg:90", "jpeg:70", "jpeg:50", "webp:50", "resize:0.5", "blur:1.5"),
    *("noise:3", "h264:28", "h264:36", "screenshot"),
)
_NO_MASK = np.zeros((0, 0), np.uint8)


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


_BOTH = (Claim.PICTURE_EDITED, Claim.PICTURE_GENERATED)


def _rng(*parts: str) -> Rng:
    return np.random.default_rng([zlib.crc32(part.encode()) for part in parts])


class Judge:
    """An ONNX file as a judge of pictures."""

    def __init__(self, onnx: Path) -> None:
        import onnxruntime as ort

        options = ort.SessionOptions()
        options.intra_op_num_threads = 1
        self.session: Any = ort.InferenceSession(str(onnx), options)
        self.budget = Budget(side=int(self.session.get_inputs()[0].shape[-1]))

    def run(self, tiles: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and mask logits of tiles."""
        logits, mask = self.session.run(["logits", "mask"], {"tile": tiles})
        return logits, mask

    def __call__(self, pixels: Pixels) -> Judgement:
        """Judge one picture."""
        return judge(pixels, self.run, self.budget)


class Cases:
    """Real pictures of some parts and the forgeries made from them."""

    def __init__(self, recipe: Recipe, data: Path, unseen: bool = True) -> None:
        self.photos = all_photos(data, Path(recipe.settings.get("packages_root", "/")))
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
            rng = _rng(photo.item_id, str(number))
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
            yield Case(photo, f"{photo.item_id}#{view}", pixels, 0, "real", _BOTH, _NO_MASK)

    @staticmethod
    def forgeable(case: Case) -> bool:
        """Whether a real case is small enough to make forgeries from."""
        return bool(max(case.pixels.shape[:2]) <= LARGEST)

    def edited(self, case: Case, family: str) -> Case:
        """A local forgery of a real case."""
        rng = _rng(case.name, family)
        if family.startswith("inpaint"):
            bank = self.unseen if family.endswith("unseen") else self.made
            names = sorted(bank.networks)
            again = bank(case.pixels, names[int(rng.integers(len(names)))])
            soft = random_mask(case.pixels, rng)
            mixed = case.pixels * (1 - soft[..., None]) + again * soft[..., None]
            pixels = np.clip(mixed + 0.5, 0, 255).astype(np.uint8)
            mask = (soft > 0.5).astype(np.uint8)
        else:
            donors = [p for p in self.photos if p.part == case.photo.part and not p.label]
            done = edit(case.pixels, read(donors[int(rng.integers(len(donors)))]), rng, family)
            pixels, mask = done.pixels, done.mask
        claims = (Claim.PICTURE_EDITED,)
        return Case(case.photo, f"{case.name}+{family}", pixels, 1, family, claims, mask)

    def generated(self, case: Case, family: str) -> Case:
        """A real case re-synthesised as a whole."""
        if family == "upsampled":
            pixels = upsampled(case.pixels, _rng(case.name, family))
        else:
            bank = self.unseen if family in self.unseen.networks else self.made
            pixels = bank(case.pixels, family)
        claims = (Claim.PICTURE_GENERATED,)
        return Case(case.photo, f"{case.name}+{family}", pixels, 1, family, claims, _NO_MASK)

    def matched(self, photo: Photo) -> Case:
        """A face picture brought to a drawn size of 256…448 pixels and a drawn JPEG quality."""
        rng = _rng(photo.item_id, "matched")
        pixels = read(photo)
        side = float(rng.uniform(256, min(448, min(pixels.shape[:2]))))
        pixels = scaled(pixels, side / min(pixels.shape[:2]), int(rng.integers(3)))
        pixels = jpeg(pixels, int(rng.integers(75, 96)))
        family = photo.source if photo.label else "real"
        claims = (Claim.PICTURE_GENERATED,)
        return Case(
            photo, f"{photo.item_id}#matched", pixels, photo.label, family, claims, _NO_MASK
        )


def _iou(judgement: Judgement, mask: NDArray[np.uint8], level: float) -> float:
    """Intersection over union of the marked pixels and the true mask, in original pixels."""
    cells = cv2.resize(judgement.mask, mask.shape[::-1], interpolation=cv2.INTER_LINEAR)
    marked, true = cells > math.log(level / (1 - level)), mask > 0
    return float((marked & true).sum() / max(1, (marked | true).sum()))


def _rows(
    judge_one: Judge, case: Case, protocol: str, condition: str, level: float
) -> Iterator[Prediction]:
    """The predictions of one case under one condition."""
    pixels = case.pixels
    if condition == "random":
        pixels = launder(pixels, _rng(case.name, condition), 0.8)
    elif condition != "clean":
        pixels = apply(condition, pixels)
    said = judge_one(pixels)
    scores = {Claim.PICTURE_EDITED: said.edited, Claim.PICTURE_GENERATED: said.generated}
    place = _iou(said, case.mask, level) if case.mask.size else float("nan")
    for claim in case.claims:
        yield Prediction(
            case.name,
            case.name,
            case.photo.group,
            case.photo.source,
            case.label,
            case.family,
            claim.value,
            protocol,
            condition,
            scores[claim],
            case.photo.gender,
            case.photo.age_band,
            case.photo.ethnicity,
            place,
        )


def _calibration(cases: Cases) -> Iterator[tuple[Case, str]]:
    """Real pictures of the calibration part, and one edit and one re-synthesis of each."""
    kinds = {"imagenet": 60, "packaged": 60, "ffhq": 60, "london": 40, "lfw": 60, "utkface": 40}
    families = (*FAMILIES, "inpaint")
    names = (*sorted(cases.made.networks), "upsampled")
    for photo in cases.chosen(["calibration"], kinds):
        for case in cases.real(photo, 5):
            rng = _rng(case.name, "calibration")
            yield case, "clean"
            yield case, "random"
            if not cases.forgeable(case):
                continue
            forged = cases.edited(case, families[int(rng.integers(len(families)))])
            yield forged, "random" if rng.random() < 0.5 else "clean"
            forged = cases.generated(case, names[int(rng.integers(len(names)))])
            yield forged, "random" if rng.random() < 0.5 else "clean"
    for photo in cases.chosen(["calibration"], dict.fromkeys((*GENERATED, *MATCHED), 60)):
        case = cases.matched(photo)
        yield case, "clean"
        yield case, "random"


def _dev(cases: Cases) -> Iterator[tuple[Case, str]]:
    """The development part: every family clean, and a subset under every laundering."""
    kinds = {"imagenet": 60, "packaged": 60, "ffhq": 60, "london": 30, "lfw": 40, "utkface": 30}
    edits = (*FAMILIES, "inpaint", *HELD_OUT_EDITS, "inpaint-unseen")
    whole = (*sorted(cases.made.networks), "upsampled", *sorted(cases.unseen.networks))
    photos = cases.chosen(["dev"], kinds)
    seen: dict[str, int] = {}
    number = 0
    for photo in photos:
        for case in cases.real(photo, 2):
            yield case, "clean"
            if not cases.forgeable(case):
                continue
            made = [cases.edited(case, edits[(number + i * 3) % len(edits)]) for i in range(2)]
            made += [cases.generated(case, whole[(number + i * 4) % len(whole)]) for i in range(2)]
            for forged in made:
                yield forged, "clean"
            seen[photo.source] = seen.get(photo.source, 0) + 1
            if seen[photo.source] <= 3:
                for condition in LAUNDERINGS:
                    for one in (case, made[0], made[2]):
                        yield one, condition
            number += 1
    for photo in cases.chosen(["dev"], dict.fromkeys((*GENERATED, *MATCHED), 60)):
        yield cases.matched(photo), "clean"


def _left_out(cases: Cases, source: str) -> Iterator[tuple[Case, str]]:
    """A source that training did not see: its reals and forgeries of them, or its fakes."""
    every = ["train", "calibration", "dev"]
    if source in GENERATED:
        others = cases.chosen(["calibration", "dev"], dict.fromkeys(MATCHED, 60))
        for photo in (*cases.chosen(every, {source: 60}), *others):
            yield cases.matched(photo), "clean"
        return
    families = (*FAMILIES, "inpaint")
    names = (*sorted(cases.made.networks), "upsampled")
    for photo in cases.chosen(every, {source: 48}):
        for case in cases.real(photo, 1):
            rng = _rng(case.name, "loso")
            if not cases.forgeable(case):
                continue
            yield case, "clean"
            yield cases.edited(case, families[int(rng.integers(len(families)))]), "clean"
            yield cases.generated(case, names[int(rng.integers(len(names)))]), "clean"


_CONTROLS = ("lfw|utkface", "ffhq|imagenet", "ffhq|london", "imagenet|packaged")


def _control(cases: Cases, pair: str) -> Iterator[tuple[Case, str]]:
    """Two real sources; pictures of the second one carry label 1."""
    first, _, second = pair.partition("|")
    photos = cases.chosen(["calibration", "dev"], {first: 40, second: 40})
    for photo in photos:
        for case in cases.real(photo, 1):
            if not cases.forgeable(case):
                continue
            label = int(photo.source == second)
            yield (
                Case(photo, case.name, case.pixels, label, "real", _BOTH, _NO_MASK),
                "clean",
            )


def _localization(cases: Cases) -> Iterator[tuple[Case, str]]:
    """Edits made in ways that training did not use, on photos that it did not see."""
    kinds = {"imagenet": 60, "packaged": 30, "ffhq": 20, "london": 12}
    for photo in cases.chosen(["calibration", "dev"], kinds):
        for case in filter(cases.forgeable, cases.real(photo, 1)):
            for family in (*HELD_OUT_EDITS, "inpaint-unseen"):
                yield cases.edited(case, family), "clean"


@lru_cache(maxsize=2)
def _cases(recipe_json: str, data: Path) -> Cases:
    recipe = Recipe.model_validate_json(recipe_json)
    return Cases(recipe, data, unseen=not recipe.leave_out)


def predictions(recipe: Recipe, data: Path, onnx: Path, protocol: str) -> Iterator[Prediction]:
    """The predictions of one protocol.

    ``protocol``: ``calibration``, ``dev``, ``localization``, ``loso:SOURCE``,
    ``real-vs-real:A|B`` or ``control`` (several of these pairs). Raises DataError for another one.
    """
    if protocol == "control":
        for pair in _CONTROLS:
            yield from predictions(recipe, data, onnx, f"real-vs-real:{pair}")
        return
    if protocol.startswith("loso:"):
        recipe = recipe.model_copy(update={"leave_out": protocol.removeprefix("loso:")})
    cases = _cases(recipe.model_dump_json(), data)
    name, _, rest = protocol.partition(":")
    known = {"calibration": _calibration, "dev": _dev, "localization": _localization}
    if name in known:
        drawn = known[name](cases)
    elif name == "loso" and rest:
        drawn = _left_out(cases, rest)
    elif name == "real-vs-real" and "|" in rest:
        drawn = _control(cases, rest)
    else:
        raise DataError(
            f"No protocol is called {protocol!r}. There are: calibration, dev, localization, "
            "loso:SOURCE, real-vs-real:A|B and control."
        )
    judge_one = Judge(onnx)
    level = float(recipe.settings.get("mask_level", 0.5))
    for case, condition in drawn:
        yield from _rows(judge_one, case, protocol, condition, level)
