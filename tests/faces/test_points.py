"""68 points of a face along time as an input of a network, and where a mask of a face lies."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.analyzers.windows import Faces, Points
from unmask.cards.card import Input
from unmask.errors import ModelError
from unmask.faces.mesh import model
from unmask.faces.mesh.model import Mesh
from unmask.runtime import preparation
from unmask.types import Box, Face, Frame

PART = Input(
    name="points", shape=["batch", 4, 136], layout="", preparation="", take="points", step=0.04
)
PICTURE = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)


def face(x: float = 100.0) -> Face:
    points = np.array([[20, 30], [60, 30], [40, 55], [25, 75], [55, 75]], np.float32)
    return Face(Box(x, 60.0, 80.0, 100.0), 0.9, points + np.array([x, 60], np.float32))


class Made:
    """A mesh of points spread over the box of the face; below half it is not sure of itself."""

    def __init__(self, confidence: float = 0.9) -> None:
        self.confidence = confidence

    def mesh(self, pixels: np.ndarray, found: Face) -> Mesh:
        rng = np.random.default_rng(1)
        spread = rng.uniform(0, 1, (468, 2)) * (found.box.width, found.box.height)
        points = spread + np.array([found.box.x, found.box.y])
        return Mesh(points.astype(np.float32), np.zeros(468, np.float32), self.confidence)


def seen(monkeypatch: pytest.MonkeyPatch, faces: list[list[Face]], mesh: Made) -> None:
    given = iter(faces)
    monkeypatch.setattr(preparation, "detect", lambda _: next(given))
    monkeypatch.setattr(model, "load_mesh", lambda: mesh)


def test_a_missed_face_keeps_the_points_of_before(monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, [[], [face()], [], [face()]], Made())
    points = preparation.points([PICTURE] * 4, [0.0, 0.04, 0.08, 0.12])
    assert points is not None
    assert points.shape == (4, 136)
    assert points.dtype == np.float32
    assert float(np.abs(points).max()) <= 1
    assert np.array_equal(points[0], points[1])
    assert float(np.abs(points).max()) > 0.7, "the square is little larger than the face"


def test_without_a_face_there_are_no_points(monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, [[]] * 4, Made())
    assert preparation.points([PICTURE] * 4, [0.0, 0.04, 0.08, 0.12]) is None


def test_a_scan_gives_stretches_of_points(monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, [[face()]] * 8, Made())
    take = Points(PART)
    assert take.rate == pytest.approx(25)
    found = [w for n in range(8) for w in take.frame(Frame(n, n * 0.04, PICTURE))]
    assert [window.value.shape for window in found] == [(4, 136)] * 2
    assert found[1].time == pytest.approx(0.16)
    assert not take.rest()


def test_a_shape_that_is_none_of_points_is_refused() -> None:
    with pytest.raises(ModelError, match=r"\[batch, T, 136\]"):
        Points(PART.model_copy(update={"shape": ["batch", "time", 136]}))


def test_a_mask_of_a_face_lies_where_the_network_looked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "detect", lambda _: [face()])
    part = PART.model_copy(
        update={"take": "face", "shape": ["batch", 3, 64, 64], "margin": 1.3, "step": 0.0}
    )
    (window,) = Faces(part).frame(Frame(0, 0.0, PICTURE))
    assert window.box == face().box
    assert window.region is not None
    assert window.region.width == window.region.height == pytest.approx(130, abs=2)
