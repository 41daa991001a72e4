"""A batch as the synthesizer changes it, and what the detector should say of it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.image.sladd.blending import MIXED, NOTHING, blended
from unmask.detectors.image.sladd.choices import Choices
from unmask.nn.margins import additive_margin
from unmask.train.method import Batch

MARGIN, SCALE = 0.45, 30.0
MAP, KIND, MAGNITUDE = 0.1, 0.05, 0.1
"""Weights of the further losses."""
_FORGED = 4


@dataclass(frozen=True, slots=True)
class Lesson:
    """``face`` (B, 3, S, S; 0…255) and targets: ``label``, ``kind``, ``magnitude`` and whether it
    counts (``mixed``), ``map`` (B, s, s) and whether it is known (``mapped``).
    """

    face: Tensor
    label: Tensor
    kind: Tensor
    magnitude: Tensor
    mixed: Tensor
    map: Tensor
    mapped: Tensor

    def twice(self) -> Lesson:
        """And once more in a mirror."""

        def both(value: Tensor) -> Tensor:
            return torch.cat([value, value.flip(-1) if value.ndim > 1 else value])

        names = ("face", "label", "kind", "magnitude", "mixed", "map", "mapped")
        return Lesson(*(both(getattr(self, name)) for name in names))


def references(batch: Batch, rng: np.random.Generator) -> list[int]:
    """For every face another of the other class, whose points are known; -1 where there is none."""
    label, found = batch["label"].tolist(), batch["found"].tolist()
    result = []
    for own in label:
        others = [n for n, one in enumerate(label) if one != own and found[n]]
        result.append(int(rng.choice(others)) if others else -1)
    return result


def lesson(
    batch: Batch, choices: Choices, other: list[int], side: int, rng: np.random.Generator
) -> Lesson:
    """Real faces blended as was chosen; forged ones, and those without points, stay as they are."""
    label = batch["label"].long()
    kind = torch.where(label > 0, _FORGED, NOTHING)
    known = batch.get("masked", torch.zeros_like(batch["label"]))
    masks = batch.get("mask", torch.zeros_like(batch["face"][:, 0]))
    area = F.interpolate(masks[:, None].float(), (side, side), mode="area")[:, 0]
    area = area * (label > 0)[:, None, None]
    mapped = torch.where(label > 0, known.to(area), 1.0)
    face, mixed, new = batch["face"].clone(), torch.zeros_like(area[:, 0, 0]), label.clone()
    pixels = batch["face"].round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy()
    points = batch["points"].cpu().numpy()
    for place in range(len(label)):
        chosen, giver = int(choices.type[place]), other[place]
        usable = giver >= 0 and bool(batch["found"][place])
        if label[place] or chosen == NOTHING or not usable:
            continue
        made, where = blended(
            pixels[place],
            points[place],
            pixels[giver],
            points[giver],
            int(choices.region[place]),
            chosen,
            float(choices.magnitude[place]),
            rng,
        )
        face[place] = torch.from_numpy(made.transpose(2, 0, 1).copy()).to(face)
        small = np.clip(cv2.resize(where, (side, side), interpolation=cv2.INTER_AREA), 0, 1)
        area[place] = torch.from_numpy(small).to(area)
        new[place], kind[place] = 1, chosen
        mixed[place] = float(chosen == MIXED)
    return Lesson(face, new, kind, choices.magnitude, mixed, area, mapped)


def margin(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy after an additive margin, on plain logits as in the authors' program."""
    return F.cross_entropy(additive_margin(logits, target, MARGIN, SCALE), target)


def lesson_losses(seen: dict[str, Tensor], target: Lesson) -> dict[str, Tensor]:
    """Of classes, map, kind and magnitude, not yet weighed.

    A map counts where it is known. The magnitude is compared face by face; in the authors' program
    a column meets a row there, so that every face is compared with every other's magnitude.
    """
    apart = (seen["map"] - target.map).square().mean((1, 2))
    miss = ((seen["magnitude"] - target.magnitude) * target.mixed).square()
    return {
        "classes": margin(seen["classes"], target.label),
        "map": (apart * target.mapped).sum() / target.mapped.sum().clamp(min=1),
        "kind": margin(seen["kinds"], target.kind),
        "magnitude": miss.mean(),
    }


def weighed(parts: dict[str, Tensor]) -> Tensor:
    """The detector's whole loss."""
    return (
        parts["classes"]
        + MAP * parts["map"]
        + KIND * parts["kind"]
        + MAGNITUDE * parts["magnitude"]
    )
