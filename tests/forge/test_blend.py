"""Made fakes: they differ where the mask says, nowhere else, and the same seed makes the same."""

import cv2
import numpy as np
import pytest
from skimage import data

from unmask.forge import blend, regions
from unmask.forge.blend import FAMILIES, Portrait, forge

POINTS = np.array([[118, 92], [160, 92], [142, 118], [122, 138], [160, 137]], np.float32)


@pytest.fixture(scope="module")
def target() -> Portrait:
    return Portrait(np.ascontiguousarray(data.astronaut()[:300, 80:380]), POINTS)


@pytest.fixture(scope="module")
def donor(target: Portrait) -> Portrait:
    """Another "person": mirrored, darker, larger."""
    pixels = np.ascontiguousarray(target.pixels[:, ::-1] * 0.8).astype(np.uint8)
    points = target.points.copy()
    points[:, 0] = 299 - points[:, 0]
    return Portrait(pixels, points[[1, 0, 2, 4, 3]])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(6))
def test_fake_differs_inside_the_mask_and_not_outside(
    family: str, seed: int, target: Portrait, donor: Portrait
) -> None:
    made = forge(family, target, donor, np.random.default_rng(seed))
    assert made.family == family
    assert made.pixels.shape == target.pixels.shape
    assert made.mask.shape == target.pixels.shape[:2]
    assert made.mask.min() >= 0
    assert made.mask.max() <= 1
    gap = np.abs(made.pixels.astype(int) - target.pixels).mean(-1)
    assert blend.strength(made, target.pixels) > 1.0
    assert 0.001 < (made.mask > 0.5).mean() < 0.5
    if family != "self-blend":  # there the surroundings may be altered
        far = cv2.dilate(made.mask, np.ones((7, 7))) == 0
        assert gap[far].mean() < 0.1


def test_self_blends_alter_inside_or_outside(target: Portrait, donor: Portrait) -> None:
    outside = []
    for seed in range(30):
        made = blend.self_blend(target, np.random.default_rng(seed))
        gap = np.abs(made.pixels.astype(int) - target.pixels).mean(-1)
        outside.append(float(gap[made.mask == 0].mean()) > 0.5)
    assert 3 < sum(outside) < 25


@pytest.mark.parametrize("family", FAMILIES)
def test_same_seed_same_fake(family: str, target: Portrait, donor: Portrait) -> None:
    one, two, other = (
        forge(family, target, donor, np.random.default_rng(seed)) for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(one.pixels, two.pixels)
    np.testing.assert_array_equal(one.mask, two.mask)
    assert (one.pixels != other.pixels).any()


def test_swap_shows_the_donor(target: Portrait) -> None:
    """A donor who wears a checkerboard brings its contrast into the target's face."""
    pixels = target.pixels.copy()
    rows, columns = np.mgrid[0:300, 0:300]
    pixels[((rows // 6 + columns // 6) % 2 == 0)] = 0

    def contrast(picture: np.ndarray) -> float:
        part = picture[95:135, 120:160].astype(float)
        return float(np.abs(part[:, 6:] - part[:, :-6]).mean())

    for seed in range(5):
        made = blend.swap(target, Portrait(pixels, POINTS), np.random.default_rng(seed))
        if made.mask[95:135, 120:160].min() > 0.9:
            assert contrast(made.pixels) > 1.3 * contrast(target.pixels)
            return
    pytest.fail("no mask covered the middle of the face")


@pytest.mark.parametrize("region", sorted(regions.OUTLINES))
def test_regions_lie_on_the_face(region: str) -> None:
    masks = [
        regions.face_mask((300, 300), POINTS, np.random.default_rng(seed), region)
        for seed in range(8)
    ]
    mean = np.mean(masks, 0)
    rows, columns = np.nonzero(mean > 0.5)
    assert len(rows) > 50
    assert 60 < columns.mean() < 220
    assert 40 < rows.mean() < 190
    spread = max(float(np.abs(a - b).mean()) for a in masks for b in masks)
    assert spread > 0.001, "masks must vary"


def test_mouth_lies_below_the_eyes() -> None:
    def middle(region: str) -> float:
        mask = regions.face_mask((300, 300), POINTS, np.random.default_rng(1), region)
        return float((mask.sum(1) * np.arange(300)).sum() / mask.sum())

    assert middle("eyes") < middle("nose") < middle("mouth")


def test_similarity_recovers_a_known_map() -> None:
    angle, zoom, shift = np.radians(20), 1.7, np.array([30, -12])
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    moved = (POINTS @ turn.T + shift).astype(np.float32)
    np.testing.assert_allclose(
        regions.similarity(POINTS, moved), np.hstack([turn, shift[:, None]]), atol=1e-2
    )
    np.testing.assert_allclose(
        regions.fit(POINTS, moved), np.hstack([turn, shift[:, None]]), atol=1e-2
    )


def test_poisson_falls_back_to_alpha_for_a_tiny_mask(target: Portrait) -> None:
    mask = np.zeros((300, 300), np.float32)
    mask[100:103, 100:103] = 1
    inner = np.zeros_like(target.pixels)
    np.testing.assert_array_equal(
        blend.poisson_blend(inner, target.pixels, mask),
        blend.alpha_blend(inner, target.pixels, mask),
    )


def test_colour_matching_moves_the_mean(target: Portrait) -> None:
    mask = np.zeros((300, 300), np.float32)
    mask[80:160, 110:170] = 1
    dark = (target.pixels * 0.5).astype(np.uint8)
    matched = blend.match_colour(dark, target.pixels, mask)
    inside = mask > 0
    gap = matched[inside].mean(0) - target.pixels[inside].mean(0)
    assert np.abs(gap).max() < 6


def test_a_decoder_draws_the_face_and_nothing_else(target: Portrait, donor: Portrait) -> None:
    """What comes back is the decoder's, in the face alone, and at its small size."""
    sides = []

    def decode(pixels: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        sides.append(pixels.shape)
        return np.full_like(pixels, (0, 255, 0))

    for seed in range(6):
        made = forge(blend.DECODED, target, donor, np.random.default_rng(seed), decode=decode)
        assert made.family == blend.DECODED
        inside, far = made.mask > 0.98, cv2.dilate(made.mask, np.ones((7, 7))) == 0
        assert 0.01 < inside.mean() < 0.5
        green = made.pixels[inside].astype(float).mean(0)
        assert green[1] > 180
        assert green[[0, 2]].max() < 75
        np.testing.assert_array_equal(made.pixels[far], target.pixels[far])
    assert {shape[0] for shape in sides} <= {112, 128, 192, 256}


def test_without_a_change_by_the_decoder_the_face_stays_in_its_place(target: Portrait) -> None:
    gaps = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        made = blend.decoded(target, target, rng, lambda pixels, _: pixels)
        gap = np.abs(made.pixels.astype(float) - target.pixels).mean(-1)
        gaps.append(float((gap * made.mask).sum() / made.mask.sum()))
    assert np.median(gaps) < 8  # the loss of a smaller size; a face laid elsewhere differs by 30
