"""What a network gets of a picture, a clip or a recording, as its card says."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from unmask.cards.card import Input
from unmask.errors import ModelError
from unmask.faces.crop import crop, square
from unmask.runtime import preparation
from unmask.types import Box, Pixels


def part(take: str, shape: list[int | str], **values: object) -> Input:
    about = {"name": "x", "layout": "", "preparation": "", "take": take, "shape": shape}
    return Input.model_validate(about | values)


def picture(width: int, height: int) -> Pixels:
    """Columns can be told by red, rows by green."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack([x, y, np.full_like(x, 200)], -1).astype(np.uint8)


def noise(width: int, height: int) -> Pixels:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def view(pixels: Pixels, fit: str, at: tuple[float, float] = (0.5, 0.5)) -> Pixels:
    taken = part("picture", ["batch", 3, 40, 60], fit=fit)
    shown = preparation.picture_view(taken, pixels.shape[1], pixels.shape[0], at)
    return shown.take(pixels)


def test_a_face_is_the_square_that_a_scan_cuts() -> None:
    pixels = noise(120, 90)
    box = Box(70.5, 40.25, 30, 41)  # reaches over the border with its margin
    taken = part("face", ["batch", 3, 32, 32], margin=1.3)
    ours = preparation.face_view(taken, box).take(pixels)
    assert np.array_equal(ours, crop(pixels, square(box, 1.3), 32))


def test_stretch_shows_all_whatever_the_shape() -> None:
    shown = view(picture(120, 160), "stretch")
    assert shown.shape == (40, 60, 3)
    assert shown[0, 0, 0] <= 1
    assert shown[-1, -1, 0] >= 117
    assert shown[-1, -1, 1] >= 155


def test_crop_cuts_without_scaling_and_says_where() -> None:
    pixels = picture(120, 160)
    assert np.array_equal(view(pixels, "crop"), pixels[60:100, 30:90])
    assert np.array_equal(view(pixels, "crop", (0, 1)), pixels[120:160, :60])


def test_the_rim_of_a_picture_under_the_crop_goes_on() -> None:
    pixels = picture(20, 160)
    shown = view(pixels, "crop")
    assert np.array_equal(shown[:, 20:40], pixels[60:100])
    assert np.array_equal(shown[:, 0], shown[:, 20])
    assert np.array_equal(shown[:, -1], shown[:, 39])


def test_pad_leaves_small_pictures_as_they_are_and_shrinks_large_ones() -> None:
    pixels = picture(30, 20) + np.uint8(5)
    shown = view(pixels, "pad")
    assert np.array_equal(shown[:20, :30], pixels)
    assert not shown[20:].any()
    assert not shown[:, 30:].any()
    large = view(np.full((160, 120, 3), 200, np.uint8), "pad")
    assert (large[:, :30] == 200).all()
    assert not large[:, 30:].any()


def test_free_keeps_the_size() -> None:
    pixels = noise(33, 21)
    taken = part("picture", ["batch", 3, "height", "width"], fit="free")
    shown = preparation.picture_view(taken, 33, 21)
    assert np.array_equal(shown.take(pixels), pixels)
    with pytest.raises(ModelError, match="fit must be 'free'"):
        preparation.face_view(taken, Box(0, 0, 9, 9))


def test_what_training_does_comes_before_scaling() -> None:
    seen: list[tuple[int, ...]] = []

    def change(pixels: Pixels) -> Pixels:
        seen.append(pixels.shape)
        return np.zeros_like(pixels)

    taken = part("picture", ["batch", 3, 40, 60])
    shown = preparation.picture_view(taken, 80, 70)
    assert not shown.take(noise(80, 70), change).any()
    large = preparation.picture_view(taken, 1200, 1600)
    assert not large.take(noise(1200, 1600), change).any()
    assert seen[0] == (70, 80, 3)
    assert seen[1][0] * seen[1][1] < 4.1 * 40 * 60 * (1600 / 1200) * (60 / 40)


def test_the_mask_lies_on_the_face() -> None:
    mask = np.zeros((90, 120), np.uint8)
    mask[40:60, 50:90] = 255
    taken = part("face", ["batch", 3, 45, 45], margin=1.0)
    seen = preparation.face_view(taken, Box(30, 0, 90, 90)).mask(mask)
    assert seen.shape == (45, 45)
    assert set(np.unique(seen)) == {0.0, 1.0}
    assert seen[20:30, 10:30].all()
    assert seen.sum() == pytest.approx(10 * 20, abs=1)
    mask[:] = 255
    beyond = preparation.face_view(taken, Box(75, 0, 90, 90)).mask(mask)
    assert beyond[:, :20].all()
    assert not beyond[:, 24:].any()  # nothing is forged beyond the picture


