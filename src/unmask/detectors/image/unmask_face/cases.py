"""Made cases with a known place: one face of a collage of real portraits is partly replaced.

A case is a collage: four or more portraits of different people on one canvas with a background
(for photographs of real groups see ``cases_group``). One of the faces gets the inner face of
another person in one of two ways that training does not use: *pyramid*, a Laplacian pyramid and an
elliptic mask (Burt and Adelson 1983, "A Multiresolution Spline with Application to Image Mosaics"),
or *seam*, a cut without any softening along the line where the two pictures differ least.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.analyzers.base import Options
from unmask.analyzers.face import FaceAnalyzer
from unmask.errors import DataError
from unmask.faces.detect import detect
from unmask.forge.operations import jpeg
from unmask.forge.regions import Points, similarity
from unmask.types import Box, Finding, Frame, Kind, Mask, MediaInfo, Pixels, Vote

FEWEST = 4
WAYS = ("pyramid", "seam")
_LEVELS = 4


@dataclass(frozen=True, slots=True)
class Person:
    """A real portrait: whose, its pixels, the box and the five points of its face."""

    name: str
    pixels: Pixels
    box: Box
    points: Points


@dataclass(frozen=True, slots=True)
class Case:
    """A collage: its pixels, whose faces lie where, which one is forged and where exactly."""

    pixels: Pixels
    names: tuple[str, ...]
    boxes: tuple[Box, ...]
    forged: int
    mask: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the analyzer said of one face of a case; ``score`` is None when it did not judge it."""

    name: str
    forged: bool
    score: float | None
    flagged: bool
    overlap: float


def person(name: str, pixels: Pixels) -> Person | None:
    """The largest face of a picture, or None when there is none."""
    faces = detect(pixels)
    return Person(name, pixels, faces[0].box, faces[0].points) if faces else None


def pyramid_blend(inner: Pixels, outer: Pixels, mask: NDArray[np.float32]) -> Pixels:
    """Blend two pictures band by band; the mask (0…1) is softened more for coarser bands."""
    a, b = inner.astype(np.float32), outer.astype(np.float32)
    weight = mask.astype(np.float32)
    bands: list[NDArray[np.float32]] = []
    for _ in range(_LEVELS):
        small_a, small_b = cv2.pyrDown(a), cv2.pyrDown(b)
        size = (a.shape[1], a.shape[0])
        fine_a = a - cv2.pyrUp(small_a, dstsize=size)
        fine_b = b - cv2.pyrUp(small_b, dstsize=size)
        bands.append(fine_b + (fine_a - fine_b) * weight[:, :, None])
        a, b, weight = small_a, small_b, cv2.pyrDown(weight)
    blended = b + (a - b) * weight[:, :, None]
    for band in reversed(bands):
        blended = cv2.pyrUp(blended, dstsize=(band.shape[1], band.shape[0])) + band
    return np.asarray(np.clip(blended + 0.5, 0, 255), np.uint8)


def seam_mask(
    inner: Pixels, outer: Pixels, centre: Points, axes: tuple[float, float], angle: float
) -> NDArray[np.float32]:
    """A hard mask whose rim runs where two pictures differ least, around an ellipse.

    The shortest closed path over the differences, found over two rounds in polar coordinates
    (cf. Jia et al. 2006, "Drag-and-Drop Pasting", section 3). ``axes`` are whole, ``angle`` is in
    degrees.
    """
    turns = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    rays = np.linspace(0.7, 1.12, 28)
    spin = np.radians(angle)
    flat = np.stack([np.cos(turns) * axes[0] / 2, np.sin(turns) * axes[1] / 2], 1)
    flat = flat @ np.array([[np.cos(spin), np.sin(spin)], [-np.sin(spin), np.cos(spin)]])
    places = (centre + rays[None, :, None] * flat[:, None]).astype(np.float32)
    gap = np.abs(inner.astype(np.float32) - outer).mean(-1)
    cost = cv2.remap(gap, places, None, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) + 1.0
    cost = np.concatenate([cost, cost])
    total, steps = cost[0].copy(), np.zeros(cost.shape, np.int64)
    for row in range(1, len(cost)):
        beside = np.pad(total, 1, constant_values=np.inf)
        options = np.stack([beside[:-2] + 0.5, beside[1:-1], beside[2:] + 0.5])
        best = options.argmin(0)
        steps[row] = best - 1
        total = options[best, np.arange(len(rays))] + cost[row]
    place, path = int(total.argmin()), []
    for row in range(len(cost) - 1, len(turns) - 1, -1):
        path.append(places[row - len(turns), place])
        place += int(steps[row, place])
    mask = np.zeros(outer.shape[:2], np.float32)
    cv2.fillPoly(mask, [np.round(np.array(path)).astype(np.int32)], 1.0)
    return mask


