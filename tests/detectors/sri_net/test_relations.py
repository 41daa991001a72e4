"""SRI-Net: texture, light and what shines ask each other as the formulas say."""

from __future__ import annotations

from typing import cast

import pytest
import torch

from official import noise
from unmask.detectors.image.sri_net.model import SriNet, asked
from unmask.errors import ModelError
from unmask.train.method import method_named


@pytest.fixture(scope="module")
def network() -> SriNet:
    kind = method_named("sri_net")
    torch.manual_seed(0)
    return cast(SriNet, kind(kind.small).network().eval())


def test_each_place_hears_the_places_that_are_like_it() -> None:
    asking, known = noise((1, 6, 2, 3), 1), noise((1, 6, 3, 2), 2)
    ours = asked(asking, known)
    assert ours.shape == asking.shape
    places = known[0].flatten(1).T
    for row in range(2):
        for column in range(3):
            looks = (places @ asking[0, :, row, column] / 6**0.5).softmax(0)
            torch.testing.assert_close(ours[0, :, row, column], looks @ places)


@torch.no_grad()
def test_both_stages_are_those_of_the_paper(network: SriNet) -> None:
    texture, direct, specular = (noise((1, 91, 4, 4), seed) for seed in (3, 4, 5))
    first = network.light_middle(asked(texture, direct) + texture + direct)
    shining = network.specular_middle(specular)
    wanted = asked(first, shining) + shining
    torch.testing.assert_close(network.related(texture, direct, specular), wanted)


def test_every_part_of_the_light_and_the_picture_count(network: SriNet) -> None:
    light = method_named("sri_net")({"side": 64}).example(1)["light"].requires_grad_()
    (slope,) = torch.autograd.grad(network(light)["logit"].sum(), light)
    assert (slope.abs().amax((0, 2, 3)) > 0).all()


def test_a_strangers_checkpoint_is_refused() -> None:
    kind = method_named("sri_net")
    with pytest.raises(ModelError, match="does not fit SRI-Net"):
        kind(kind.small).convert({"backbone.conv1.weight": torch.zeros(2)})
