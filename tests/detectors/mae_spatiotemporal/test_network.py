"""Two masked autoencoders: what they draw, what they see of motion, and how the stages join."""

from __future__ import annotations

from typing import cast

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from official import noise
from unmask.detectors.video.mae_spatiotemporal.method import MaeSpatiotemporalMethod
from unmask.detectors.video.mae_spatiotemporal.model import MaeSpatiotemporal, motion
from unmask.errors import ModelError, UnknownName
from unmask.nn.masked_patches import drawn


def made(stage: str) -> tuple[MaeSpatiotemporalMethod, MaeSpatiotemporal]:
    torch.manual_seed(0)
    method = MaeSpatiotemporalMethod({**MaeSpatiotemporalMethod.small, "stage": stage})
    return method, cast(MaeSpatiotemporal, method.network())


def test_the_motion_of_a_shifted_face_is_the_shift() -> None:
    still = F.interpolate(noise((1, 3, 8, 8), 1, 0, 255), size=64, mode="bicubic")
    seen = motion(torch.stack([still, still.roll(2, -1)], 1))
    inner = seen[0, :, 16:-16, 16:-16].mean((1, 2)).atanh() * 4
    torch.testing.assert_close(inner, torch.tensor([2.0, 0.0, 2.0]), atol=0.1, rtol=0)


def test_what_is_seen_does_not_count_and_what_is_hidden_does() -> None:
    _, network = made("draw")
    hidden = drawn(1, 16, 0.75)
    picture = noise((1, 3, 32, 32), 2)
    place = int(hidden[0].nonzero()[0])
    row, column = place // 4 * 8, place % 4 * 8
    other = picture.clone()
    other[..., row : row + 8, column : column + 8] = noise((1, 3, 8, 8), 3)
    before = network.shown.missed(picture, hidden)
    after = network.shown.missed(other, hidden)
    assert before != after
    all_seen = torch.zeros(1, 16, dtype=torch.bool)
    assert float(network.shown.missed(picture, all_seen)) == 0


def test_drawing_gets_better() -> None:
    method, network = made("draw")
    slopes = torch.linspace(0, 255, 32).expand(8, 2, 3, 32, 32)
    batch = {"frames": slopes * torch.linspace(0.5, 1, 8).view(8, 1, 1, 1, 1)}
    rule = torch.optim.Adam([p for p in network.parameters() if p.requires_grad], 3e-3)
    faces = []
    for _ in range(30):
        loss, parts = method.loss(network, batch)
        rule.zero_grad()
        loss.backward()
        rule.step()
        faces.append(parts["face"])
    assert faces[-1] < 0.5 * faces[0]


def test_judging_goes_on_from_what_drawing_learnt() -> None:
    draw, network = made("draw")
    judge, _ = made("judge")
    weights = judge.convert(network.state_dict())
    assert weights["shown.vit.patch_embed.proj.weight"].equal(
        network.shown.vit.patch_embed.proj.weight
    )
    assert not any("decoder" in name or "token" in name.split(".")[1] for name in weights)
    fresh = judge.network()
    fresh.load_state_dict(weights)
    assert (judge.selects, draw.selects) == ("auc", "-missed")


def test_drawing_is_validated_by_what_it_misses() -> None:
    method, network = made("draw")
    outputs = method.run(network.eval(), method.example())
    again = method.run(network, method.example())
    assert method.measured(outputs, {})["missed"].equal(again["missed"])
    assert method.measured({"logit": torch.zeros(1)}, {}) == {}


def test_no_weights_are_published() -> None:
    with pytest.raises(ModelError, match="stage"):
        MaeSpatiotemporalMethod().network(pretrained=True)
    with pytest.raises(UnknownName, match="stage"):
        MaeSpatiotemporalMethod({"stage": "other"})
    with pytest.raises(ModelError, match="does not fit the two"):
        MaeSpatiotemporalMethod(MaeSpatiotemporalMethod.small).convert(nn.Linear(2, 2).state_dict())
