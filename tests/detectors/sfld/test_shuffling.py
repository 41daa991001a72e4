"""SFLD: squares in other orders, and what that is good for."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from official import noise
from unmask.detectors.image.sfld.method import SfldMethod
from unmask.detectors.image.sfld.model import Sfld, shuffled
from unmask.errors import ModelError, SettingError


def made(**settings: Any) -> SfldMethod:
    return SfldMethod({**SfldMethod.small, **settings})


def squares(picture: Tensor, side: int) -> list[tuple[float, ...]]:
    cut = picture.unfold(-2, side, side).unfold(-2, side, side)
    flat = cut.permute(1, 2, 0, 3, 4).flatten(2).flatten(0, 1)
    return sorted(tuple(one.tolist()) for one in flat)


def test_shuffling_keeps_every_square() -> None:
    picture = noise((2, 3, 28, 28), 1, 0, 255)
    orders = torch.rand(2, 3, 16, generator=torch.Generator().manual_seed(0)).argsort(-1)
    views = shuffled(picture, 7, orders)
    assert views.shape == (2, 3, 3, 28, 28)
    for item in range(2):
        for view in range(3):
            assert squares(views[item, view], 7) == squares(picture[item], 7)
            assert not torch.equal(views[item, view], picture[item])
    first = int(orders[1, 2, 0])  # what lies at the first place now
    row, column = divmod(first, 4)
    taken = picture[1, :, row * 7 : row * 7 + 7, column * 7 : column * 7 + 7]
    assert torch.equal(views[1, 2, :, :7, :7], taken)


def test_one_square_as_large_as_the_picture_changes_nothing() -> None:
    picture = noise((2, 3, 28, 28), 1)
    alone = torch.zeros(2, 1, 1, dtype=torch.long)
    assert torch.equal(shuffled(picture, 28, alone)[:, 0], picture)


def test_a_scan_draws_nothing_and_a_training_does() -> None:
    torch.manual_seed(0)
    network: Any = made().network()
    picture = noise((2, 3, 28, 28), 2, 0, 255)
    with torch.no_grad():
        network.eval()
        assert torch.equal(network(picture)["each"], network(picture)["each"])
        network.train()
        assert not torch.equal(network(picture)["each"], network(picture)["each"])
    other: Any = made().network()
    assert torch.equal(network.orders_7, other.orders_7)


def test_only_the_heads_move() -> None:
    network = made().network()
    moving = {name for name, p in network.named_parameters() if p.requires_grad}
    assert moving == {f"heads.{i}.{kind}" for i in range(3) for kind in ("weight", "bias")}


def test_sizes_that_do_not_divide_are_refused() -> None:
    with pytest.raises(SettingError, match="divide"):
        made(sizes=(28, 9)).network()
    with pytest.raises(ModelError, match="one size"):
        made().convert({"fc.weight": torch.zeros(1, 16)})


def pictures(number: int, texture: float, content: float, seed: int) -> tuple[Tensor, Tensor]:
    """Forged ones have a fine checkerboard (``texture``), and are bright on the left instead of on
    the right (``content``), both in grey levels."""
    rng = torch.Generator().manual_seed(seed)
    label = (torch.arange(number) % 2).float()
    picture = 120 + 6 * torch.randn(number, 3, 28, 28, generator=rng)
    board = (torch.arange(28)[:, None] + torch.arange(28)).remainder(2) * 2.0 - 1
    left = (torch.arange(28) < 14).float() * 2 - 1
    picture += texture * label[:, None, None, None] * board
    return picture + content * (label * 2 - 1)[:, None, None, None] * left, label


def right(network: Sfld, texture: float, content: float) -> list[float]:
    """How often the whole and the shuffled head are right about new pictures."""
    train, label = pictures(160, texture, content, seed=1)
    test, truth = pictures(120, texture, content, seed=2)
    network.train()
    seen = [
        torch.cat(part) for part in zip(*(network.features(train) for _ in range(6)), strict=True)
    ]
    network.eval()
    result = []
    for learnt, asked in zip(seen, network.features(test), strict=True):
        mean, spread = learnt[:, 0].mean(0), learnt[:, 0].std(0) + 1e-6
        x, y = (learnt[:, 0] - mean) / spread, (asked - mean) / spread
        ridge = x.T @ x + 10 * torch.eye(x.shape[1])
        weights = torch.linalg.solve(ridge, x.T @ (label.repeat(6) * 2 - 1))
        result.append(float((((y @ weights).mean(1) > 0).float() == truth).float().mean()))
    return result


def test_a_shuffled_head_is_blind_to_the_content_and_not_to_the_texture() -> None:
    torch.manual_seed(0)
    network = made(sizes=(28, 14), views=4).network()
    assert isinstance(network, Sfld)
    whole, mixed = right(network, texture=0, content=40)
    assert whole > 0.8
    assert mixed < 0.65
    assert min(right(network, texture=14, content=0)) > 0.9
