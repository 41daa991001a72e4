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

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.detectors.image.unmask_picture.cases import Case, Cases, seeded
from unmask.detectors.image.unmask_picture.protocols import CONTROLS, drawn
from unmask.detectors.image.unmask_picture.tiles import Budget, Judgement, judge
from unmask.forge.launder import apply, launder
from unmask.forge.processing import processed
from unmask.metrics.predictions import Prediction
from unmask.runtime.session import open_session
from unmask.train.recipe import Recipe
from unmask.types import Claim, Pixels, Tensor


class Judge:
    """An ONNX file as a judge of pictures."""

    def __init__(self, onnx: Path) -> None:
        self.session = open_session(onnx)
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


@lru_cache(maxsize=2)
def _cases(recipe_json: str, data: Path) -> Cases:
    recipe = Recipe.model_validate_json(recipe_json)
    return Cases(recipe, data, unseen=not recipe.leave_out)


def predictions(recipe: Recipe, data: Path, onnx: Path, protocol: str) -> Iterator[Prediction]:
    """The predictions of one protocol.

    ``protocol``: ``calibration``, ``dev``, ``unseen``, ``localization``, ``loso:SOURCE``,
    ``real-vs-real:A|B`` or ``control`` (several of these pairs). Raises DataError for another one.
    """
    if protocol == "control":
        for pair in CONTROLS:
            yield from predictions(recipe, data, onnx, f"real-vs-real:{pair}")
        return
    if protocol.startswith("loso:"):
        recipe = recipe.model_copy(update={"leave_out": protocol.removeprefix("loso:")})
    cases = _cases(recipe.model_dump_json(), data)
    judge_one = Judge(onnx)
    level = float(recipe.settings.get("mask_level", 0.5))
    for case, condition in drawn(cases, protocol):
        yield from _rows(judge_one, case, protocol, condition, level)