def test_a_box_is_given_in_shares_of_the_view() -> None:
    taken = part("picture", ["batch", 3, 40, 60])
    seen = preparation.picture_view(taken, 200, 100)
    assert seen.target((50, 25, 100, 50)).tolist() == pytest.approx([0.5, 0.5, 0.5, 0.5])


def test_short_sound_is_repeated_and_long_sound_cut() -> None:
    wave: NDArray[np.float32] = np.arange(5, dtype=np.float32)
    taken = part("sound", ["batch", 12])
    assert preparation.sound(taken, wave).tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1]
    long: NDArray[np.float32] = np.arange(30, dtype=np.float32)
    assert preparation.sound(taken, long).tolist() == list(range(12))
    assert preparation.sound(taken, long, 7).tolist() == list(range(7, 19))
    assert preparation.sound(part("sound", ["batch", "samples"]), long) is long


def test_places_are_spread_over_the_whole() -> None:
    assert preparation.spread(100, 5).tolist() == [0, 25, 50, 74, 99]
    assert preparation.spread(3, 6).tolist() == [0, 0, 1, 1, 2, 2]
    assert preparation.spread(9, 1).tolist() == [4]


def test_boxes_of_a_clip_do_not_tremble() -> None:
    boxes = [Box(10, 10, 20, 22), Box(90, 90, 20, 20), Box(12, 10, 20, 24), Box(13, 10, 20, 22)]
    calm = preparation.steady(boxes)
    assert {box.width for box in calm} == {box.height for box in calm} == {22.0}
    middles = [box.x + 11 for box in calm]
    assert max(middles) < 24  # the leap of one frame is gone


def test_a_clip_is_time_first() -> None:
    taken = part("clip", ["batch", 3, 3, 16, 16])
    pictures = [np.full((50, 50, 3), value, np.uint8) for value in (10, 20, 30)]
    shown = preparation.clip(taken, pictures, [Box(10, 10, 20, 20)] * 3)
    assert shown.shape == (3, 3, 16, 16)
    assert shown[:, 0, 8, 8].tolist() == [10, 20, 30]
    assert preparation.as_batch([shown, shown]).dtype == np.float32


@pytest.mark.parametrize("fit", ["shortest-then-centre-crop", "stretch-then-centre-crop"])
def test_what_is_seen_of_a_middle_cut_is_where_masks_and_boxes_lie(fit: str) -> None:
    part = Input(
        name="x", shape=["batch", 3, 40, 40], layout="", preparation="", take="picture",
        fit=fit, side=50, filter="bilinear",
    )  # fmt: skip
    view = preparation.picture_view(part, 200, 100)
    seen = view.seen
    pixels = np.zeros((100, 200, 3), np.uint8)
    top, left = round(seen.y), round(seen.x)
    pixels[top : round(seen.y + seen.height), left : round(seen.x + seen.width)] = 255
    assert view.take(pixels).shape == (40, 40, 3)
    assert view.take(pixels).min() >= 120  # the rim may be mixed with what lies beyond
    assert view.mask(pixels[..., 0]).mean() > 0.95
    inner = view.target((seen.x, seen.y, seen.width, seen.height))
    np.testing.assert_allclose(inner, [0.5, 0.5, 1, 1], atol=1e-6)
    with pytest.raises(ValueError, match="needs a fixed size"):
        Input.model_validate(part.model_dump() | {"side": 39})


def test_a_face_is_cut_from_its_square_as_a_picture_would_be() -> None:
    part = Input(
        name="x", shape=["batch", 3, 40, 40], layout="", preparation="", take="face", margin=1.0,
        fit="shortest-then-centre-crop", side=50, filter="bicubic",
    )  # fmt: skip
    pixels = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    face = preparation.face_view(part, Box(20, 10, 70, 70))
    picture = preparation.picture_view(part, 70, 70)
    np.testing.assert_array_equal(face.take(pixels), picture.take(pixels[10:80, 20:90]))


def test_a_ribbon_is_not_blown_up() -> None:
    part = Input(
        name="x", shape=["batch", 3, 224, 224], layout="", preparation="", take="picture",
        fit="shortest-then-centre-crop", side=256, filter="bicubic",
    )  # fmt: skip
    ribbon = np.full((1, 60_000, 3), 77, np.uint8)
    view = preparation.picture_view(part, 60_000, 1)
    np.testing.assert_array_equal(view.take(ribbon), np.full((224, 224, 3), 77, np.uint8))
    assert view.seen.x + view.seen.width / 2 == pytest.approx(30_000)
