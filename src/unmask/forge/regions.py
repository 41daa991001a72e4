"""Regions of a face as soft masks, laid out from five points.

A drawn template of outlines in units of the distance between the eyes is fitted to the five points
by least squares, then shaken, bent and feathered, so that no two masks are alike.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

Points = NDArray[np.float32]
SoftMask = NDArray[np.float32]
"""Height × width, 0…1."""

TEMPLATE: Points = np.array(
    [[-0.5, 0.0], [0.5, 0.0], [0.0, 0.57], [-0.41, 0.97], [0.41, 0.97]], np.float32
)
"""Where the five points lie on a mean face: origin between the eyes, eye distance 1."""

_JAW = [(-0.95, 0.0), (-0.92, 0.5), (-0.8, 1.0), (-0.52, 1.42), (0.0, 1.62)]
_BROW = [(-0.85, -0.38), (-0.45, -0.52), (0.0, -0.48)]
_FOREHEAD = [(-0.86, -0.55), (-0.5, -0.95), (0.0, -1.08)]


def _mirror(half: list[tuple[float, float]]) -> Points:
    """A whole outline from its left half, which runs from top to bottom or back."""
    other = [(-x, y) for x, y in reversed(half) if abs(x) > 1e-6]
    return np.array([*half, *other], np.float32)


_EYE = [(-0.86, -0.02), (-0.7, -0.24), (-0.4, -0.27), (-0.16, -0.08), (-0.3, 0.17), (-0.65, 0.2)]
OUTLINES: dict[str, tuple[Points, ...]] = {
    "face": (_mirror([*reversed(_BROW), *_JAW]),),
    "forehead": (_mirror([*reversed(_FOREHEAD), *_JAW]),),
    "inner": (_mirror([(0.0, -0.5), (-0.8, -0.42), (-0.82, 0.3), (-0.6, 1.1), (0.0, 1.3)]),),
    "lower": (_mirror([(0.0, 0.35), (-0.6, 0.42), (-0.86, 0.6), *_JAW[2:]]),),
    "mouth": (_mirror([(0.0, 0.74), (-0.35, 0.76), (-0.6, 0.96), (-0.4, 1.2), (0.0, 1.28)]),),
    "nose": (_mirror([(0.0, -0.05), (-0.15, 0.0), (-0.33, 0.55), (-0.22, 0.75), (0.0, 0.78)]),),
    "eyes": (
        np.array(_EYE, np.float32),
        np.array([(-x, y) for x, y in _EYE], np.float32),
    ),
    "band": (_mirror([(0.0, -0.45), (-0.5, -0.52), (-0.95, -0.3), (-0.9, 0.25), (0.0, 0.3)]),),
}
"""Outlines by name, in template units."""


def fit(points: Points, target: Points) -> NDArray[np.float32]:
    """The 2 × 3 affine map that brings ``points`` (n × 2) nearest to ``target``."""
    ones = np.hstack([points, np.ones((len(points), 1), np.float32)])
    solved, *_ = np.linalg.lstsq(ones.astype(np.float64), target.astype(np.float64), rcond=None)
    return np.ascontiguousarray(solved.T, dtype=np.float32)


def similarity(points: Points, target: Points) -> NDArray[np.float32]:
    """The 2 × 3 map of rotation, one scale and shift nearest in the least-squares sense."""
    centre, goal = points.mean(0), target.mean(0)
    a = (points - centre) @ np.array([1, 1j])
    b = (target - goal) @ np.array([1, 1j])
    turn = np.vdot(a, b) / max(float(np.vdot(a, a).real), 1e-6)
    linear = np.array([[turn.real, -turn.imag], [turn.imag, turn.real]])
    shift = goal - linear @ centre
    return np.hstack([linear, shift[:, None]]).astype(np.float32)


def bend(mask: SoftMask, rng: np.random.Generator, amount: float) -> SoftMask:
    """Elastic deformation with a smooth random field of ``amount`` × the side (Simard 2003)."""
    height, width = mask.shape
    grid = rng.standard_normal((2, 5, 5)).astype(np.float32) * amount
    x = cv2.resize(grid[0], (width, height), interpolation=cv2.INTER_CUBIC) * width
    y = cv2.resize(grid[1], (width, height), interpolation=cv2.INTER_CUBIC) * height
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    bent: SoftMask = cv2.remap(mask, columns + x, rows + y, cv2.INTER_LINEAR)
    return bent


def face_mask(
    shape: tuple[int, int],
    points: Points,
    rng: np.random.Generator,
    region: str = "face",
    feather: float | None = None,
) -> SoftMask:
    """A random soft mask of a region for a picture of ``shape`` (height, width).

    ``feather`` is the softness of the rim in eye distances; None draws it (hard to very soft).
    It is drawn on a grid of at most 128 pixels and stretched.
    """
    height, width = shape
    scale = min(1.0, 128 / max(height, width))
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    ratio = np.array([size[0] / width, size[1] / height], np.float32)
    placed = fit(TEMPLATE, points * ratio)
    eyes = float(np.hypot(*(points[1] - points[0]) * ratio))
    mouth = float(np.hypot(*((points[3] + points[4]) / 2 - (points[0] + points[1]) / 2) * ratio))
    unit = max(eyes, mouth, 4.0)
    mask = np.zeros((size[1], size[0]), np.float32)
    outlines = OUTLINES[region]
    if region == "eyes" and rng.random() < 0.3:
        outlines = (outlines[int(rng.integers(2))],)
    grow = float(rng.uniform(0.9, 1.1))
    for outline in outlines:
        centre = outline.mean(0)
        shaken = (outline - centre) * grow + centre
        shaken = shaken + rng.normal(0, 0.035, outline.shape).astype(np.float32)
        drawn = shaken @ placed[:, :2].T + placed[:, 2]
        if rng.random() < 0.5:
            drawn = cv2.convexHull(drawn.astype(np.float32))[:, 0]
        cv2.fillPoly(mask, [np.round(drawn * 8).astype(np.int32)], 1.0, cv2.LINE_8, 3)
    mask = bend(mask, rng, float(rng.uniform(0.0, 0.025)))
    if feather is None:
        small = region in ("mouth", "nose", "eyes")
        feather = float(np.exp(rng.uniform(np.log(0.02), np.log(0.09 if small else 0.2))))
    sigma = max(0.3, feather * unit)
    mask = cv2.GaussianBlur(mask, (0, 0), sigma)
    if rng.random() < 0.5:  # pull the soft rim inside or outside of the outline
        mask = np.clip((mask - rng.uniform(0, 0.4)) / rng.uniform(0.4, 0.7), 0, 1)
        mask = cv2.GaussianBlur(mask, (0, 0), max(0.3, sigma * 0.5))
    stretched: SoftMask = cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.clip(stretched, 0, 1)
