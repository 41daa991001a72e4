"""The layers against the authors' APSC-Net (qcf-568/MIML 2b73725), and what they are for."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from official import filled, noise
from unmask.detectors.image.web_iml.blocks import Weighed
from unmask.detectors.image.web_iml.loss import hard_pixels
from unmask.detectors.image.web_iml.method import WebImlMethod
from unmask.detectors.image.web_iml.rectify import KERNEL, Spread
from unmask.errors import ModelError

HERE = Path(__file__).parent
NAMES: dict[str, list[int]] = json.loads(gzip.decompress((HERE / "names.json.gz").read_bytes()))
GOLDEN = np.load(HERE / "golden.npz")
NARROW = {
    "side": 128,
    "depths": (1, 1, 2, 1),
    "widths": (8, 16, 16, 32),
    "drop_path": 0.0,
    "width": 32,
    "spread": 4,
    "dilations": (12, 24, 36),
}


@pytest.fixture(scope="module")
def network() -> Any:
    method = WebImlMethod(NARROW)
    made = method.network().eval()
    made.load_state_dict(method.convert(filled(NAMES, gain=1.4)))
    return made


def odds(name: str) -> torch.Tensor:
    real, edited = torch.from_numpy(GOLDEN[name]).unbind(-3)
    return edited - real


@torch.no_grad()
def test_every_map_is_the_authors(network: Any) -> None:
    maps = network.encoder(network.pixels(noise((2, 3, 128, 128), 5, 0, 255)))
    for place, map_ in enumerate(maps):
        np.testing.assert_allclose(
            map_[:, :, ::2, ::2], GOLDEN[f"map{place}"], rtol=1e-4, atol=1e-4
        )
    drawn, logit = network.judged(maps)
    for ours, name in zip(drawn, ("first", "second", "third", "last"), strict=True):
        np.testing.assert_allclose(ours, GOLDEN[name], rtol=1e-4, atol=1e-4)
    classes = torch.from_numpy(GOLDEN["classes"])
    torch.testing.assert_close(logit, classes[:, 1] - classes[:, 0], rtol=1e-4, atol=1e-4)


def test_the_loss_is_the_authors() -> None:
    """With few hard pixels, so that the least number counts, and with many."""
    target = torch.zeros(2, 128, 128)
    target[1, 10:60, 20:90] = 1
    target[0, :5] = -1
    found = []
    for scale, least in ((1, 1000), (4, 10)):
        for name in ("first", "last"):
            wide = F.interpolate(odds(name)[:, None] * scale, (128, 128), mode="bilinear")[:, 0]
            found.append(float(hard_pixels(wide, target, least=least)))
    assert found == pytest.approx(GOLDEN["ohem"].tolist(), rel=1e-4)


def test_easy_pixels_teach_nothing_where_enough_are_hard() -> None:
    odds_ = torch.tensor([[[8.0, 0.1, 0.1, -9.0]]], requires_grad=True)
    target = torch.tensor([[[1.0, 1.0, 0.0, -1.0]]])
    hard_pixels(odds_, target, least=1).backward()
    assert odds_.grad is not None
    assert (odds_.grad != 0).flatten().tolist() == [False, True, True, False]
    sure = torch.full((1, 2, 2), -20.0)
    assert float(hard_pixels(sure, torch.zeros(1, 2, 2), least=1)) == 0


@torch.no_grad()
def test_a_map_is_spread_by_its_own_kernel() -> None:
    """Each picture's by its own, as a convolution of that picture alone gives."""
    torch.manual_seed(0)
    spread = Spread(4).eval()
    chances = torch.rand(2, 1, 16, 20) * 0.1
    found = spread(chances)
    same = F.interpolate(chances, size=(64, 64), mode="bilinear", align_corners=True)
    kernels = spread.layers(same).reshape(2, 1, 1, KERNEL, KERNEL)
    for one, kernel, given in zip(chances, kernels, found, strict=True):
        plain = F.conv2d(one[None], kernel, padding=KERNEL // 2)[0]
        plain = (plain - plain.min()) / (plain.max() - plain.min() + 1e-8)
        torch.testing.assert_close(given, torch.maximum(plain, one), rtol=1e-4, atol=1e-4)
    assert bool((found >= chances).all())


def test_a_level_that_is_not_let_in_changes_nothing() -> None:
    weighed = Weighed(2, 8)
    last = weighed.weigh[2]
    with torch.no_grad():
        last.weight.zero_()
        last.bias.copy_(torch.tensor([50.0, -50.0]))
    fine = torch.rand(1, 8, 8, 8)
    torch.testing.assert_close(weighed([fine, torch.rand(1, 8, 4, 4) * 9]), fine)


@torch.no_grad()
def test_features_count_where_the_last_map_marks_and_around() -> None:
    spread = Spread(4).eval()
    last = spread.layers[-1]
    place = torch.arange(KERNEL) - KERNEL // 2
    last.weight.zero_()
    last.bias.copy_(torch.exp(-(place[:, None] ** 2 + place**2) / 18.0).flatten())
    chances = torch.zeros(1, 1, 32, 32)
    chances[0, 0, 8, 8] = 1
    weight = spread(chances)[0, 0]
    assert weight[8, 8] == 1
    assert 0.3 < float(weight[8, 11]) < 0.9
    assert float(weight[8, 22]) < 0.01
    assert not weight[25:, 25:].any()


def test_a_side_that_does_not_fit_is_refused() -> None:
    with pytest.raises(ModelError, match="multiples of 32"):
        WebImlMethod({"side": 96})
