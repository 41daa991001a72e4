"""Named changes befall as many pictures as they say, in the order and range that is written."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.errors import DataError
from unmask.forge.changes import drawn, read_changes

GREY = np.full((16, 16, 3), 100, np.uint8)
RANDOM = np.random.default_rng(0).integers(0, 256, (32, 32, 3), dtype=np.uint8)


def test_each_has_its_chance_and_its_range() -> None:
    changes = read_changes({"brightness": [0.5, -0.1, 0.1], "jpeg": [0.25, 40, 42]})
    rng = np.random.default_rng(1)
    chains = [drawn(changes, rng).steps for _ in range(2000)]
    names = [[step.operation.__name__ for step in chain] for chain in chains]
    assert sum("brighter" in some for some in names) == pytest.approx(1000, abs=80)
    assert sum("jpeg" in some for some in names) == pytest.approx(500, abs=70)
    assert ["brighter", "jpeg"] in names
    assert ["jpeg", "brighter"] not in names
    qualities = {
        s.arguments[0] for chain in chains for s in chain if s.operation.__name__ == "jpeg"
    }
    assert qualities == {40, 41, 42}
    shares = [s.arguments[0] for chain in chains for s in chain if s.operation.__name__ != "jpeg"]
    assert -0.1 <= min(shares) < -0.095
    assert 0.095 < max(shares) <= 0.1


@pytest.mark.parametrize(
    ("name", "amount", "expected"),
    [("brightness", 0.2, 151), ("brightness", -0.2, 49), ("contrast", 1.5, 86)],
)
def test_amounts_by_hand(name: str, amount: float, expected: int) -> None:
    (change,) = read_changes({name: [1.0, amount, amount]})
    assert (change.step(np.random.default_rng(0))(GREY) == expected).all()


@pytest.mark.parametrize(
    "name",
    ["jpeg", "webp", "blocks", "pixelate", "blur", "noise", "resize", "saturation", "gamma"],
)
def test_the_others_change_a_picture_and_keep_its_size(name: str) -> None:
    amount = {"jpeg": 50, "webp": 50, "blocks": 4, "pixelate": 2, "noise": 8.0}.get(name, 0.5)
    (change,) = read_changes({name: [1.0, amount, amount]})
    step = change.step(np.random.default_rng(0))
    made = step(RANDOM)
    assert made.shape == RANDOM.shape
    assert (made != RANDOM).any()
    assert (step(RANDOM) == made).all(), "a step can be replayed"


@pytest.mark.parametrize(
    ("given", "said"),
    [({"rotate": [1, 0, 1]}, "no change 'rotate'. There are: jpeg"),
     ({"blur": [0.5]}, "'blur' needs .chance, low, high., not"),
     ({"blur": [0.5, 2, 1]}, "chance of 0 to 1 and low up to high"),
     ({"blur": [1.5, 1, 2]}, "chance of 0 to 1")],
)  # fmt: skip
def test_what_does_not_fit_is_said(given: dict[str, object], said: str) -> None:
    with pytest.raises(DataError, match=said):
        read_changes(given)
