"""Stored predictions of the picture detector: one row a file, claim and condition.

Every forgery is made here, by fixed seeds, from real photos of the part that is judged. Families
that training never saw: ``poisson`` and ``pull-push`` (other blending and filling), ``unseen-*``
(autoencoders kept away from training) and ``inpaint-unseen`` (an area made by one of them).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.bench.predictions import Prediction
from unmask.detectors.image.unmask_picture.cases import (
    BOTH,
    NO_MASK,
    SIMULATED,
    Case,
    Cases,
    seeded,
)
from unmask.detectors.image.unmask_picture.tiles import Budget, Judgement, judge
from unmask.errors import DataError
from unmask.forge.launder import apply, launder
from unmask.forge.processing import processed
from unmask.forge.splice import FAMILIES
from unmask.forge.splice import HELD_OUT as HELD_OUT_EDITS
from unmask.train.recipe import Recipe
from unmask.types import Claim, Pixels, Tensor

GENERATED = ("omi", "omi_edit", "generated_faces")
MATCHED = ("ffhq", "london")
LAUNDERINGS = (
    *("jpeg:90", "jpeg:70", "jpeg:50", "webp:50", "resize:0.5", "blur:1.5"),
    *("noise:3", "h264:28", "h264:36", "screenshot", "processed"),
)
"""``processed`` is one drawn operation of ``forge.processing``, another for every picture."""
LAUNDERED = 6
"""Photos of each source that are laundered in all these ways."""


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
        pixels = launder(pixels, seeded(case.name, condition), 0.8)
    elif condition == "processed":
        pixels = processed(seeded(case.name, condition))(pixels)
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
    names = (*sorted(cases.made.networks), *SIMULATED)
    for photo in cases.chosen(["calibration"], kinds):
        for case in cases.real(photo, 5):
            rng = seeded(case.name, "calibration")
            yield case, "clean"
            yield case, "random"
            if not cases.forgeable(case):
                continue
            yield case, ("blur:1.5", "resize:0.5", "blur:0.8")[int(rng.integers(3))]
            yield case, ("h264:28", "h264:36", "processed", "processed")[int(rng.integers(4))]
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
    whole = (*sorted(cases.made.networks), *SIMULATED, *sorted(cases.unseen.networks))
    photos = cases.chosen(["dev"], kinds)
    seen: dict[str, int] = {}
    number = 0
    for photo in photos:
        for case in cases.real(photo, 2):
            yield case, "clean"
            if not cases.forgeable(case):
                continue
            made = [cases.edited(case, edits[(number + i * 3) % len(edits)]) for i in range(2)]
            made += [cases.generated(case, whole[(number + i * 6) % len(whole)]) for i in range(3)]
            for forged in made:
                yield forged, "clean"
            seen[photo.source] = seen.get(photo.source, 0) + 1
            if seen[photo.source] <= LAUNDERED:
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
    names = (*sorted(cases.made.networks), *SIMULATED)
    for photo in cases.chosen(every, {source: 48}):
        for case in cases.real(photo, 1):
            rng = seeded(case.name, "loso")
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
                Case(photo, case.name, case.pixels, label, "real", BOTH, NO_MASK),
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
