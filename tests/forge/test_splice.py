"""Local forgeries: they change what the mask says, and nothing else."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from unmask.forge.shapes import random_mask
from unmask.forge.splice import FAMILIES, HELD_OUT, edit, fitted
from unmask.types import Pixels

EVERY = (*FAMILIES, *HELD_OUT)


def photo(seed: int, height: int = 160, width: int = 192) -> Pixels:
    """Smooth shapes with grain, as a camera gives."""
    rng = np.random.default_rng(seed)
    coarse = rng.uniform(20, 235, (7, 8, 3)).astype(np.float32)
    smooth = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    grain = rng.normal(0, 4, smooth.shape)
    return np.clip(smooth + grain, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("family", EVERY)
@pytest.mark.parametrize("seed", range(4))
def test_only_the_marked_area_changes(family: str, seed: int) -> None:
    host = photo(seed)
    done = edit(host, photo(seed + 50), np.random.default_rng(seed), family)
    assert done.family == family
    assert done.pixels.shape == host.shape
    assert done.pixels.dtype == np.uint8
    assert set(np.unique(done.mask)) <= {0, 1}
    changed = np.abs(done.pixels.astype(int) - host).max(2) > 0
    inside = done.mask > 0
    assert changed[inside].mean() > 0.3
    # A feathered edge reaches a little beyond the mask and no further.
    rim = cv2.dilate(done.mask, np.ones((41, 41), np.uint8)) > 0
    assert not changed[~rim].any()


@pytest.mark.parametrize("family", EVERY)
def test_a_seed_repeats_a_forgery(family: str) -> None:
    one = edit(photo(1), photo(2), np.random.default_rng(3), family)
    two = edit(photo(1), photo(2), np.random.default_rng(3), family)
    np.testing.assert_array_equal(one.pixels, two.pixels)
    np.testing.assert_array_equal(one.mask, two.mask)


def test_the_host_is_left_alone() -> None:
    host = photo(1)
    before = host.copy()
    for seed, family in enumerate(EVERY):
        edit(host, photo(2), np.random.default_rng(seed), family)
    np.testing.assert_array_equal(host, before)


def test_without_a_name_every_training_family_is_drawn_and_no_other() -> None:
    rng = np.random.default_rng(0)
    drawn = {edit(photo(1, 96, 96), photo(2), rng).family for _ in range(60)}
    assert drawn == set(FAMILIES)


def test_a_copied_piece_comes_from_the_same_picture() -> None:
    host = np.zeros((120, 120, 3), np.uint8)
    host[..., 0] = np.arange(120)[:, None]
    done = edit(host, photo(2), np.random.default_rng(1), "copy-move")
    assert done.pixels[..., 1:].max() == 0


def test_a_flat_picture_can_be_retouched() -> None:
    flat = np.zeros((96, 96, 3), np.uint8)
    done = edit(flat, flat, np.random.default_rng(0), "retouch")
    assert done.pixels.shape == flat.shape


@pytest.mark.parametrize("size", [(64, 64), (100, 300), (401, 77)])
def test_a_donor_of_any_size_fits(size: tuple[int, int]) -> None:
    rng = np.random.default_rng(0)
    for donor in (photo(1, 40, 60), photo(1, 300, 200), photo(1, 90, 500)):
        assert fitted(donor, *size, rng).shape == (*size, 3)


@pytest.mark.parametrize("seed", range(12))
def test_masks_keep_their_bounds(seed: int) -> None:
    mask = random_mask(photo(seed), np.random.default_rng(seed))
    assert mask.shape == (160, 192)
    assert mask.dtype == np.float32
    assert mask.min() >= 0
    assert mask.max() <= 1 + 1e-6
    assert 1 / 150 <= (mask > 0.5).mean() <= 0.5
