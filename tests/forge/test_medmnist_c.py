"""Corruptions of MedMNIST-C against what they are by definition."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.bench.perturb import conditions, over_picture
from unmask.catalog import catalog
from unmask.errors import SettingError, UnknownName
from unmask.forge.medmnist_c import LEVELS, brightened, contrasted, corrupted, defocused

RAMP = np.tile(np.linspace(40, 200, 64)[None, :, None], (64, 1, 3)).astype(np.uint8)


def moved(name: str, amount: float) -> float:
    return float(np.abs(corrupted(name, RAMP, amount).astype(float) - RAMP).mean())


@pytest.mark.parametrize("name", sorted(LEVELS))
def test_each_changes_a_picture_more_with_its_severity(name: str) -> None:
    if name == "skin-pixelate":  # a smooth ramp hardly shows it
        squares = np.kron(np.indices((16, 16)).sum(0) % 2, np.ones((3, 3)))[..., None] * 200
        picture = np.repeat(squares, 3, axis=2).astype(np.uint8)
        out = corrupted(name, picture, LEVELS[name][0])
        assert out.shape == picture.shape
        assert np.abs(out.astype(float) - picture).mean() > 5
        return
    assert 0 < moved(name, LEVELS[name][0]) < moved(name, LEVELS[name][-1])
    first, again = (corrupted(name, RAMP, LEVELS[name][2]) for _ in range(2))
    assert np.array_equal(first, again)
    assert first.dtype == np.uint8


def test_by_hand() -> None:
    flat = np.full((8, 8, 3), 100, np.uint8)
    assert np.all(brightened(flat, 1.5) == 150)
    two = np.concatenate([flat, flat + 100])
    assert {*contrasted(two, 0.5).ravel().tolist()} == {125, 175}  # about the mean, 150
    point = np.zeros((33, 33, 3), np.uint8)
    point[16, 16] = 255
    spread = defocused(point, 4)[..., 0]
    assert spread[16, 16] == spread[16, 20] == spread[13, 14] > 0
    assert spread[16, 22] == spread[12, 12] == 0
    grey = np.full((100, 100, 3), 128, np.uint8)
    salted = corrupted("skin-impulse", grey, 0.17)
    assert np.mean(salted != 128) == pytest.approx(0.17, abs=0.01)
    assert {*salted.ravel().tolist()} == {0, 128, 255}
    speckled = corrupted("skin-speckle", grey, 0.2) / 255
    assert speckled.std() == pytest.approx(0.2 * 128 / 255, abs=0.005)
    shot = corrupted("skin-shot", grey, 60) / 255
    assert shot.std() == pytest.approx(np.sqrt(128 / 255 / 60), abs=0.005)


def test_the_set_stands_for_its_members_and_cites_its_paper() -> None:
    found = conditions(["medmnist-c", "jpeg"], [2])
    assert found == [*(f"{name}@2" for name in LEVELS), "jpeg@2"]
    assert not np.array_equal(over_picture("skin-dark@2", RAMP), RAMP)
    (entry,) = (one for one in catalog() if one.key == "perturbation:medmnist-c")
    assert entry.arxiv == "2406.17536"
    with pytest.raises(SettingError, match="skin-jpeg"):
        corrupted("skin-magic", RAMP, 1)
    with pytest.raises(UnknownName, match="medmnist-c"):
        conditions(["medmnist"], [2])
