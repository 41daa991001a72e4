"""Following points, against OpenCV, and the 68 points of the mesh."""

from __future__ import annotations

import cv2
import numpy as np

from unmask.faces.flow import followed, pyramid
from unmask.faces.mesh.landmarks import LANDMARKS, landmarks
from unmask.faces.mesh.model import Mesh
from unmask.faces.mesh.regions import RINGS


def textures() -> tuple[np.ndarray, np.ndarray]:
    """A soft texture, and the same turned and shifted."""
    rng = np.random.default_rng(1)
    wide = cv2.GaussianBlur(rng.uniform(0, 255, (240, 240, 3)).astype(np.float32), (0, 0), 3)
    before = ((wide - wide.min()) / (wide.max() - wide.min()) * 255).astype(np.uint8)
    turn = cv2.getRotationMatrix2D((120, 120), 2.0, 1.0)
    turn[:, 2] += (4.3, -2.6)
    return before, cv2.warpAffine(before, turn, (240, 240), borderMode=cv2.BORDER_REFLECT_101)


def test_points_are_followed_as_opencv_does() -> None:
    before, after = textures()
    points = np.random.default_rng(2).uniform(40, 200, (68, 2)).astype(np.float32)
    ours, found = followed(pyramid(before), pyramid(after), points, points)
    theirs, status, _ = cv2.calcOpticalFlowPyrLK(
        before, after, points, points.copy(), winSize=(15, 15), maxLevel=3,
        criteria=(cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 10, 0.03),
        flags=cv2.OPTFLOW_USE_INITIAL_FLOW,
    )  # fmt: skip
    assert found.all()
    assert status.all()
    assert float(np.abs(ours - theirs).max()) < 0.1
    assert float(np.linalg.norm(ours - points, axis=1).mean()) > 3


def test_a_point_without_texture_is_not_found() -> None:
    flat = np.full((200, 200, 3), 90, np.uint8)
    points = np.array([[100.0, 100.0]], np.float32)
    _, found = followed(pyramid(flat), pyramid(flat), points, points)
    assert not found.any()


def test_a_point_far_outside_is_not_found() -> None:
    before, after = textures()
    points = np.array([[100.0, 100.0], [400.0, 100.0]], np.float32)
    _, found = followed(pyramid(before), pyramid(after), points, points)
    assert found.tolist() == [True, False]


def test_the_68_points_lie_where_their_names_say() -> None:
    assert len(LANDMARKS) == len(set(LANDMARKS)) == 68
    eyes = [set(RINGS[name]) for name in ("left-eye", "right-eye")]
    assert set(LANDMARKS[36:42]) <= eyes[0]
    assert set(LANDMARKS[42:48]) <= eyes[1]
    assert set(LANDMARKS[48:60]) <= set(RINGS["lips"])
    assert set(LANDMARKS[60:]) <= set(RINGS["mouth"])
    assert set(LANDMARKS[:17]) <= set(RINGS["face"])
    assert set(LANDMARKS[17:22]) <= set(RINGS["left-brow"])
    assert set(LANDMARKS[22:27]) <= set(RINGS["right-brow"])
    place = np.arange(936, dtype=np.float32).reshape(468, 2)
    shown = landmarks(Mesh(place, np.zeros(468, np.float32), 1.0))
    assert shown.tolist() == [[2.0 * number, 2.0 * number + 1] for number in LANDMARKS]
