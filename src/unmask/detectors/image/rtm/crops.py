"""Parts of pictures that begin on the grid on which colours were saved."""

from __future__ import annotations

from collections.abc import Sized
from typing import cast

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from unmask.train.task import Batch

GRID = 16
"""Pixels. Blocks of a JPEG have 8, but colours at half the size lie on a grid of 16, and the error
levels are found in the part that was cut out."""
_MOST = 0.75
_TRIES = 10
_OUTSIDE = (124, 116, 104)
"""The mean colour, which is 0 to the network."""


class Crops(Dataset[Batch]):
    """Of each whole picture a part of ``side`` pixels, mirrored either way half the time.

    Up to ten places are tried until neither edited nor authentic pixels are more than three
    quarters. A smaller picture is filled with the mean colour, which counts for nothing (-1 in the
    mask).
    """

    def __init__(self, base: Dataset[Batch], side: int, seed: int) -> None:
        self.base, self.side, self.seed = base, side, seed

    def __len__(self) -> int:
        return len(cast(Sized, self.base))

    def __getitem__(self, index: int) -> Batch:
        item = dict(self.base[index])
        rng = np.random.default_rng([self.seed, index, 3])
        picture, mask = torch.as_tensor(item["picture"]), item["mask"]
        flips = [axis for axis in (-1, -2) if rng.random() < 0.5]
        picture, mask = _filled(picture.flip(flips), mask.flip(flips), self.side)
        for _ in range(_TRIES):
            top, left = (GRID * int(rng.integers((s - self.side) // GRID + 1)) for s in mask.shape)
            inside = (slice(top, top + self.side), slice(left, left + self.side))
            part = mask[inside]
            if 1 - _MOST <= float((part > 0.5).float().mean()) <= _MOST:
                break
        item["picture"], item["mask"] = picture[(slice(None), *inside)], part
        if bool(item["masked"]):
            item["label"] = (part > 0.5).any().float()
        return item


def _filled(picture: Tensor, mask: Tensor, side: int) -> tuple[Tensor, Tensor]:
    """Picture (3, H, W) and mask (H, W), both with sides of ``side`` at least."""
    height, width = mask.shape
    if height >= side and width >= side:
        return picture, mask
    sides = max(height, side), max(width, side)
    whole = torch.tensor(_OUTSIDE)[:, None, None].expand(3, *sides).to(picture).clone()
    whole[:, :height, :width] = picture
    known = torch.full(sides, -1.0).to(mask)
    known[:height, :width] = mask
    return whole, known
