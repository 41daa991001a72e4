"""ADDNet: what the map does to features, and where it lies."""

from __future__ import annotations

from typing import cast

import numpy as np
import pytest
import torch
from torch import nn

from official import noise
from unmask.detectors.image.addnet.attention import FACE, ORGANS, attention, mean_points, seen_in
from unmask.detectors.image.addnet.method import ADDNetMethod
from unmask.detectors.image.addnet.model import ADDNet, attended
from unmask.errors import ModelError
from unmask.nn.pixels import HALF, Pixels


@pytest.fixture(scope="module")
def network() -> ADDNet:
    torch.manual_seed(0)
    return cast(ADDNet, ADDNetMethod({"side": 64}).network().eval())


@torch.no_grad()
def test_an_empty_map_leaves_the_plain_network(network: ADDNet) -> None:
    face = noise((2, 3, 64, 64), 1, 0, 255)
    real, forged = network.net(Pixels(HALF)(face)).unbind(1)
    empty = network(face, torch.zeros(2, 64, 64))["logit"]
    torch.testing.assert_close(empty, forged - real)
    assert not torch.allclose(network(face)["logit"], empty)


@torch.no_grad()
def test_a_mean_face_stands_in(network: ADDNet) -> None:
    face = noise((2, 3, 64, 64), 2, 0, 255)
    drawn = torch.from_numpy(attention(mean_points(64), 64)).expand(2, -1, -1)
    given = ADDNetMethod({"side": 64}).run(network, {"face": face, "where": drawn})
    torch.testing.assert_close(network(face)["logit"], given["logit"])


def test_features_under_the_map_are_added_once_more() -> None:
    features = noise((1, 3, 8, 8), 3)
    where = torch.zeros(1, 32, 32)
    where[:, :16, :16] = 1
    given = attended(features, where)
    torch.testing.assert_close(given[..., :4, :4], 2 * features[..., :4, :4])
    torch.testing.assert_close(given[..., 4:], features[..., 4:])


def test_the_map_lies_where_the_points_are() -> None:
    points = mean_points(128)
    here = attention(points, 128)
    eyes = [here[round(float(y)), round(float(x))] for x, y in points[:2]]
    assert min(eyes) > 0.8 * ORGANS
    cheek = here[round(float(points[2, 1])), round(float(points[0, 0])) - 4]
    assert 0.8 * FACE < cheek < 1.2 * FACE
    assert here[0, 0] == 0
    moved = attention(points + np.float32([10, 6]), 128)
    np.testing.assert_allclose(moved[16:, 20:], here[10:-6, 10:-10], atol=0.2)
    assert float(np.abs(moved - here).max()) > 0.4


def test_without_a_face_the_mean_one_is_drawn() -> None:
    flat = np.full((64, 64, 3), 90, np.uint8)
    np.testing.assert_array_equal(seen_in(flat), attention(mean_points(64), 64))


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit ADDNet"):
        ADDNetMethod().convert(nn.Linear(2, 2).state_dict())
