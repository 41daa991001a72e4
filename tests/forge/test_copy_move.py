"""Copies made to measure."""

from __future__ import annotations

import numpy as np
import pytest

from unmask.forge.copy_move import SHAPES, Move, copied
from unmask.types import Pixels


def picture(seed: int = 0) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (180, 240, 3)).astype(np.uint8)


@pytest.mark.parametrize("shape", SHAPES)
def test_the_piece_lies_at_both_places(shape: str) -> None:
    host = picture()
    made = copied(host, Move(48, shape=shape, feather=0), np.random.default_rng(1))
    assert made is not None
    assert not (made.source & made.target).any()
    assert made.source.sum() == made.target.sum() > 48 * 48 / 3
    np.testing.assert_array_equal(made.pixels[made.source], host[made.source])
    np.testing.assert_array_equal(made.pixels[made.target], host[made.source])
    np.testing.assert_array_equal(made.pixels[~made.target], host[~made.target])


def test_scale_and_mirror_are_as_asked() -> None:
    made = copied(picture(), Move(40, scale=1.5), np.random.default_rng(2))
    assert made is not None
    assert made.target.sum() / made.source.sum() == pytest.approx(2.25, rel=0.05)
    flipped = copied(picture(), Move(40, mirrored=True, feather=0), np.random.default_rng(3))
    assert flipped is not None
    rows, columns = np.nonzero(flipped.source)
    y, x = np.nonzero(flipped.target)
    piece = flipped.pixels[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    laid = flipped.pixels[y.min() : y.max() + 1, x.min() : x.max() + 1]
    inside = flipped.source[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
    np.testing.assert_array_equal(laid[:, ::-1][inside], piece[inside])


def test_no_room_no_copy() -> None:
    assert copied(picture(), Move(170), np.random.default_rng(4)) is None
