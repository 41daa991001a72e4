"""Regions of a face as polygons of mesh points, and as masks.

The rings follow the contours that come with the network (MediaPipe,
``face_landmarks_to_render_data_calculator.cc``); cheeks, nose and forehead have none there and are
bounded here by points of our choice. Left and right are as seen by the viewer.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from unmask.errors import UnknownName
from unmask.faces.mesh.model import Mesh

RINGS: dict[str, tuple[int, ...]] = {
    "face": (10, 338, 297, 332, 284, 251, 389, 356, 454, 323, 361, 288, 397, 365, 379, 378, 400,
             377, 152, 148, 176, 149, 150, 136, 172, 58, 132, 93, 234, 127, 162, 21, 54, 103, 67,
             109),
    "lips": (61, 146, 91, 181, 84, 17, 314, 405, 321, 375, 291, 409, 270, 269, 267, 0, 37, 39, 40,
             185),
    "mouth": (78, 95, 88, 178, 87, 14, 317, 402, 318, 324, 308, 415, 310, 311, 312, 13, 82, 81, 80,
              191),
    "left-eye": (33, 7, 163, 144, 145, 153, 154, 155, 133, 173, 157, 158, 159, 160, 161, 246),
    "right-eye": (263, 249, 390, 373, 374, 380, 381, 382, 362, 398, 384, 385, 386, 387, 388, 466),
    "left-brow": (46, 53, 52, 65, 55, 107, 66, 105, 63, 70),
    "right-brow": (276, 283, 282, 295, 285, 336, 296, 334, 293, 300),
    "nose": (168, 122, 174, 198, 49, 64, 98, 97, 2, 326, 327, 294, 279, 420, 399, 351),
    "left-cheek": (116, 123, 147, 187, 205, 36, 101, 118, 117),
    "right-cheek": (345, 352, 376, 411, 425, 266, 330, 347, 346),
    "forehead": (10, 338, 297, 332, 284, 300, 293, 334, 296, 336, 9, 107, 66, 105, 63, 70, 54, 103,
                 67, 109),
}  # fmt: skip
"""Points of the polygon around each region, in order. ``lips`` is their outer line, ``mouth`` the
inner one."""
_FINER = 4


def polygon(mesh: Mesh, name: str) -> NDArray[np.float32]:
    """Corners of a region, in pixels of the picture (N × 2). Raises UnknownName."""
    if name not in RINGS:
        raise UnknownName("region", name, RINGS)
    return mesh.points[list(RINGS[name])]


def mask(
    mesh: Mesh, names: Iterable[str], height: int, width: int, without: Iterable[str] = ()
) -> NDArray[np.float32]:
    """Regions as a mask (height × width, 0…1), soft by a pixel at the rim. Raises UnknownName.

    ``without``: regions that are taken out of it, such as the mouth of the lips.
    """
    size = (width * _FINER, height * _FINER)
    image = Image.new("L", size)
    draw = ImageDraw.Draw(image)
    for value, group in ((255, names), (0, without)):
        for name in group:
            corners = [(float(x) * _FINER, float(y) * _FINER) for x, y in polygon(mesh, name)]
            draw.polygon(corners, fill=value)
    small = image.resize((width, height), Image.Resampling.BOX)
    return np.asarray(small, np.float32) / np.float32(255)
