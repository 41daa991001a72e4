"""Cut an upright, scaled face out of a picture so that its five points lie where a network wants.

The map is the similarity (rotation, one scale, shift) that brings the five points nearest to a
template in the least-squares sense (Umeyama 1991, without the reflection case).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.errors import MediaError
from unmask.faces.crop import window
from unmask.types import Box, Pixels

Points = NDArray[np.float32]
"""Five points × (x, y), in the order of ``Face.points``."""


@dataclass(frozen=True, slots=True)
class Template:
    """A square of ``size`` pixels and where the five points lie in it, as shares of its side."""

    size: int
    points: tuple[tuple[float, float], ...]

    def map_from(self, points: Points) -> NDArray[np.float64]:
        """The 2 × 3 map from this square's pixels to those of the picture that holds ``points``.

        Raises MediaError when the points fall together.
        """
        own = np.asarray(self.points, np.float64) * self.size
        other = points.astype(np.float64)
        a = (own - own.mean(0)) @ np.array([1, 1j])
        b = (other - other.mean(0)) @ np.array([1, 1j])
        factor = np.vdot(a, b) / np.vdot(a, a)
        if abs(factor) < 1e-6:
            raise MediaError("The points of this face fall together: it cannot be compared.")
        turn = np.array([[factor.real, -factor.imag], [factor.imag, factor.real]])
        return np.hstack([turn, (other.mean(0) - turn @ own.mean(0))[:, None]])


def aligned(pixels: Pixels, points: Points, template: Template) -> Pixels:
    """The face as size × size × 3 pixels. Beyond the picture its rim goes on.

    A face larger than the template is first scaled down with a filter. Raises MediaError when the
    points fall together.
    """
    to_picture = template.map_from(points)
    side = template.size
    corners = np.array([[0, 0, 1], [side, 0, 1], [0, side, 1], [side, side, 1]]) @ to_picture.T
    low, high = corners.min(0) - 2, corners.max(0) + 2
    region = Box(float(low[0]), float(low[1]), float(high[0] - low[0]), float(high[1] - low[1]))
    cut, left, top = window(pixels, region)
    picture = Image.fromarray(np.ascontiguousarray(cut))
    scale = float(np.hypot(to_picture[0, 0], to_picture[1, 0]))
    shrink = max(1.0, scale)
    width, height = (max(1, round(v / shrink)) for v in picture.size)
    x_scale, y_scale = width / picture.width, height / picture.height
    if shrink > 1:
        picture = picture.resize((width, height), Image.Resampling.BILINEAR, reducing_gap=3.0)
    shifted = to_picture.copy()
    shifted[:, 2] -= (left, top)
    shifted *= np.array([[x_scale], [y_scale]])
    flat = tuple(float(v) for v in shifted.ravel())
    chip = picture.transform((side, side), Image.Transform.AFFINE, flat, Image.Resampling.BILINEAR)
    return np.asarray(chip)
