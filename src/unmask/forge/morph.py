"""One face made of two: both are warped to a common shape and mixed, as in a forged passport photo.

Method: piecewise affine warp over a Delaunay triangulation of landmarks, then a blend (Ferrara,
Franco and Maltoni 2014, "The Magic Passport"; Scherhag et al. 2019, "Face Recognition Systems under
Morphing Attacks: A Survey", section II).
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull, Delaunay

from unmask.errors import DataError
from unmask.types import Pixels

Landmarks = NDArray[np.float64]
"""Points × (x, y), in pixels; the same order in both pictures."""
_MOST = 2000


def read_tem(path: Path) -> Landmarks:
    """The points of a WebMorph template file. Raises DataError when it is not one."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
        count = int(lines[0])
        if not 0 < count <= _MOST:
            raise ValueError(f"{count} points")
        return np.array([[float(v) for v in line.split()[:2]] for line in lines[1 : count + 1]])
    except (OSError, ValueError, IndexError) as error:
        raise DataError(f"{path} is no template of landmarks: {error}.") from None


def _with_rim(points: Landmarks, height: int, width: int) -> Landmarks:
    """The points and eight on the rim, so that triangles cover the picture."""
    x, y = width - 1, height - 1
    rim = [(0, 0), (x / 2, 0), (x, 0), (0, y / 2), (x, y / 2), (0, y), (x / 2, y), (x, y)]
    return np.concatenate([points, np.array(rim)])


def warp(pixels: Pixels, points: Landmarks, target: Landmarks) -> NDArray[np.float32]:
    """The picture bent so that its ``points`` lie at ``target``: height × width × 3, 0…255."""
    height, width = pixels.shape[:2]
    own, goal = _with_rim(points, height, width), _with_rim(target, height, width)
    mesh = Delaunay(goal)
    y, x = np.mgrid[:height, :width]
    place = np.stack([x.ravel(), y.ravel()], axis=1).astype(np.float64)
    triangle = mesh.find_simplex(place)
    to_share = mesh.transform[triangle]
    first = np.einsum("nij,nj->ni", to_share[:, :2], place - to_share[:, 2])
    share = np.hstack([first, 1 - first.sum(axis=1, keepdims=True)])
    source = np.einsum("ni,nij->nj", share, own[mesh.simplices[triangle]]).astype(np.float32)
    maps = source.reshape(height, width, 2)
    bent = cv2.remap(
        pixels, maps[..., 0], maps[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(bent, np.float32)


def morph(
    first: tuple[Pixels, Landmarks],
    second: tuple[Pixels, Landmarks],
    share: float = 0.5,
    spliced: bool = False,
) -> Pixels:
    """A mix of two faces in pictures of one size; ``share`` of the second in shape and tone.

    ``spliced``: the mixed face lies in the first picture, whose hair and background stay; else the
    whole pictures are mixed. Raises DataError for pictures of two sizes.
    """
    (a, points_a), (b, points_b) = first, second
    if a.shape != b.shape or points_a.shape != points_b.shape:
        raise DataError("A morph needs two pictures of one size with the same landmarks.")
    shape = (1 - share) * points_a + share * points_b
    mixed = (1 - share) * warp(a, points_a, shape) + share * warp(b, points_b, shape)
    if not spliced:
        return _whole(mixed)
    back = warp(_whole(mixed), shape, points_a)
    mask = _inside(points_a, a.shape[0], a.shape[1])[..., None]
    # The first picture's own tone over the face, so that no seam of skin colour shows.
    inner = mask[..., 0] > 0.5
    back = back + a[inner].mean(axis=0) - back[inner].mean(axis=0)
    return _whole(mask * back + (1 - mask) * a)


def _whole(values: NDArray[np.floating]) -> Pixels:
    return np.asarray(np.clip(values.round(), 0, 255), np.uint8)


def _inside(points: Landmarks, height: int, width: int) -> NDArray[np.float32]:
    """Soft mask of the hull of the points around the eyes, nose and mouth."""
    centre = np.median(points, axis=0)
    near = points[
        np.hypot(*(points - centre).T) <= np.quantile(np.hypot(*(points - centre).T), 0.8)
    ]
    hull = near[ConvexHull(near).vertices]
    mask = np.zeros((height, width), np.float32)
    cv2.fillConvexPoly(mask, hull.round().astype(np.int32), 1.0)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), width / 60), np.float32)
