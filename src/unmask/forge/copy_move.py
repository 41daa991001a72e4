"""Copy-move forgeries made to measure: a piece of a photo laid at another place of the same photo.

``splice.copy_move`` draws everything, for training. Here size, turn, scale and mirroring are
given, and both places are known, for measuring what is found.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

Rng = np.random.Generator
SHAPES = ("ellipse", "rectangle", "polygon")
_TRIES = 60


@dataclass(frozen=True, slots=True)
class Move:
    """How a piece is moved. ``side``: pixels of the square that holds it where it is taken from;
    ``angle``: degrees; ``feather``: pixels of softness of its rim."""

    side: int
    angle: float = 0.0
    scale: float = 1.0
    mirrored: bool = False
    shape: str = "ellipse"
    feather: float = 0.8


@dataclass(frozen=True, slots=True)
class Copied:
    """The forged photo, and where the piece was taken from and laid (height × width)."""

    pixels: Pixels
    source: NDArray[np.bool_]
    target: NDArray[np.bool_]


def copied(host: Pixels, move: Move, rng: Rng) -> Copied | None:
    """Copy a piece from a drawn place to another that does not touch it.

    None where the photo has no room for both.
    """
    height, width = host.shape[:2]
    piece = _piece(move, rng)
    turn = np.deg2rad(move.angle)
    linear = move.scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    if move.mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    reach = move.side / 2 * move.scale * (abs(np.cos(turn)) + abs(np.sin(turn)))
    for _ in range(_TRIES):
        start, end = (_middle(width, height, margin, rng) for margin in (move.side / 2, reach))
        if start is None or end is None:
            return None
        soft = np.zeros((height, width), np.float32)
        left, top = (round(v - move.side / 2) for v in start)
        soft[top : top + move.side, left : left + move.side] = piece
        middle = np.array([left, top]) + (move.side - 1) / 2
        if abs(move.angle) % 90 == 0 and move.scale == 1:
            end = middle + np.round(end - middle)  # whole pixels, as programs move a selection
        matrix = np.hstack([linear, (end - linear @ middle)[:, None]])
        laid = cv2.warpAffine(soft, matrix, (width, height), flags=cv2.INTER_LINEAR)
        source, target = soft > 0.5, laid > 0.5
        if target.any() and not (cv2.dilate(laid, np.ones((9, 9))) * soft).any():
            moved = cv2.warpAffine(
                host, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REFLECT
            )
            mixed = host * (1 - laid[..., None]) + moved * laid[..., None]
            pixels = np.asarray(np.clip(mixed + 0.5, 0, 255), np.uint8)
            return Copied(pixels, source, target)
    return None


def _middle(width: int, height: int, margin: float, rng: Rng) -> NDArray[np.float64] | None:
    """A place at least ``margin`` from every edge, or None."""
    if 2 * margin + 2 > min(width, height):
        return None
    x, y = (rng.uniform(margin + 1, side - margin - 1) for side in (width, height))
    return np.array([x, y])


def _piece(move: Move, rng: Rng) -> NDArray[np.float32]:
    """The soft mask of the piece, side × side."""
    side = move.side
    mask = np.zeros((side, side), np.float32)
    middle = (side - 1) / 2
    if move.shape == "rectangle":
        mask[2:-2, 2:-2] = 1
    elif move.shape == "polygon":
        corners = int(rng.integers(5, 9))
        angles = (np.arange(corners) + rng.uniform(-0.3, 0.3, corners)) * 2 * np.pi / corners
        radius = middle * rng.uniform(0.8, 0.98, corners)
        points = np.stack([np.cos(angles), np.sin(angles)], 1) * radius[:, None] + middle
        cv2.fillPoly(mask, [points.round().astype(np.int32)], 1.0)
    else:
        axes = (round(middle * 0.96), round(middle * float(rng.uniform(0.75, 0.96))))
        cv2.ellipse(mask, (side // 2, side // 2), axes, 0, 0, 360, 1.0, -1)
    if move.feather:
        mask = np.asarray(cv2.GaussianBlur(mask, (0, 0), move.feather), np.float32)
    return mask
