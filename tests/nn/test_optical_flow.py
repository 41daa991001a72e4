"""Optical flow against known moves, and against OpenCV's (Farnebäck 2003)."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from official import noise
from unmask.nn.optical_flow import flow, grey, warped


def texture(side: int = 96) -> Tensor:
    """Smooth noise, 0…1."""
    return F.interpolate(noise((1, 1, side // 6, side // 6), 3, 0, 1), size=side, mode="bicubic")


def shifted(picture: Tensor, across: float, down: float) -> Tensor:
    move = torch.tensor([across, down]).view(1, 2, 1, 1).expand(1, 2, *picture.shape[-2:])
    return warped(picture, -move)


@pytest.mark.parametrize(("across", "down"), [(1.0, 0.0), (0.0, -2.0), (3.5, 1.25), (-6.0, 4.0)])
def test_the_flow_of_a_shifted_picture_is_the_shift(across: float, down: float) -> None:
    picture = texture()
    found = flow(picture, shifted(picture, across, down))[0, :, 16:-16, 16:-16]
    right = torch.tensor([across, down]).view(2, 1, 1)
    assert float((found - right).norm(dim=0).mean()) < 0.1


def test_it_is_as_near_as_opencvs() -> None:
    """A picture that turns a little: both know how far each place goes."""
    picture = texture()
    y, x = torch.meshgrid(torch.arange(96.0), torch.arange(96.0), indexing="ij")
    turn = torch.stack([-(y - 47.5) * 0.04, (x - 47.5) * 0.04])[None]
    second = warped(picture, -turn)
    ours = flow(picture, second)[0]
    frames = [(one[0, 0].numpy() * 255).astype(np.uint8) for one in (picture, second)]
    theirs = cv2.calcOpticalFlowFarneback(*frames, None, 0.5, 3, 9, 3, 5, 1.1, 0)
    inner = (slice(None), slice(16, -16), slice(16, -16))
    gap = (ours - turn[0])[inner].norm(dim=0).mean()
    other = (torch.from_numpy(theirs).permute(2, 0, 1) - turn[0])[inner].norm(dim=0).mean()
    assert float(gap) < max(0.15, 1.5 * float(other))


def test_nothing_moves_where_there_is_nothing_to_see() -> None:
    flat = torch.full((1, 1, 32, 32), 0.4)
    assert flow(flat, flat).abs().max() == 0
    assert flow(flat, flat + 0.01).abs().max() < 1e-3


def test_grey_is_that_of_television() -> None:
    white = grey(torch.full((1, 3, 2, 2), 255.0))
    torch.testing.assert_close(white, torch.ones(1, 1, 2, 2))
    green = torch.zeros(1, 3, 1, 1)
    green[:, 1] = 255
    assert float(grey(green)) == pytest.approx(0.587)


def test_mixed_precision_leaves_the_flow_exact() -> None:
    frames = torch.cat([texture(), shifted(texture(), 2.5, -1.0)]).expand(-1, 3, -1, -1) * 255
    with torch.autocast("cpu", torch.bfloat16):
        assert F.conv2d(frames, torch.ones(1, 3, 1, 1)).dtype == torch.bfloat16
        seen = grey(frames)
        mixed = flow(seen[:1], seen[1:])
    assert seen.dtype == mixed.dtype == torch.float32
    assert torch.equal(mixed, flow(*grey(frames).split(1)))
