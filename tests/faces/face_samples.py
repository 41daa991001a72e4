"""A real portrait for the tests: the astronaut of scikit-image (public domain, NASA)."""

import numpy as np
from skimage import data

from unmask.types import Box, Face


def portrait() -> np.ndarray:
    """The astronaut's head and shoulders, 300 × 300 RGB; one face, about 100 pixels high."""
    return np.ascontiguousarray(data.astronaut()[:300, 80:380])


def made_face(x: float = 100, y: float = 80, size: float = 100, confidence: float = 0.95) -> Face:
    """A face to the front whose box starts at x, y."""
    shares = [[0.3, 0.4], [0.7, 0.4], [0.5, 0.6], [0.34, 0.8], [0.66, 0.8]]
    points = np.array(shares, np.float32) * size + np.array([x, y], np.float32)
    return Face(Box(x, y, size, size), confidence, points)
