"""Laundering keeps size and geometry, degrades as named, and can be replayed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.errors import SettingError
from unmask.forge import launder, operations


def scene(height: int = 96, width: int = 120) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 70 * np.sin(x / 5 + 2 * c) + 40 * np.cos(y / (4 + c)) for c in range(3)]
    return np.clip(np.stack(waves, -1), 0, 255).astype(np.uint8)


def loss(condition: str) -> float:
    picture = scene()
    return float(np.abs(launder.apply(condition, picture).astype(int) - picture).mean())


@pytest.mark.parametrize("condition", launder.CONDITIONS)
def test_condition_keeps_shape_and_changes_all_but_clean(condition: str) -> None:
    picture = scene()
    changed = launder.apply(condition, picture)
    assert changed.shape == picture.shape
    assert changed.dtype == np.uint8
    assert (changed is picture) == (condition == "clean")
    assert (loss(condition) > 0.05) == (condition != "clean")


@pytest.mark.parametrize(
    ("mild", "strong"),
    [
        ("jpeg:90", "jpeg:30"),
        ("webp:90", "webp:30"),
        ("h264:20", "h264:40"),
        ("resize:0.8", "resize:0.3"),
        ("blur:0.6", "blur:2"),
        ("noise:2", "noise:9"),
        ("gamma:1.1", "gamma:1.6"),
        ("saturation:0.4", "saturation:0"),
        ("contrast:0.85", "contrast:0.35"),
        ("blocks:16", "blocks:80"),
        ("pixelate:2", "pixelate:6"),
    ],
)
def test_stronger_condition_loses_more(mild: str, strong: str) -> None:
    assert loss(strong) > loss(mild)


@pytest.mark.parametrize("condition", ["jpg:50", "jpeg", "jpeg:high", ""])
def test_unknown_condition_names_the_known(condition: str) -> None:
    with pytest.raises(SettingError, match="jpeg:AMOUNT"):
        launder.apply(condition, scene())


def test_what_deeper_forensics_does() -> None:
    picture = scene(300, 520)
    grey = launder.apply("saturation:0", picture)
    assert (grey.max(axis=2) == grey.min(axis=2)).all()
    luma = picture @ np.array([0.299, 0.587, 0.114])
    assert np.abs(grey[..., 0] - luma).max() <= 0.5 + 1e-9
    assert np.array_equal(launder.apply("contrast:0.5", picture), picture // 2)
    squares = launder.apply("blocks:16", picture)
    touched = (squares != picture).any(axis=2)
    assert (squares[touched] == 128).all()
    assert 0 < touched.sum() <= 16 * 64
    assert np.array_equal(squares, launder.apply("blocks:16", picture))
    coarse = launder.apply("pixelate:6", picture)
    assert coarse.std() < picture.std()
    assert launder.apply("blocks:80", scene(5, 4)).shape == (5, 4, 3)
    assert launder.apply("pixelate:6", scene(5, 4)).shape == (5, 4, 3)


def test_h264_takes_odd_sides() -> None:
    picture = scene(71, 65)
    assert operations.h264(picture, 23).shape == picture.shape


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.floats(0, 2))
def test_pair_gets_one_chain(seed: int, strength: float) -> None:
    picture = scene(48, 56)
    first, second = launder.launder_pair(
        picture, picture.copy(), np.random.default_rng(seed), strength
    )
    assert first.shape == picture.shape
    np.testing.assert_array_equal(first, second)


def test_same_seed_same_picture_other_seed_other_picture() -> None:
    picture = scene()
    outcomes = [launder.launder(picture, np.random.default_rng(seed)) for seed in (4, 4, 5)]
    np.testing.assert_array_equal(outcomes[0], outcomes[1])
    assert (outcomes[0] != outcomes[2]).any()


def test_strength_raises_the_mean_loss() -> None:
    picture = scene()

    def mean(strength: float) -> float:
        runs = [launder.launder(picture, np.random.default_rng(s), strength) for s in range(40)]
        return float(np.mean([np.abs(run.astype(int) - picture).mean() for run in runs]))

    assert mean(2.0) > mean(0.2)
