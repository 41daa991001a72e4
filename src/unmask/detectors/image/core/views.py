"""Two views of one face, each changed in one of three ways (Ni et al. 2022, section 4.1)."""

from __future__ import annotations

from collections.abc import Sized
from typing import cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor
from torch.utils.data import Dataset

from unmask.train.method import Batch

ERASED, ERASED_RATIO = (0.02, 0.20), (0.5, 2.0)
"""Share of the face that is blackened, and the ratio of the hole's sides."""
CUT, CUT_RATIO = (1 / 1.3, 1.0), (0.9, 1.1)
"""Share of the face that a cut keeps, and the ratio of its sides."""
_TRIES = 10


def _part(
    side: int,
    share: tuple[float, float],
    ratio: tuple[float, float],
    rng: np.random.Generator,
) -> tuple[slice, slice]:
    """A rectangle within a square; all of it when none that was drawn fits."""
    for _ in range(_TRIES):
        area = rng.uniform(*share) * side * side
        stretch = float(np.exp(rng.uniform(*np.log(ratio))))
        high, wide = round((area / stretch) ** 0.5), round((area * stretch) ** 0.5)
        if 0 < high <= side and 0 < wide <= side:
            top, left = rng.integers(side - high + 1), rng.integers(side - wide + 1)
            return slice(int(top), int(top) + high), slice(int(left), int(left) + wide)
    return slice(0, side), slice(0, side)


def view(face: Tensor, rng: np.random.Generator) -> Tensor:
    """A face (3, S, S; 0…255) mirrored or not, and then left, with a black hole, or cut closer."""
    if rng.random() < 0.5:
        face = face.flip(-1)
    kind, side = int(rng.integers(3)), face.shape[-1]
    if kind == 1:
        face = face.clone()
        rows, columns = _part(side, ERASED, ERASED_RATIO, rng)
        face[:, rows, columns] = 0
    elif kind == 2:
        rows, columns = _part(side, CUT, CUT_RATIO, rng)
        cut = face[None, :, rows, columns].float()
        sized = F.interpolate(cut, (side, side), mode="bilinear", antialias=True)
        face = sized[0].round().clamp(0, 255).to(face.dtype)
    return face


class TwoViews(Dataset[Batch]):
    """Entries of ``base`` with two views, ``face`` and ``second``; entry *i* hangs on (seed, i)."""

    def __init__(self, base: Dataset[Batch], seed: int) -> None:
        self.base, self.seed = base, seed

    def __len__(self) -> int:
        return len(cast(Sized, self.base))

    def __getitem__(self, index: int) -> Batch:
        plain = self.base[index]
        rng = np.random.default_rng([self.seed, index, 7])
        face: torch.Tensor = plain["face"]
        return plain | {"face": view(face, rng), "second": view(face, rng)}
