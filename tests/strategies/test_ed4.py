"""Sectors tile the circle, mixtures keep their labels, and features mind a displacement less."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from stand import Looking
from torch import Tensor, nn
from torch.nn import functional as F
from toy import recipe

from unmask.errors import DataError
from unmask.strategies.base import Training
from unmask.strategies.ed4 import ED4, Debiasing, displaced, sectors


@pytest.mark.parametrize("faces", [2, 3, 5])
def test_sectors_tile_the_picture_exactly(faces: int) -> None:
    torch.manual_seed(faces)
    shares = sectors(4, faces, 20, 24)
    assert shares.shape == (faces, 4, 20, 24)
    assert torch.allclose(shares.sum(0), torch.ones(4, 20, 24), atol=1e-5)
    assert (shares.amax(0) > 0.99).float().mean() > 0.6  # most of it is of one face alone


class Seeing(Looking):
    inputs = ("x",)  # type: ignore[assignment]

    def scores(self, network: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        given: Tensor = network(batch["x"].float() / 255)[:, 0]
        return given


def strategy(tmp_path: Path, network: nn.Module, **settings: float) -> ED4:
    one = ED4(Debiasing(**settings))  # type: ignore[arg-type]
    one.begin(Training(Seeing(recipe(), tmp_path), network, tmp_path, torch.device("cpu"), 9, 1))
    return one


def small() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(3, 6, 3, padding=1), nn.ReLU(), nn.AdaptiveAvgPool2d(4), nn.Flatten(),
        nn.Linear(96, 12), nn.ReLU(), nn.Linear(12, 1),
    )  # fmt: skip


def test_real_mixtures_are_of_real_faces_and_one_forged_sector_is_enough(tmp_path: Path) -> None:
    torch.manual_seed(0)
    one = strategy(tmp_path, small(), mixed=1.0, faces=3)
    labels = torch.tensor([0.0, 0, 0, 0, 1, 1, 1, 1])
    pictures = torch.zeros((8, 3, 16, 16), dtype=torch.uint8)
    pictures[4:] = 200
    masks = labels[:, None, None] * torch.ones(8, 16, 16)
    made = one.batch({"x": pictures, "label": labels, "mask": masks, "index": torch.arange(8)})
    assert made["x"].dtype == torch.uint8
    assert made["x"][:4].max() == 0  # nothing forged came into real ones
    assert made["label"].tolist() == labels.tolist()
    torch.testing.assert_close(made["x"][:, 0].float(), 200 * made["mask"], atol=0.6, rtol=0)
    assert (made["index"] == -1).sum() >= 6
    plain = strategy(tmp_path, small(), mixed=0.0).batch({"x": pictures, "label": labels})
    assert torch.equal(plain["x"], pictures)


def test_no_displacement_is_no_change() -> None:
    pictures = torch.rand(2, 3, 9, 12)
    same = displaced(pictures, torch.zeros(2, 2, 6, 6))
    torch.testing.assert_close(same, pictures, atol=1e-5, rtol=1e-4)


def sensitivity(weight: float, tmp_path: Path) -> float:
    """How far a random displacement moves the features of a network trained for some steps."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    network = small()
    one = strategy(tmp_path, network, weight=weight, moved=0.1)
    optimiser = torch.optim.Adam(network.parameters(), 5e-3)
    labels = (torch.arange(32) % 2).float()
    pictures = 255 * torch.rand(32, 3, 16, 16)
    pictures[1::2, :, 5:11, 5:11] *= 0.3
    batch = {"x": pictures, "label": labels}
    for _ in range(60):
        loss = F.binary_cross_entropy_with_logits(one.scores(batch), labels)
        total, _ = one.loss(loss, batch)
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
    said, still = one._features.of(one.scores, batch)
    assert ((said > 0) == (labels > 0.5)).float().mean() > 0.95  # it still does its work
    away = 0.2 * torch.randn((32, 2, 6, 6), generator=torch.Generator().manual_seed(5)).sign()
    _, moved = one._features.of(one.scores, {**batch, "x": displaced(pictures, away)})
    return float((1 - F.cosine_similarity(still, moved, dim=1)).mean().detach())


def test_features_mind_a_displacement_less(tmp_path: Path) -> None:
    plain, trained = sensitivity(0.0, tmp_path), sensitivity(0.1, tmp_path)
    assert trained < 0.4 * plain


def test_a_method_without_pictures_is_refused(tmp_path: Path) -> None:
    one = strategy(tmp_path, small())
    with pytest.raises(DataError, match="takes none"):
        one.batch({"x": torch.zeros(2, 100), "label": torch.zeros(2)})
