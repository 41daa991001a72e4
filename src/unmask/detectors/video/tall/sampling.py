"""What TALL does to its training clips: a random part of every frame, and a hole in all of them."""

from __future__ import annotations

from collections.abc import Sized
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from unmask.train.method import Batch

SCALES = (1.0, 0.875, 0.75, 0.66)
"""Sides of the part, as shares; height and width differ by one step at most (Wang et al. 2016)."""
MEAN = (124.0, 116.0, 104.0)
"""What a hole is filled with: the colour that the network subtracts."""


class Masked(Dataset[Batch]):
    """Clips of ``base`` with one part of all frames scaled up, and one square hole at one place.

    ``hole``: its side in pixels (section 3.1), part of which may lie outside. Entry *i* depends on
    (seed, i) alone.
    """

    def __init__(self, base: Dataset[Batch], hole: int, seed: int) -> None:
        self.base, self.hole, self.seed = base, hole, seed

    def __len__(self) -> int:
        return len(cast(Sized, self.base))

    def __getitem__(self, index: int) -> Batch:
        item = dict(self.base[index])
        rng = np.random.default_rng([self.seed, index, 3])
        item["frames"] = holed(part(item["frames"], rng), self.hole, rng)
        return item


def part(frames: Tensor, rng: np.random.Generator) -> Tensor:
    """A part of the frames (T × 3 × height × width) at their old size; 8 bits stay 8 bits."""
    height, width = frames.shape[-2:]
    first = int(rng.integers(len(SCALES)))
    second = int(np.clip(first + rng.integers(-1, 2), 0, len(SCALES) - 1))
    rows, columns = int(height * SCALES[first]), int(width * SCALES[second])
    top, left = int(rng.integers(height - rows + 1)), int(rng.integers(width - columns + 1))
    cut = frames[..., top : top + rows, left : left + columns].float()
    scaled = F.interpolate(cut, size=(height, width), mode="bilinear")
    return scaled.round().to(frames.dtype)


def holed(frames: Tensor, side: int, rng: np.random.Generator) -> Tensor:
    """The frames without a square of ``side`` pixels, at one random place in all of them."""
    height, width = frames.shape[-2:]
    y, x = int(rng.integers(height)), int(rng.integers(width))
    rows = slice(max(0, y - side // 2), y + side // 2)
    columns = slice(max(0, x - side // 2), x + side // 2)
    filled = frames.clone()
    filled[..., rows, columns] = torch.tensor(MEAN, dtype=frames.dtype).view(3, 1, 1)
    return filled
