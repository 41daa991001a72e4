"""A face's surface laid flat: where each of 468 points lies on the flat map, and what is between.

The places are those of a mean face of the mesh, unrolled from a cylinder around the vertical axis
of the head; triangles between them are Delaunay's. Both are the house's own.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class FlatFace:
    """A square map of ``side`` × ``side`` pixels.

    ``places`` of the points (468 × 2, across and down, 0…1); ``triangles``: T × 3 of their numbers.
    ``inside``: rows and columns of the pixels that lie on the face (K × 2); each lies between three
    points (``corners``, K × 3) by ``weights`` (K × 3).
    """

    side: int
    places: Floats
    triangles: NDArray[np.int64]
    inside: NDArray[np.int64]
    corners: NDArray[np.int64]
    weights: Floats

    def between(self, values: Floats) -> Floats:
        """Values of the points (468 × N) at the pixels that lie on the face (K × N)."""
        found: Floats = np.einsum("kc,kcn->kn", self.weights, values[self.corners])
        return found

    def laid(self, values: Floats) -> NDArray[np.float32]:
        """Values of those pixels (K × N) as maps, N × side × side; zero beside the face."""
        maps = np.zeros((values.shape[1], self.side, self.side), np.float32)
        maps[:, self.inside[:, 0], self.inside[:, 1]] = values.T
        return maps

    def normals(self, points: Floats) -> Floats:
        """Directions (468 × 3, of length one) in which the surface of ``points`` (468 × 3) looks.

        Of each point the mean over its triangles, by their area.
        """
        first, second, third = (points[self.triangles[:, corner]] for corner in range(3))
        across = np.cross(second - first, third - first)
        total = np.zeros_like(points)
        for corner in range(3):
            np.add.at(total, self.triangles[:, corner], across)
        length = np.linalg.norm(total, axis=1, keepdims=True)
        found: Floats = total / np.maximum(length, 1e-12)
        return found


@cache
def flat_face(side: int) -> FlatFace:
    """The map of a size, made once."""
    read = json.loads((files(__package__) / "flat_face.json").read_text(encoding="utf-8"))
    places = np.array(read["places"], np.float64)
    triangles = np.array(read["triangles"], np.int64)
    owner = np.full((side, side), -1, np.int64)
    shares = np.zeros((side, side, 3))
    for number, three in enumerate(triangles):
        _fill(owner, shares, places[three] * (side - 1), number)
    inside = np.argwhere(owner >= 0)
    row, column = inside.T
    corners = triangles[owner[row, column]]
    return FlatFace(side, places, triangles, inside, corners, shares[row, column])


def _fill(owner: NDArray[np.int64], shares: Floats, corners: Floats, number: int) -> None:
    """Give a triangle the pixels within it, with how near each is to its corners."""
    low = np.maximum(np.floor(corners.min(0)).astype(int), 0)
    high = np.minimum(np.ceil(corners.max(0)).astype(int), len(owner) - 1)
    x, y = np.meshgrid(np.arange(low[0], high[0] + 1), np.arange(low[1], high[1] + 1))
    matrix = np.vstack([corners.T, np.ones(3)])
    found = np.linalg.solve(matrix, np.stack([x, y, np.ones_like(x)]).reshape(3, -1))
    within = (found >= -1e-9).all(0)
    row, column = y.ravel()[within], x.ravel()[within]
    owner[row, column] = number
    shares[row, column] = found.T[within]
