"""Tones on parts of a made face: the search moves what it asks about, within its bound."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.faces.mesh.model import Mesh
from unmask.faces.mesh.regions import RINGS
from unmask.identity.distance import distance
from unmask.protect.clip2protect import PARTS, Makeup, parts_of, search, toned
from unmask.types import Pixels, Tensor


def mesh() -> Mesh:
    """Regions as ellipses where a face of 100 × 100 pixels has them."""
    places = {
        "lips": (50, 78, 14, 6), "mouth": (50, 78, 8, 2), "left-eye": (32, 42, 8, 3),
        "right-eye": (68, 42, 8, 3), "left-brow": (32, 30, 9, 2), "right-brow": (68, 30, 9, 2),
        "left-cheek": (25, 62, 8, 8), "right-cheek": (75, 62, 8, 8),
    }  # fmt: skip
    points = np.zeros((468, 2), np.float32)
    for name, (x, y, wide, high) in places.items():
        turn = np.linspace(0, 2 * np.pi, len(RINGS[name]), endpoint=False)
        points[list(RINGS[name])] = np.stack([x + wide * np.cos(turn), y + high * np.sin(turn)], 1)
    return Mesh(points, np.zeros(468, np.float32), 1.0)


def looks(pixels: Pixels) -> Tensor:
    """A comparer that knows a face by the mean tones of its quarters."""
    cells = pixels.astype(np.float32).reshape(4, 25, 4, 25, 3).mean((1, 3))
    return (cells - 128).ravel()


@pytest.fixture
def face() -> Pixels:
    rng = np.random.default_rng(0)
    return np.clip(150 + 15 * rng.standard_normal((100, 100, 3)), 0, 255).astype(np.uint8)


def test_each_part_lies_where_it_should() -> None:
    lips, lids, brows, cheeks = parts_of(mesh(), 100, 100)
    assert len(PARTS) == 4
    assert lips[83, 50] == 1
    assert lips[78, 50] == 0  # the mouth is left alone
    assert lids[36, 32] == 1
    assert lids[42, 32] == lids[30, 68] == 0  # neither eye nor brow
    assert brows[30, 32] == cheeks[62, 75] == 1
    assert max(part.max() for part in (lips, lids, brows, cheeks)) == 1
    assert lips[5, 5] == cheeks[50, 50] == 0


def test_the_search_moves_the_face_away_within_its_bound(face: Pixels) -> None:
    masks = parts_of(mesh(), 100, 100)
    settings = Makeup(steps=60, most=40)
    steps: list[int] = []
    tones, reached = search(looks, face, masks, settings, steps.append)
    cloaked = toned(face, masks, tones)
    assert steps == list(range(1, 61))
    assert np.abs(tones).max() <= 40
    assert np.abs(cloaked.astype(int) - face).max() <= 41
    assert reached == pytest.approx(distance(looks(face), looks(cloaked)))
    one, short = search(looks, face, masks, Makeup(steps=3, most=40), steps.append)
    assert reached > 2 * short > 0
    outside = np.max(masks, axis=0) == 0
    assert np.array_equal(cloaked[outside], face[outside])
    again, _ = search(looks, face, masks, settings, steps.append)
    assert np.array_equal(again, tones)
    assert one.shape == (4, 3)
