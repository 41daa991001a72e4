"""The four views of a picture that CoDE's loss compares (section 4.1)."""

from __future__ import annotations

from collections.abc import Sized
from typing import cast

import numpy as np
import torch
from torch.utils.data import Dataset

from unmask.datasets.samples import Prepared
from unmask.forge.launder import draw_chain
from unmask.runtime import preparation
from unmask.train.method import Batch
from unmask.types import Pixels

WHOLE, PART = (0.4, 1.0), (0.05, 0.4)
"""Share of the picture's area that a large and a small cut take."""
_STRETCH = (3 / 4, 4 / 3)


def cut(pixels: Pixels, share: tuple[float, float], rng: np.random.Generator) -> Pixels:
    """A random part of a picture: its area by ``share``, its sides' ratio from 3 : 4 to 4 : 3."""
    height, width = pixels.shape[:2]
    area = height * width * rng.uniform(*share)
    ratio = float(np.exp(rng.uniform(*np.log(_STRETCH))))
    wide = int(np.clip(round(float(np.sqrt(area * ratio))), 1, width))
    high = int(np.clip(round(float(np.sqrt(area / ratio))), 1, height))
    top = int(rng.integers(height - high + 1))
    left = int(rng.integers(width - wide + 1))
    return np.ascontiguousarray(pixels[top : top + high, left : left + wide])


class Views(Dataset[Batch]):
    """Each entry of ``base`` as ``picture``, ``augmented``, ``whole`` and ``part``, and its label.

    Item *i* depends on (seed, i) alone; what is drawn does not know the label.
    """

    def __init__(self, base: Prepared, seed: int, strength: float) -> None:
        self.base, self.seed, self.strength = base, seed, strength

    def __len__(self) -> int:
        return len(cast(Sized, self.base))

    def __getitem__(self, index: int) -> Batch:
        plain = self.base[index]
        pixels = self.base.reader.pixels(self.base.manifest.items[int(plain["index"])])
        rng = np.random.default_rng([self.seed, index, 4])
        return {
            "picture": plain["picture"],
            "augmented": self._augmented(pixels, rng),
            "whole": self._augmented(cut(pixels, WHOLE, rng), rng),
            "part": self._augmented(cut(pixels, PART, rng), rng),
            "label": plain["label"],
        }

    def _augmented(self, pixels: Pixels, rng: np.random.Generator) -> torch.Tensor:
        height, width = pixels.shape[:2]
        view = preparation.picture_view(self.base.inputs[0], width, height)
        seen = view.take(draw_chain(rng, self.strength)(pixels))
        return torch.from_numpy(np.ascontiguousarray(preparation.channels_first(seen)))
