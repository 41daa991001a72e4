"""Dataless: a detector of face forgeries from faces of people who do not exist.

Training knows made faces alone, labelled real (say ``balance = false`` in the settings of the
recipe, for there are no others). In each batch a part of them gets the middle of another one laid
in, its tones brought near, under a soft mask: those are the forgeries. No likeness of anybody is
needed or made.

After the idea of the paper, whose forgeries come from networks that swap faces; blends of the house
stand in for them, so that its figures need not be met.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from unmask.errors import DataError
from unmask.strategies.base import Settings, Strategy
from unmask.train.task import Batch

CITATION = (
    "Jain, Memon, Togelius: A Dataless FaceSwap Detection Approach Using Synthetic Images. "
    "IJCB 2022"
)
URL = "https://arxiv.org/abs/2212.02571"


class Blending(Settings):
    """``share``: of the unforged items of a batch, how many become forgeries. ``near``: how far the
    tones of what is laid in are brought to those beneath (1: mean and deviation agree)."""

    share: float = Field(default=0.5, ge=0, le=1)
    near: float = Field(default=0.7, ge=0, le=1)


class Dataless(Strategy[Blending]):
    """Forgeries out of pairs of unforged items of a batch; forged ones are left as they are."""

    settings_type = Blending

    def batch(self, batch: Batch) -> Batch:
        """The batch with its forgeries. Raises DataError where the method takes no picture."""
        name = next(
            (n for n in self.training.task.inputs
             if batch[n].ndim == 4 and batch[n].shape[1] == 3), None,
        )  # fmt: skip
        if name is None:
            raise DataError("dataless blends pictures, and the method takes none.")
        real = torch.nonzero(batch["label"] == 0).flatten().cpu()
        chosen = real[torch.rand(len(real)) < self.settings.share]
        if not len(chosen) or len(real) < 2:
            return batch
        other = torch.randint(1, len(real), (len(chosen),))
        donors = real[(torch.searchsorted(real, chosen) + other) % len(real)]
        pictures = batch[name].float()
        height, width = pictures.shape[-2:]
        soft = middles(len(chosen), height, width).to(pictures.device)
        chosen, donors = chosen.to(pictures.device), donors.to(pictures.device)
        beneath = pictures[chosen]
        laid = _toned(pictures[donors], beneath, soft, self.settings.near)
        made = pictures.clone()
        made[chosen] = soft[:, None] * laid + (1 - soft[:, None]) * beneath
        kept = batch[name]
        if kept.dtype == torch.uint8:
            made = made.round().clamp(0, 255)
        labels = batch["label"].clone()
        labels[chosen] = 1
        changed = {**batch, name: made.to(kept.dtype), "label": labels}
        if "mask" in batch and batch["mask"].shape[-2:] == (height, width):
            changed["mask"] = batch["mask"].clone()
            changed["mask"][chosen] = soft.to(batch["mask"].dtype)
        return changed


def middles(count: int, height: int, width: int) -> Tensor:
    """Soft ellipses in the middle of a face, each of its own size, place and rim (0…1)."""

    def drawn(low: float, high: float) -> Tensor:
        return (low + (high - low) * torch.rand(count))[:, None, None]

    down = torch.linspace(-1, 1, height)[None, :, None] - drawn(-0.15, 0.25)
    across = torch.linspace(-1, 1, width)[None, None] - drawn(-0.15, 0.15)
    away = (down / drawn(0.4, 0.75)) ** 2 + (across / drawn(0.35, 0.65)) ** 2
    return ((1 - away) / drawn(0.05, 0.5) + 0.5).clamp(0, 1)


def _toned(laid: Tensor, beneath: Tensor, soft: Tensor, near: float) -> Tensor:
    """``laid`` with mean and deviation under the mask brought near to those of ``beneath``."""
    weight = soft[:, None] / soft.sum((1, 2)).clamp(min=1e-6)[:, None, None, None]

    def moments(value: Tensor) -> tuple[Tensor, Tensor]:
        mean = (weight * value).sum((2, 3), keepdim=True)
        spread = (weight * (value - mean) ** 2).sum((2, 3), keepdim=True).sqrt()
        return mean, spread.clamp(min=1e-3)

    (own, wide), (mean, spread) = moments(laid), moments(beneath)
    matched = (laid - own) / wide * spread + mean
    return near * matched + (1 - near) * laid
