"""The parts of a face that the attention may tell apart, from the points of the face mesh."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

PARTS = ("background", "skin", "brows", "eyes", "nose", "lips", "mouth")
_REGIONS = {
    "skin": ("face",),
    "brows": ("left-brow", "right-brow"),
    "eyes": ("left-eye", "right-eye"),
    "nose": ("nose",),
    "lips": ("lips",),
    "mouth": ("mouth",),
}
"""Regions of the mesh that make a part; a later one lies over an earlier."""
UNKNOWN = -1
_SURE = 0.1
"""Confidence of the mesh below which its points are not believed."""


def parts_of(picture: Pixels) -> NDArray[np.int64]:
    """Number of the part at each pixel (H × W) of the largest face; ``UNKNOWN`` without a face.

    Raises ModelError where the face mesh is not here.
    """
    from unmask.faces.mesh import model
    from unmask.faces.mesh.regions import mask
    from unmask.runtime.preparation import largest

    height, width = picture.shape[:2]
    mesh = model.load_mesh()
    face = largest(picture)
    found = mesh.mesh(picture, face) if face is not None else None
    if found is None or found.confidence < _SURE:
        return np.full((height, width), UNKNOWN, np.int64)
    parts = np.zeros((height, width), np.int64)
    for number, name in enumerate(PARTS):
        if name in _REGIONS:
            parts[mask(found, _REGIONS[name], height, width) > 0.5] = number
    return parts
