"""A still picture as a short video."""

import numpy as np
from skimage import data

from unmask.forge.clip import filmed
from unmask.forge.operations import h264, h264_clip
from unmask.types import Box


def test_the_face_stays_in_its_box() -> None:
    """A bright square on grey keeps filling the boxes that are told."""
    pixels = np.full((121, 150, 3), 60, np.uint8)
    pixels[40:80, 50:90] = 200
    for seed in range(4):
        frames, boxes = filmed(pixels, Box(50, 40, 40, 40), np.random.default_rng(seed))
        assert len(frames) == len(boxes) == 8
        for frame, box in zip(frames, boxes, strict=True):
            assert frame.shape == pixels.shape
            rows = slice(round(box.y) + 4, round(box.y + box.height) - 4)
            columns = slice(round(box.x) + 4, round(box.x + box.width) - 4)
            assert frame[rows, columns].mean() > 185
            assert frame[: rows.start - 10].mean() < 80
    assert any(box != boxes[0] for box in boxes)


def test_real_and_fake_are_filmed_alike() -> None:
    real = np.ascontiguousarray(data.astronaut()[:150, 150:300])
    fake = real.copy()
    fake[100:, :40] = 255
    box = Box(40, 30, 60, 70)
    one, first = filmed(real, box, np.random.default_rng(5))
    two, second = filmed(fake, box, np.random.default_rng(5))
    assert first == second
    gap = np.abs(one[3].astype(int) - two[3]).mean(-1)
    assert gap[:60].mean() < 2 < gap[115:, :25].mean()


def test_a_clip_gives_each_picture_back() -> None:
    pictures = [np.full((33, 40, 3), level, np.uint8) for level in (40, 120, 200)]
    means = [picture.mean() for picture in h264_clip(pictures, 20)]
    np.testing.assert_allclose(means, (40, 120, 200), atol=4)
    np.testing.assert_array_equal(h264(pictures[1], 20, 2), h264_clip([pictures[1]] * 2, 20)[-1])
