"""Framing: another camera, a nearer cut, the sensor's mosaic."""

from __future__ import annotations

import numpy as np
import pytest
from face_samples import portrait

from unmask.detectors.image.unmask_face.framing import camera, draw_plan, mosaic, nearer
from unmask.faces.detect import detect
from unmask.forge.blend import Portrait


def test_a_nearer_cut_keeps_face_and_points_in_place() -> None:
    pixels = np.ascontiguousarray(portrait())
    face = detect(pixels)[0]
    points = face.points.astype(np.float32)
    for seed in range(5):
        rng = np.random.default_rng(seed)
        cut, box = nearer(Portrait(pixels, points), face.box, rng)
        assert cut.pixels.size <= pixels.size
        left, top = face.box.x - box.x, face.box.y - box.y
        assert left == int(left)
        np.testing.assert_allclose(cut.points + np.array((left, top)), points, atol=1e-3)
        x, y = (int(v) for v in points[2])
        np.testing.assert_array_equal(cut.pixels[y - int(top), x - int(left)], pixels[y, x])
        reach = 0.85 * max(box.width, box.height)
        assert box.x + box.width / 2 >= min(reach, face.box.x + face.box.width / 2) - 1


def test_cameras_keep_the_shape_repeat_and_leave_half_alone() -> None:
    pixels = np.ascontiguousarray(portrait()[:150, :141])
    same = 0
    for seed in range(60):
        taken = camera(pixels, np.random.default_rng(seed))
        assert taken.shape == pixels.shape
        assert taken.dtype == np.uint8
        np.testing.assert_array_equal(taken, camera(pixels, np.random.default_rng(seed)))
        same += np.array_equal(taken, pixels)
    assert 18 <= same <= 48


@pytest.mark.parametrize("kind", range(4))
def test_a_mosaic_keeps_colours_where_they_do_not_change(kind: int) -> None:
    plain = np.empty((40, 50, 3), np.uint8)
    plain[:] = (200, 120, 40)
    np.testing.assert_allclose(mosaic(plain, kind)[4:-4, 4:-4], plain[4:-4, 4:-4], atol=1)
    grain = np.random.default_rng(0).integers(0, 255, (40, 50, 3), dtype=np.uint8)
    assert np.abs(mosaic(grain, kind).astype(int) - grain).mean() > 5


def test_stronger_laundering_makes_faces_smaller_more_often() -> None:
    rng = np.random.default_rng(0)
    smaller = [
        np.mean([draw_plan(rng, 300.0, strength).face_side < 299 for _ in range(200)])
        for strength in (0.0, 1.0)
    ]
    assert smaller[0] == 0
    assert 0.35 < smaller[1] < 0.65