def replaced(
    target: Person, donor: Person, way: str = "pyramid"
) -> tuple[Pixels, NDArray[np.float32]]:
    """The donor's inner face in the target's portrait, and what it fills; ``way``: of ``WAYS``."""
    height, width = target.pixels.shape[:2]
    brought = cv2.warpAffine(
        donor.pixels,
        similarity(donor.points, target.points),
        (width, height),
        flags=cv2.INTER_CUBIC,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    eyes = (target.points[0] + target.points[1]) / 2
    mouth = (target.points[3] + target.points[4]) / 2
    middle = eyes * 0.45 + mouth * 0.55
    across = target.points[1] - target.points[0]
    unit = max(float(np.hypot(*across)), float(np.hypot(*(mouth - eyes))))
    angle = float(np.degrees(np.arctan2(across[1], across[0])))
    mask = np.zeros((height, width), np.float32)
    axes = (unit * 1.7, unit * 2.3)
    cv2.ellipse(mask, ((float(middle[0]), float(middle[1])), axes, angle), 1.0, -1)
    shift = (mask[:, :, None] * (target.pixels.astype(np.float32) - brought)).sum((0, 1))
    brought = np.clip(brought + shift / max(float(mask.sum()), 1.0), 0, 255).astype(np.uint8)
    if way == "seam":
        mask = seam_mask(brought, target.pixels, middle, axes, angle)
        return np.where(mask[:, :, None] > 0, brought, target.pixels), mask
    return pyramid_blend(brought, target.pixels, cv2.GaussianBlur(mask, (0, 0), 1.0)), mask


def make_case(
    people: Sequence[Person], donor: Person, rng: np.random.Generator, way: str = "pyramid"
) -> Case:
    """Lay out a collage of ``people`` in which one, drawn at random, wears the donor's face.

    Faces are 90 to 200 pixels high. The canvas is saved once as JPEG. Raises DataError for fewer
    than four people.
    """
    if len(people) < FEWEST:
        raise DataError(f"A group needs at least {FEWEST} portraits; {len(people)} were given.")
    forged = int(rng.integers(len(people)))
    columns = int(np.ceil(np.sqrt(len(people))))
    rows = int(np.ceil(len(people) / columns))
    cell = 420
    canvas = _background(rows * cell, columns * cell, rng)
    truth = np.zeros(canvas.shape[:2], bool)
    boxes: list[Box] = []
    for place, one in enumerate(people):
        pixels, mask = one.pixels, np.zeros(one.pixels.shape[:2], np.float32)
        if place == forged:
            pixels, mask = replaced(one, donor, way)
        side = max(one.box.width, one.box.height)
        scale = min(float(rng.uniform(90, 200)) / side, (cell - 10) / max(pixels.shape[:2]))
        size = (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale))
        tile = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))
        left = place % columns * cell + int(rng.integers(0, cell - size[0] + 1))
        top = place // columns * cell + int(rng.integers(0, cell - size[1] + 1))
        canvas[top : top + size[1], left : left + size[0]] = tile
        stretched = cv2.resize(mask, size, interpolation=cv2.INTER_LINEAR) > 0.5
        truth[top : top + size[1], left : left + size[0]] |= stretched
        x, y = one.box.x * scale + left, one.box.y * scale + top
        boxes.append(Box(x, y, one.box.width * scale, one.box.height * scale))
    saved = jpeg(canvas, int(rng.integers(82, 97)))
    return Case(saved, tuple(one.name for one in people), tuple(boxes), forged, truth)


def _background(height: int, width: int, rng: np.random.Generator) -> Pixels:
    """A smooth coloured wall with a little grain."""
    coarse = rng.uniform(60, 200, (3, 4, 3)).astype(np.float32)
    wall = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    wall += rng.standard_normal((height, width, 1), np.float32) * 2
    return np.asarray(np.clip(wall, 0, 255), np.uint8)


def painted(masks: Sequence[Mask], height: int, width: int) -> NDArray[np.bool_]:
    """The pixels that masks mark, at their level."""
    marked = np.zeros((height, width), bool)
    for mask in masks:
        box = mask.box
        size = (max(1, round(box.width)), max(1, round(box.height)))
        grid = Image.fromarray(mask.values.astype(np.float32))
        values = np.asarray(grid.resize(size, Image.Resampling.BILINEAR))
        left, top = round(box.x), round(box.y)
        part = marked[top : top + size[1], left : left + size[0]]
        part |= values[: part.shape[0], : part.shape[1]] >= mask.level
    return marked


def overlap(a: NDArray[np.bool_], b: NDArray[np.bool_]) -> float:
    """Intersection over union of two sets of pixels."""
    union = int((a | b).sum())
    return float((a & b).sum()) / union if union else 0.0


def answer(case: Case, fpr: float = 0.01) -> list[Answer]:
    """Run the real analyzer over a case and match its findings to the faces by their boxes."""
    height, width = case.pixels.shape[:2]
    media = MediaInfo("case.png", Kind.IMAGE, "png", 0, "", width, height)
    analyzer = FaceAnalyzer(media, Options(fpr=fpr, threads=1))
    analyzer.frame(Frame(0, 0.0, case.pixels))
    findings = analyzer.finish().findings
    answers = []
    for number, (name, box) in enumerate(zip(case.names, case.boxes, strict=True)):
        found = _matching(findings, box)
        forged = number == case.forged
        if found is None:
            answers.append(Answer(name, forged, None, False, float("nan")))
            continue
        share = float("nan")
        if forged and found.where.masks:
            share = overlap(painted(found.where.masks, height, width), case.mask)
        answers.append(Answer(name, forged, found.score, found.vote is Vote.FORGED, share))
    return answers


def _matching(findings: Sequence[Finding], box: Box) -> Finding | None:
    best = max(findings, key=lambda f: f.where.boxes[0].iou(box), default=None)
    return best if best is not None and best.where.boxes[0].iou(box) > 0.3 else None
