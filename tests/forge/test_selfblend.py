"""Self-blended images: real and fake of one picture, foreign only where the mask says."""

from __future__ import annotations

import numpy as np
import pytest
from skimage import data

from unmask.forge import selfblend
from unmask.forge.blend import Portrait
from unmask.forge.selfblend import augment, self_blended

POINTS = np.array([[118, 92], [160, 92], [142, 118], [122, 138], [160, 137]], np.float32)


@pytest.fixture(scope="module")
def portrait() -> Portrait:
    return Portrait(np.ascontiguousarray(data.astronaut()[:300, 80:380]), POINTS)


@pytest.mark.parametrize("seed", range(8))
def test_the_fake_is_the_real_outside_the_mask(portrait: Portrait, seed: int) -> None:
    made = self_blended(portrait, np.random.default_rng(seed))
    assert made.mask.shape == portrait.pixels.shape[:2]
    assert made.mask.min() >= 0
    assert np.isclose(made.mask.max(), [0.25, 0.5, 0.75, 1.0], atol=0.02).any()
    gap = np.abs(made.fake.astype(int) - made.real).max(-1)
    assert gap[made.mask == 0].max(initial=0) == 0
    assert gap[made.mask > 0.2].mean() > 0.3


def test_half_of_the_reals_are_altered(portrait: Portrait) -> None:
    made = [self_blended(portrait, np.random.default_rng(seed)) for seed in range(24)]
    untouched = sum(np.array_equal(pair.real, portrait.pixels) for pair in made)
    assert 5 <= untouched <= 19


def test_the_same_seed_makes_the_same(portrait: Portrait) -> None:
    one, other = (self_blended(portrait, np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(one.fake, other.fake)


def test_the_hull_holds_the_points_and_the_forehead_on_demand() -> None:
    plain, whole = (selfblend.hull((300, 300), POINTS, forehead) for forehead in (False, True))
    assert all(plain[int(y), int(x)] == 1 for x, y in POINTS)
    assert whole.sum() > 1.1 * plain.sum()
    assert np.flatnonzero(whole.any(1))[0] < np.flatnonzero(plain.any(1))[0]


def test_both_of_a_pair_are_altered_alike(portrait: Portrait) -> None:
    pair = selfblend.Blended(
        portrait.pixels, portrait.pixels.copy(), np.ones((300, 300), np.float32)
    )
    for seed in range(6):
        made = augment(pair, np.random.default_rng(seed))
        assert np.array_equal(made.real, made.fake)


def test_alterations_stay_slight(portrait: Portrait) -> None:
    for seed in range(12):
        altered = selfblend.alter(portrait.pixels, np.random.default_rng(seed))
        assert altered.shape == portrait.pixels.shape
        gap = np.abs(altered.astype(int) - portrait.pixels).mean()
        assert 0 < gap < 60
