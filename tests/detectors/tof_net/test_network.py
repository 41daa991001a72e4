"""TOF-Net: the shares of motion, and squares that tremble among squares that glide."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from unmask.detectors.video.tof_net.method import TOFNetMethod
from unmask.detectors.video.tof_net.model import DIRECTIONS, SPEEDS, Motion, flows, shares
from unmask.errors import ModelError


def moving(across: float, down: float) -> Tensor:
    return torch.tensor([across, down]).view(1, 2, 1, 1).expand(1, 2, 8, 8)


def test_all_that_stands_still_is_in_the_first_share() -> None:
    told = shares(moving(0, 0))[0]
    assert told.shape == (SPEEDS + DIRECTIONS,)
    assert float(told[0]) == pytest.approx(1, abs=1e-3)
    assert float(told[:SPEEDS].sum()) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("turn", range(DIRECTIONS))
def test_a_direction_is_in_its_share(turn: int) -> None:
    angle = 2 * np.pi * turn / DIRECTIONS
    told = shares(moving(3 * np.cos(angle), 3 * np.sin(angle)))[0, SPEEDS:]
    assert int(told.argmax()) == turn
    assert float(told.sum()) == pytest.approx(1, abs=1e-4)


def test_what_is_faster_is_in_a_later_share() -> None:
    places = [int(shares(moving(speed, 0))[0, :SPEEDS].argmax()) for speed in (0.0, 0.5, 2, 8, 40)]
    assert places == sorted(set(places))
    assert places[-1] == SPEEDS - 1


def squares(seed: int, trembling: bool) -> Tensor:
    """A clip (8, 3, 32, 32) of a bright square that goes its way, or trembles on it."""
    rng = np.random.default_rng(seed)
    clip = np.full((8, 3, 32, 32), 60, np.float32) + rng.normal(0, 4, (8, 3, 32, 32))
    at, way = rng.uniform(8, 12, 2), rng.uniform(-1, 1, 2)
    for frame in clip:
        off = rng.uniform(-3, 3, 2) if trembling else 0.0
        y, x = np.round(at + off).astype(int)
        frame[:, y : y + 10, x : x + 10] += 120
        at = at + way
    return torch.from_numpy(clip.clip(0, 255).astype(np.float32))


def test_trembling_is_told_by_the_branch_of_motion() -> None:
    torch.manual_seed(0)
    label = (torch.arange(40) % 2).float()
    clips = torch.stack([squares(n, bool(n % 2)) for n in range(40)])
    with torch.no_grad():
        moved = flows(clips)
    branch, head = Motion(), nn.Linear(128, 1)
    rule = torch.optim.Adam([*branch.parameters(), *head.parameters()], lr=3e-3)
    for _ in range(15):
        logit = head(branch.read(moved[:24]))[:, 0]
        loss = nn.functional.binary_cross_entropy_with_logits(logit, label[:24])
        rule.zero_grad()
        loss.backward()
        rule.step()
    with torch.no_grad():
        found = head(branch.read(moved[24:]))[:, 0] > 0
    assert int((found == label[24:].bool()).sum()) >= 14


def test_a_start_from_weights_is_refused() -> None:
    with pytest.raises(ModelError, match="no published start"):
        TOFNetMethod().network(pretrained=True)


def test_another_networks_checkpoint_is_refused() -> None:
    with pytest.raises(ModelError, match="does not fit TOF-Net"):
        TOFNetMethod(TOFNetMethod.small).convert(nn.Linear(2, 2).state_dict())
