from __future__ import annotations

import numpy as np
import pytest
from known_media import jpeg, scene

from unmask.index.hamming import near_pairs
from unmask.index.hashes import (
    LEAST_QUALITY,
    TURNS,
    distances,
    packed,
    spectrum,
    turned_spectrum,
)
from unmask.index.keypoints import find_points
from unmask.media.image import turned


def test_saving_changes_few_bits_and_another_picture_half() -> None:
    first = packed(spectrum(np.asarray(scene(1)))[0])
    saved = packed(spectrum(jpeg(scene(1), 40))[0])
    other = packed(spectrum(np.asarray(scene(2)))[0])
    near, far = distances(np.stack([saved, other]), first)
    assert near <= 16
    assert far > 80


@pytest.mark.parametrize("turn", TURNS)
def test_the_hash_of_a_turned_picture_follows_from_the_spectrum(turn: int) -> None:
    pixels = np.asarray(scene(3))
    coefficients, _ = spectrum(pixels)
    again, _ = spectrum(np.ascontiguousarray(turned(pixels, turn)))
    away = distances(packed(turned_spectrum(coefficients, turn))[None], packed(again))
    assert away[0] <= 6


def test_a_plain_picture_has_no_quality() -> None:
    assert spectrum(np.full((80, 90, 3), 77, np.uint8))[1] < LEAST_QUALITY
    assert spectrum(np.asarray(scene(1)))[1] >= LEAST_QUALITY


def test_marks_of_a_mirrored_picture_follow_from_the_upright_ones() -> None:
    grey = np.asarray(scene(4).convert("L"), np.float32)
    upright, mirrored = find_points(grey, 60), find_points(grey[:, ::-1].copy(), 60)
    mine = upright.mirrored(grey.shape[1])
    a, b = near_pairs(mine.bits(), mirrored.bits(), 8)
    same = np.hypot(*(mine.places[a, :2] - mirrored.places[b, :2]).T) < 1.5
    assert same.sum() > 25


def test_a_picture_without_marks_gives_none() -> None:
    assert len(find_points(np.full((60, 60), 90, np.float32), 50).places) == 0
    assert len(find_points(np.zeros((5, 7), np.float32), 50).places) == 0


def test_pairs_are_those_of_a_plain_search() -> None:
    luck = np.random.default_rng(5)
    mine = luck.integers(0, 1 << 63, 40, np.uint64)
    theirs = luck.integers(0, 1 << 63, 500, np.uint64)
    theirs[::50] = mine[:10] ^ np.uint64(0b1011)
    theirs[1::50] = mine[10:20] ^ np.uint64(0xFFFF)
    a, b = near_pairs(mine, theirs, 4)
    expected = [
        (i, j)
        for i in range(40)
        for j in range(500)
        if np.bitwise_count(mine[i] ^ theirs[j]) <= 4
        and ((mine[i] ^ theirs[j]).reshape(1).view(np.uint16) == 0).any()
    ]
    assert list(zip(a.tolist(), b.tolist(), strict=True)) == expected
    assert len(expected) >= 10
