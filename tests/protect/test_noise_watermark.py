"""Noises of the bank are found under noise, foreign ones are not, turned ones show their group."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import rotate

from unmask.errors import DataError
from unmask.protect.base import Given
from unmask.protect.noise_watermark import (
    Bank,
    NoiseWatermark,
    marked,
    nearest_group,
    nearest_noise,
)

KEY = b"a secret of mine"
BANK = Bank(noises=300, groups=100)


def looked_up(latent: np.ndarray, tmp_path: Path, key: bytes = KEY) -> dict[str, object]:
    np.save(tmp_path / "latent.npy", latent)
    one = NoiseWatermark(BANK)
    return dict(one.protect(Given(file=tmp_path / "latent.npy", key=key)).values)


def test_noises_are_found_again_under_as_much_noise(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(0, 300, 60):
        latent = marked(KEY, BANK, number) + rng.standard_normal((4, 64, 64)).astype(np.float32)
        found = looked_up(latent, tmp_path)
        assert (found["number"], found["group"], found["found"]) == (number, number % 100, True)
        assert 0.6 < float(str(found["cosine"])) < 0.8  # 1 / sqrt(2)


def test_foreign_latents_are_not_found() -> None:
    rng = np.random.default_rng(1)
    least = 1.0
    for _ in range(50):
        latent = rng.standard_normal((4, 64, 64)).astype(np.float32)
        group, _ = nearest_group(latent, KEY, BANK)
        least = min(least, nearest_noise(latent, KEY, BANK, group)[2])
    assert least > 1e-3


def test_another_secret_finds_nothing(tmp_path: Path) -> None:
    assert not looked_up(marked(KEY, BANK, 7), tmp_path, KEY + b"!")["found"]


def test_a_turned_latent_shows_its_group_alone(tmp_path: Path) -> None:
    found = 0
    for number in range(5):
        turned = rotate(marked(KEY, BANK, number), 75, axes=(1, 2), reshape=False, mode="wrap")
        said = looked_up(turned.astype(np.float32), tmp_path)
        found += said["group"] == number
        assert not said["found"]
    assert found == 5


def test_a_mark_is_as_strong_as_the_noise_and_leaves_it_normal() -> None:
    latent = marked(KEY, BANK, 3)
    assert latent.std() == pytest.approx(1, abs=0.05)
    assert abs(latent.mean()) < 0.02


@pytest.mark.parametrize(
    ("array", "said"),
    [
        (np.zeros((3, 64, 64), np.float32), "a latent of this bank is"),
        (np.full((4, 64, 64), np.nan, np.float32), "is no number"),
        (np.array([{}], object), "is no array of numpy"),
    ],
)
def test_what_is_no_latent_is_refused(array: np.ndarray, said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        looked_up(array, tmp_path)
