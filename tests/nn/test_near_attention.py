"""Attention within reach, against torch's own with a mask."""

from __future__ import annotations

import torch
from torch import nn

from official import noise
from unmask.nn.near_attention import Near, Reaching


@torch.no_grad()
def test_it_is_torchs_attention_with_a_band() -> None:
    torch.manual_seed(0)
    near = Reaching(8, heads=2, reach=2)
    theirs = nn.MultiheadAttention(8, 2, batch_first=True)
    theirs.in_proj_weight.copy_(torch.cat([p.weight for p in (near.ask, near.key, near.value)]))
    theirs.in_proj_bias.copy_(torch.cat([p.bias for p in (near.ask, near.key, near.value)]))
    theirs.out_proj.load_state_dict(near.join.state_dict())
    one, other = noise((2, 7, 8), 1), noise((2, 7, 8), 2)
    place = torch.arange(7)
    far = (place[:, None] - place).abs() > 2
    wanted, _ = theirs(one, other, other, attn_mask=far)
    torch.testing.assert_close(near(one, other), wanted, atol=1e-5, rtol=1e-5)


@torch.no_grad()
def test_what_is_far_off_changes_nothing() -> None:
    near = Near(8, heads=2, reach=1).eval()
    x = noise((1, 9, 8), 3)
    y = x.clone()
    y[:, 0] += 1
    moved = (near(x) - near(y)).abs().amax(-1)[0]
    assert (moved[:2] > 0).all()
    assert (moved[2:] == 0).all()
