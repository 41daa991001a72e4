"""The light on a face taken apart: by formulas, on a ball that was drawn, and as an input."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from unmask.analyzers.windows import Lights
from unmask.cards.card import Input
from unmask.datasets import reading
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.reading import Draw, Reader
from unmask.errors import MediaError, ModelError
from unmask.faces.light.separation import SCALES, fitted, harmonics, separated, texture
from unmask.faces.light.unwrapping import flat_face
from unmask.faces.mesh import model
from unmask.faces.mesh.model import Mesh
from unmask.runtime import preparation
from unmask.types import Box, Face, Frame

Floats = NDArray[np.float64]
SIDE = 96
RADIUS = 40.0
FLAT = flat_face(SIDE)
LEFT, RIGHT = np.array([-0.5, 0.3, 0.81]), np.array([0.5, 0.3, 0.81])
"""Where light comes from: up and towards the viewer is above 0."""


def ball() -> NDArray[np.float32]:
    """468 points of a ball in a square of ``SIDE`` pixels, laid out as those of a face."""
    across, down = (FLAT.places - 0.5).T * [[2.6], [2.2]]
    points = np.stack(
        [np.cos(down) * np.sin(across), np.sin(down), -np.cos(down) * np.cos(across)], axis=1
    )
    return (points * RADIUS + [SIDE / 2, SIDE / 2, 0]).astype(np.float32)


def directions() -> tuple[Floats, NDArray[np.bool_]]:
    """Of the surface of the ball at each pixel of the square, and which pixels show it."""
    y, x = (np.mgrid[:SIDE, :SIDE] - SIDE / 2) / RADIUS
    shown = x**2 + y**2 < 0.98
    z = np.sqrt(np.maximum(1 - x**2 - y**2, 0))
    return np.stack([x, -y, z], axis=-1), shown


def shine(normals: Floats, light: Floats, sharp: float = 12.0) -> Floats:
    """What a viewer in front sees of it: the angle between view and reflection, to a power."""
    facing = normals @ light
    back = 2 * facing * normals[..., 2] - light[2]
    found: Floats = np.where(facing > 0, np.maximum(back, 0), 0) ** sharp
    return found


def drawn(light: Floats, shining: Floats) -> NDArray[np.uint8]:
    """A ball with a rough skin under ``light``, which shines as if ``shining`` were the light."""
    normals, shown = directions()
    skin = np.random.default_rng(0).uniform(0.4, 0.6, (SIDE, SIDE))
    bright = 0.35 + 0.6 * np.maximum(normals @ light, 0) + 0.5 * shine(normals, shining)
    picture = np.where(shown, skin * bright, 0.3)[..., None] * [1.0, 0.9, 0.8]
    return np.clip(picture * 255, 0, 255).astype(np.uint8)


def test_the_texture_is_the_retinex_over_all_scales_and_no_logarithm() -> None:
    picture = np.random.default_rng(1).uniform(0.2, 0.9, (32, 32, 1))
    wanted = np.zeros((32, 32))
    for scale in SCALES:
        smooth = gaussian_filter(picture[..., 0], scale * 32, mode="reflect", truncate=9)
        wanted += np.log(picture[..., 0] / smooth) / len(SCALES)
    np.testing.assert_allclose(np.log(texture(picture)[..., 0]), wanted, atol=1e-5)
    np.testing.assert_allclose(texture(np.full((16, 16, 3), 0.4)), 1, atol=1e-9)


def test_the_harmonics_are_of_length_one_and_at_right_angles() -> None:
    down = np.arccos(np.linspace(-1, 1, 401))
    around = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    theta, phi = (one.ravel() for one in np.meshgrid(down, around))
    spots = [np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)]
    basis = harmonics(np.stack(spots, axis=1))
    np.testing.assert_allclose(basis.T @ basis * 4 * np.pi / len(basis), np.eye(9), atol=0.02)


def test_a_face_is_laid_flat_without_a_gap_and_evenly() -> None:
    assert set(FLAT.triangles.ravel()) == set(range(468))
    assert 0.5 < len(FLAT.inside) / SIDE**2 < 0.8
    np.testing.assert_allclose(FLAT.weights.sum(1), 1)
    assert FLAT.weights.min() > -1e-6
    stands = FLAT.between(FLAT.places) * (SIDE - 1)
    np.testing.assert_allclose(stands[:, ::-1], FLAT.inside, atol=1e-6)


def test_the_surface_of_a_ball_looks_away_from_its_middle() -> None:
    surface = (ball() - [SIDE / 2, SIDE / 2, 0]) * [1, -1, -1]
    found = FLAT.normals(surface.astype(np.float64))
    found *= np.sign(found[:, 2].sum())
    assert np.median((found * surface / RADIUS).sum(1)) > 0.98


def test_light_that_the_harmonics_can_hold_is_found_again() -> None:
    rng = np.random.default_rng(2)
    normals = rng.normal(size=(500, 3))
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    basis, skin = harmonics(normals), rng.uniform(0.2, 1, (500, 3))
    light = rng.normal(size=(9, 3))
    ambient, direct = fitted(skin * (basis @ light), skin, basis)
    np.testing.assert_allclose(ambient, basis[:, :1] @ light[:1])
    np.testing.assert_allclose(direct, basis[:, 1:] @ light[1:], atol=1e-9)


def agreement(face: NDArray[np.uint8]) -> float:
    """How well what shines fits the direction from which the light is found to come."""
    direct, shining = separated(face, ball())[6:].reshape(2, 3, SIDE, SIDE).mean(1)
    surface = (ball() - [SIDE / 2, SIDE / 2, 0]) * [1, -1, -1] / RADIUS
    normals = FLAT.between(surface.astype(np.float64))
    row, column = FLAT.inside.T
    seen = direct[row, column] != 0
    given = np.column_stack([normals[seen], np.ones(seen.sum())])
    found = np.linalg.lstsq(given, direct[row, column][seen], rcond=None)[0][:3]
    expected = shine(normals[seen], found / np.linalg.norm(found))
    return float(np.corrcoef(expected, shining[row, column][seen])[0, 1])


def test_what_shines_fits_the_light_unless_it_was_painted_on() -> None:
    for light, other in ((LEFT, RIGHT), (RIGHT, LEFT)):
        true, painted = agreement(drawn(light, light)), agreement(drawn(light, other))
        assert true > 0.3
        assert painted < 0


def test_what_looks_away_is_left_out() -> None:
    turned = ball()
    turned[:, 0], turned[:, 2] = -turned[:, 2] + SIDE / 2, turned[:, 0] - SIDE / 2
    front = separated(drawn(LEFT, LEFT), ball())[3] != 0
    side = separated(drawn(LEFT, LEFT), turned)[3] != 0
    assert side.sum() < 0.7 * front.sum()


PART = Input(
    name="light", shape=["batch", 12, 64, 64], layout="", preparation="", take="light", margin=1.3
)
PICTURE = np.random.default_rng(0).integers(0, 255, (200, 300, 3), np.uint8)
FOUND = Face(Box(100, 60, 80, 100), 0.9, np.zeros((5, 2), np.float32))


class Made:
    """A mesh that is a ball in the box of the face."""

    def __init__(self, confidence: float = 0.9) -> None:
        self.confidence = confidence

    def mesh(self, pixels: NDArray[np.uint8], face: Face) -> Mesh:
        points = ball()
        places = points[:, :2] + [face.box.x + face.box.width / 2 - SIDE / 2, face.box.y]
        return Mesh(places.astype(np.float32), points[:, 2], self.confidence)


def seen(monkeypatch: pytest.MonkeyPatch, faces: list[Face], mesh: Made | None) -> None:
    for room in (preparation, reading):
        monkeypatch.setattr(room, "detect", lambda _: faces)
    if mesh is not None:
        monkeypatch.setattr(model, "load_mesh", lambda: mesh)


def test_a_scan_takes_the_light_of_the_largest_face(monkeypatch: pytest.MonkeyPatch) -> None:
    seen(monkeypatch, [FOUND], Made())
    (window,) = Lights(PART).frame(Frame(0, 0.5, PICTURE))
    assert window.value.shape == (12, 64, 64)
    assert window.box == FOUND.box
    shown = preparation.face_view(PART, FOUND.box).take(PICTURE)
    np.testing.assert_array_equal(window.value[:3], shown.transpose(2, 0, 1))
    assert np.isfinite(window.value).all()
    seen(monkeypatch, [FOUND], Made(0.05))
    assert Lights(PART).frame(Frame(0, 0.5, PICTURE)) == []
    seen(monkeypatch, [], Made())
    assert Lights(PART).frame(Frame(0, 0.5, PICTURE)) == []


def test_without_the_face_mesh_the_remedy_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path))
    model.load_mesh.cache_clear()
    seen(monkeypatch, [FOUND], None)
    with pytest.raises(ModelError, match="unmask models pull face-mesh"):
        Lights(PART).frame(Frame(0, 0.5, PICTURE))


def test_training_takes_the_light_of_the_face_that_the_manifest_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    other = Face(Box(10, 10, 40, 40), 0.9, FOUND.points)
    seen(monkeypatch, [other, FOUND], Made())
    Image.fromarray(PICTURE).save(tmp_path / "a.png")
    item = Item("a", "a", "a.png", "image", 1, face=(100, 60, 80, 100))
    reader = Reader(Manifest(tmp_path, (item,), "made"), [PART])
    taken = reader.read(item, Draw()).arrays["light"]
    shown = preparation.face_view(PART, FOUND.box).take(PICTURE)
    np.testing.assert_array_equal(taken[:3], shown.transpose(2, 0, 1))
    elsewhere = Item("b", "b", "a.png", "image", 1, face=(250, 150, 20, 20))
    with pytest.raises(MediaError, match="whose light can be seen"):
        reader.read(elsewhere, Draw())
