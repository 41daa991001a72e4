from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unmask.errors import DataError, MediaError
from unmask.forge.morph import morph, read_tem, warp
from unmask.identity.distance import mean_vector
from unmask.identity.morph import against_live, two_people
from unmask.types import Tensor, Vote


def people(count: int = 3) -> Tensor:
    """Unit vectors of people who have nothing in common."""
    return np.eye(128, dtype=np.float32)[:count]


def test_a_face_between_two_people_is_flagged_and_one_of_one_person_is_not() -> None:
    a, b, c = people()
    references = {"a": a[None], "b": b[None], "c": c[None]}
    # Both people of a good morph lie near it.
    near = 0.98 * a + 0.17 * b
    alike = {"a": near[None] + 0.02 * c, "b": near[None] - 0.02 * c, "c": c[None]}
    made = two_people(mean_vector(np.stack([near])), alike)
    assert made.vote is Vote.FORGED
    assert {name for name, _ in made.people[:2]} == {"a", "b"}
    honest = two_people(a, references)
    assert honest.vote is not Vote.FORGED
    assert honest.people[0] == ("a", pytest.approx(0, abs=1e-6))
    assert honest.score < made.score
    assert honest.llr < made.llr


def test_one_person_cannot_tell_a_morph() -> None:
    with pytest.raises(MediaError, match="two people or more"):
        two_people(people()[0], {"a": people()[:1]})


def test_the_same_picture_against_itself_is_no_morph() -> None:
    a, b, _ = people()
    same, other = against_live(a, a), against_live(mean_vector(np.stack([a, b])), a)
    assert same.vote is not Vote.FORGED
    assert same.score < other.score
    assert other.people[0][1] == pytest.approx(1 - 0.5**0.5, abs=1e-5)


def faces() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Two pictures with a bright spot at different landmarks."""
    grid = [(x, y) for x in (20, 50, 80) for y in (20, 50, 80)]
    points = np.array(grid, float)
    moved = points + np.array([6.0, -4.0]) * (points == 50).all(axis=1, keepdims=True)
    y, x = np.mgrid[:100, :100]

    def spot(at: np.ndarray) -> np.ndarray:
        value = 200 * np.exp(-((x - at[0]) ** 2 + (y - at[1]) ** 2) / 60)
        return np.repeat(value[..., None], 3, axis=2).astype(np.uint8)

    return spot(points[4]), points, moved


def test_a_warp_moves_landmarks_to_their_target() -> None:
    picture, points, moved = faces()
    bent = warp(picture, points, moved)[..., 0]
    row, column = np.unravel_index(int(bent.argmax()), bent.shape)
    assert (column, row) == (pytest.approx(56, abs=1), pytest.approx(46, abs=1))
    np.testing.assert_allclose(warp(picture, points, points), picture, atol=2)


def test_a_morph_lies_between_both() -> None:
    picture, points, moved = faces()
    other = warp(picture, points, moved).round().astype(np.uint8)
    middle = morph((picture, points), (other, moved))[..., 0]
    row, column = np.unravel_index(int(middle.argmax()), middle.shape)
    assert (column, row) == (pytest.approx(53, abs=1), pytest.approx(48, abs=1))
    assert np.abs(morph((picture, points), (other, moved), 0.0).astype(int) - picture).max() <= 3


def test_a_spliced_morph_keeps_the_surroundings() -> None:
    picture, points, moved = faces()
    other = np.full_like(picture, 90)
    made = morph((picture, points), (other, moved), 0.5, spliced=True)
    np.testing.assert_array_equal(made[:5], picture[:5])
    assert (made[45:55, 45:55] != picture[45:55, 45:55]).any()


def test_pictures_of_two_sizes_are_refused() -> None:
    picture, points, moved = faces()
    with pytest.raises(DataError, match="one size"):
        morph((picture, points), (picture[:50], moved))


def test_a_template_is_read_and_a_broken_one_named(tmp_path: Path) -> None:
    path = tmp_path / "face.tem"
    path.write_text("2\n10.5\t20\n30\t40.25\n1\n0\n2\n0 1\n")
    np.testing.assert_array_equal(read_tem(path), [[10.5, 20], [30, 40.25]])
    for text in ("", "two\n1 2\n", "99999999\n", "2\n1 2\n"):
        path.write_text(text)
        with pytest.raises(DataError, match="no template"):
            read_tem(path)
