"""Following faces through a video: what is searched when, and that nothing gets lost by it."""

import numpy as np
import pytest
from face_samples import portrait
from PIL import Image

from unmask.faces import follow as module
from unmask.faces.detect import detect
from unmask.faces.follow import Follower
from unmask.types import Pixels

STEP = 0.2


def scene(*faces: tuple[int, int, int]) -> Pixels:
    """A 1280 × 720 picture with the portrait at places (x, y, side)."""
    canvas = np.full((720, 1280, 3), 110, np.uint8)
    for x, y, side in faces:
        canvas[y : y + side, x : x + side] = np.asarray(
            Image.fromarray(portrait()).resize((side, side))
        )
    return canvas


class Searches(list[int]):
    """The number of pixels of every search that is made."""

    def __call__(self, pixels: Pixels, long_side: int, **more: float) -> object:
        height, width = pixels.shape[:2]
        scale = min(1.0, long_side / max(height, width))
        self.append(round(height * scale) * round(width * scale))
        return detect(pixels, long_side, **more)


@pytest.fixture
def searches(monkeypatch: pytest.MonkeyPatch) -> Searches:
    made = Searches()
    monkeypatch.setattr(module, "detect", made)
    return made


def numbers(follower: Follower, time: float, picture: Pixels) -> list[int]:
    return [number for number, _ in follower.look(time, picture)]


def test_a_known_face_costs_a_fraction_of_searching_every_frame(searches: Searches) -> None:
    follower = Follower()
    for i in range(40):
        assert numbers(follower, i * STEP, scene((400 + 4 * i, 200, 400))) == [1]
    assert searches.count(640 * 360) == 2
    assert searches.count(320 * 180) == 6
    assert sum(searches) < 0.7 * 40 * 320 * 180


@pytest.mark.parametrize("side", [110, 250, 700])
def test_boxes_and_points_are_those_of_a_whole_search(side: int, searches: Searches) -> None:
    follower = Follower()
    for i in range(5):
        place = (300 + 6 * i, 5 + 2 * i, side)
        ((_, face),) = follower.look(i * STEP, scene(place))
        (whole,) = detect(scene(place))
        assert face.box.iou(whole.box) > 0.75
        np.testing.assert_allclose(face.points, whole.points, atol=0.1 * side)
    assert max(searches[1:]) <= 128 * 128


def test_a_face_that_comes_in_is_found_within_a_second() -> None:
    follower = Follower()
    for i in range(8):
        numbers(follower, i * STEP, scene((60, 100, 400)))
    seen = [
        i for i in range(8, 20)
        if len(numbers(follower, i * STEP, scene((60, 100, 400), (700, 100, 400)))) == 2
    ]  # fmt: skip
    assert seen
    assert seen[0] <= 8 + 1 / STEP
    assert seen == list(range(seen[0], 20))


def test_a_face_that_leaps_is_found_in_the_same_frame() -> None:
    follower = Follower()
    numbers(follower, 0.0, scene((60, 100, 300)))
    assert len(numbers(follower, STEP, scene((800, 300, 300)))) == 1


def test_a_cut_begins_new_tracks_at_once(searches: Searches) -> None:
    follower = Follower()
    dark = scene((400, 200, 400))
    assert numbers(follower, 0.0, dark) == [1]
    assert numbers(follower, STEP, dark) == [1]
    bright = np.where(dark == 110, 250, dark).astype(np.uint8)
    assert numbers(follower, 2 * STEP, bright) == [2]
    assert searches[-1] == 640 * 360


def test_two_faces_side_by_side_are_each_seen_once() -> None:
    follower = Follower()
    for i in range(12):
        both = scene((300 + 3 * i, 200, 260), (500 + 3 * i, 200, 260))
        found = follower.look(i * STEP, both)
        assert sorted(number for number, _ in found) == [1, 2]
        assert found[0][1].box.iou(found[1][1].box) < 0.2


def test_a_small_face_stays_followed_between_fine_searches() -> None:
    follower = Follower()
    for i in range(30):
        assert numbers(follower, i * STEP, scene((500 + i, 300, 75))) == [1]


def test_without_a_face_only_one_search_a_second_is_fine(searches: Searches) -> None:
    follower = Follower()
    for i in range(20):
        assert numbers(follower, i * STEP, scene()) == []
    assert searches.count(640 * 360) == 4
    assert set(searches) == {640 * 360, 320 * 180}


def test_a_crowd_is_searched_as_a_whole(searches: Searches) -> None:
    crowd = scene(*((x, y, 170) for x in range(0, 1200, 180) for y in range(0, 540, 180)))
    follower = Follower()
    count = len(numbers(follower, 0.0, crowd))
    assert count > 15
    for i in range(1, 10):
        numbers(follower, i * STEP, crowd)
    assert set(searches) == {640 * 360, 320 * 180}
    assert searches.count(640 * 360) == 2


def test_frames_further_apart_than_a_second_are_all_searched_as_a_whole(
    searches: Searches,
) -> None:
    follower = Follower()
    for i in range(6):
        assert numbers(follower, i * 1.5, scene((400, 200, 400))) == [1]
    assert searches.count(640 * 360) + searches.count(320 * 180) == 6
