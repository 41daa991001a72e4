"""AWARE-NET: the rule over families, whatever their members are."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor, nn

from unmask.detectors.image.aware_net.method import AwareNetMethod
from unmask.detectors.image.aware_net.model import AwareNet, Member
from unmask.errors import ModelError, SettingError


class Says(nn.Module):
    """A member that says what it sees in one pixel, or noise."""

    def __init__(self, gain: float) -> None:
        super().__init__()
        self.gain = gain

    def forward(self, face: Tensor) -> Tensor:
        if self.gain:
            return self.gain * (face[:, 0, 0, 0] - 0.5)
        return torch.randn(len(face)) * 2


def net(*gains: tuple[float, ...]) -> AwareNet:
    network = AwareNet(("test_resnet",), 1)
    network.members = nn.ModuleList(nn.ModuleList(Says(g) for g in family) for family in gains)
    network.weights = nn.Parameter(torch.zeros(len(gains)))
    return network


def test_the_score_is_the_weighed_mean_of_plain_means() -> None:
    network = net((4.0, 8.0), (2.0, 2.0))
    with torch.no_grad():
        network.weights.copy_(torch.tensor([1.0, 0.0]))
        given = network(torch.ones(1, 3, 2, 2))
    first = (torch.tensor(2.0).sigmoid() + torch.tensor(4.0).sigmoid()) / 2
    second = torch.tensor(1.0).sigmoid()
    share = torch.tensor([1.0, 0.0]).softmax(0)
    fused = share[0] * first + share[1] * second
    torch.testing.assert_close(given["logit"][0].sigmoid(), fused)
    torch.testing.assert_close(given["families"][0].sigmoid(), torch.stack([first, second]))
    torch.testing.assert_close(given["shares"].sum(1), torch.ones(1))


def test_a_useless_family_comes_to_count_little() -> None:
    torch.manual_seed(0)
    network = net((6.0, 6.0), (0.0, 0.0))
    optimiser = torch.optim.Adam([network.weights], lr=0.1)
    for _ in range(150):
        label = torch.randint(2, (64,)).float()
        face = label[:, None, None, None].expand(-1, 3, 2, 2)
        logit = network(face)["logit"]
        loss = nn.functional.binary_cross_entropy_with_logits(logit, label)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    shares = network.weights.detach().softmax(0)
    assert shares[1] < 0.1


def test_published_methods_are_members_too() -> None:
    torch.manual_seed(0)
    network = AwareNet(("test_resnet", "method:mesonet"), 1).eval()
    with torch.no_grad():
        given = network(torch.rand(2, 3, 96, 96) * 255)
    assert given["families"].shape == (2, 2)
    assert torch.isfinite(given["logit"]).all()
    with pytest.raises(ModelError, match="one picture"):
        Member("rawnet2", pretrained=False)
    with pytest.raises(SettingError, match="at least one"):
        AwareNet((), 1)


def test_copies_differ_and_members_can_stand_still() -> None:
    torch.manual_seed(0)
    method = AwareNetMethod({**AwareNetMethod.small, "members": False})
    network: Any = method.network()
    first, second = (next(one.parameters()) for one in network.members[0])
    assert not torch.equal(first, second)
    assert [n for n, p in network.named_parameters() if p.requires_grad] == ["weights"]
