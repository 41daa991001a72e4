"""The 68 points that the literature marks on a face, out of the 468 of the mesh.

Their order is that of the 300-W challenge (Sagonas et al. 2013): the jaw from left to right as seen
by the viewer (17), both brows (10), the nose (9), the eyes (12), the outer line of the lips (12)
and the inner one (8). Which point of the mesh stands for which is our choice of the nearest: the
jaw of the mesh follows the rim of the face that is seen, that of 300-W the bone.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.faces.mesh.model import Mesh

LANDMARKS: tuple[int, ...] = (
    *(127, 234, 93, 132, 58, 136, 150, 176, 152, 400, 379, 365, 288, 361, 323, 454, 356),
    *(70, 63, 105, 66, 107),
    *(336, 296, 334, 293, 300),
    *(168, 197, 5, 4),
    *(75, 97, 2, 326, 305),
    *(33, 160, 158, 133, 153, 144),
    *(362, 385, 387, 263, 373, 380),
    *(61, 39, 37, 0, 267, 269, 291, 405, 314, 17, 84, 181),
    *(78, 82, 13, 312, 308, 317, 14, 87),
)


def landmarks(mesh: Mesh) -> NDArray[np.float32]:
    """68 × 2, in pixels of the picture."""
    return mesh.points[list(LANDMARKS)]
