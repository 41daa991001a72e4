"""Masked patches: exact shares, all back in its place, and places as the authors have them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from official import noise
from unmask.nn.masked_patches import (
    Decoder,
    apart,
    drawn,
    filled,
    grid_places,
    patches,
    visible,
)


def test_patches_are_cut_row_by_row_with_colours_last() -> None:
    picture = torch.arange(2 * 3 * 4 * 6.0).reshape(2, 3, 4, 6)
    cut = patches(picture, 2)
    assert cut.shape == (2, 6, 12)
    expected = picture[1, :, 2:4, 2:4].permute(1, 2, 0).flatten()
    assert cut[1, 4].equal(expected)


@pytest.mark.parametrize("share", [0.25, 0.75, 0.9])
def test_the_share_that_is_hidden_is_exact(share: float) -> None:
    torch.manual_seed(0)
    hidden = drawn(50, 196, share)
    assert (hidden.sum(1) == round(share * 196)).all()
    assert float(hidden.float().mean(0).std()) < 0.1, "every place has its turn"


def test_what_was_seen_comes_back_to_its_place() -> None:
    torch.manual_seed(0)
    tokens, hidden = noise((3, 10, 4), 1), drawn(3, 10, 0.6)
    seen = visible(tokens, hidden)
    assert seen.shape == (3, 4, 4)
    whole = filled(seen, hidden, torch.full((1, 1, 4), 9.0))
    assert whole[~hidden].equal(tokens[~hidden])
    assert (whole[hidden] == 9).all()


def test_places_are_those_of_the_masked_autoencoder() -> None:
    """The authors' numbers for the second row and third column of a grid of three."""
    theirs = [0.909297, 0.198669, 0.019999, 0.002, -0.416147, 0.980067, 0.9998, 0.999998,
              0.841471, 0.099833, 0.01, 0.001, 0.540302, 0.995004, 0.99995, 1.0]  # fmt: skip
    found = grid_places(16, 3, extra=1)
    assert found.shape == (1, 10, 16)
    assert not found[0, 0].any()
    np.testing.assert_allclose(found[0, 6], theirs, atol=1e-6)


def test_only_what_is_counted_counts() -> None:
    target, given = noise((2, 4, 6), 2), noise((2, 4, 6), 3)
    counted = torch.tensor([[1, 0, 0, 1], [0, 0, 0, 0]])
    plain = apart(target, given, counted, normed=False)
    expected = (given - target).square()[0, [0, 3]].mean()
    torch.testing.assert_close(plain, torch.stack([expected, torch.tensor(0.0)]))
    louder = apart(target * 7 + 3, given, counted)
    torch.testing.assert_close(louder, apart(target, given, counted), rtol=1e-4, atol=1e-4)


def test_a_decoder_knows_places() -> None:
    torch.manual_seed(0)
    decoder = Decoder(4, 3, 12, width=16, depth=1, heads=2)
    same = decoder(torch.ones(1, 9, 4))
    assert same.shape == (1, 9, 12)
    assert (same[0, 0] - same[0, 1]).abs().max() > 1e-3
