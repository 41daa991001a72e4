"""ED⁴: faces mixed by the hands of a clock, and features that do not mind being moved a little.

ClockMix cuts each face into sectors around the middle and takes them from several faces, so that
structure stays while identity, background and place of traces are mixed; what holds a forged sector
is forged. AdvSCM looks for the small displacement of the picture that moves the features most, and
asks them to stay. A reconstruction after the abstract: numbers, and that real faces are mixed with
real ones alone (so that both classes stay as frequent as they are), are ours.
"""

from __future__ import annotations

import math
from typing import Any

import torch
from pydantic import Field
from torch import Tensor
from torch.nn import functional as F

from unmask.errors import DataError
from unmask.strategies._features import Features
from unmask.strategies.base import Settings, Strategy, Training
from unmask.train.task import Batch

CITATION = (
    "Cheng, Zhang, Zou, Yan, Liang, Wang, Li: ED4: Explicit Data-level Debiasing for Deepfake "
    "Detection. arXiv 2408.06779, 2024"
)
URL = "https://arxiv.org/abs/2408.06779"
_GRID = 6


class Debiasing(Settings):
    """``mixed``: share of a batch that is mixed; ``faces``: how many a mixture has at most.

    ``moved``: how far a picture is displaced, a share of its side; ``weight`` of the agreement.
    """

    mixed: float = Field(default=0.5, ge=0, le=1)
    faces: int = Field(default=3, ge=2, le=8)
    moved: float = Field(default=0.04, ge=0, le=0.5)
    weight: float = Field(default=0.1, ge=0)


class ED4(Strategy[Debiasing]):
    """Mixes the pictures of a batch, and adds the disagreement of features to the loss."""

    settings_type = Debiasing

    def begin(self, training: Training) -> None:
        """Watch the features. Raises ModelError for a network without a last linear layer."""
        super().begin(training)
        self._features = Features(training.network)

    def batch(self, batch: Batch) -> Batch:
        """The batch with some of its pictures mixed. Raises DataError where there are none."""
        name = self._picture(batch)
        pictures, labels = batch[name], batch["label"]
        count = len(labels)
        sources = torch.arange(count).repeat(self.settings.faces, 1)
        for item in torch.nonzero(torch.rand(count) < self.settings.mixed).flatten().tolist():
            alike = torch.arange(count) if labels[item] else torch.nonzero(labels == 0).flatten()
            drawn = torch.randint(len(alike), (self.settings.faces - 1,))
            sources[1:, item] = alike.cpu()[drawn]
        height, width = pictures.shape[-2:]
        shares = sectors(count, self.settings.faces, height, width).to(pictures.device)
        sources = sources.to(pictures.device)
        made = {**batch, name: _mixed(pictures, sources, shares)}
        made["label"] = torch.stack([labels[row] for row in sources]).amax(0)
        if "mask" in batch and batch["mask"].shape[-2:] == (height, width):
            made["mask"] = _mixed(batch["mask"][:, None], sources, shares)[:, 0]
        if "index" in batch:  # what is mixed shows no item alone
            several = (sources != sources[0]).any(0)
            made["index"] = torch.where(several, -1, batch["index"])
        return made

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss and how far the features can be moved (1 less their cosine)."""
        if not self.settings.weight or not self.settings.moved:
            return loss, {}
        name = self._picture(batch)
        pictures = batch[name].float()
        _, still = self._features.of(self.scores, batch)
        shape = (len(pictures), 2, _GRID, _GRID)
        away = torch.zeros(shape, device=pictures.device).normal_(0, 1e-2).requires_grad_()
        apart = self._apart(batch, name, pictures, away, still.detach())
        (upwards,) = torch.autograd.grad(apart, away)
        worst = (2 * self.settings.moved * upwards.sign()).detach()
        apart = self._apart(batch, name, pictures, worst, still)
        self._features.forget()
        return loss + self.settings.weight * apart, {"apart": float(apart.detach())}

    def _apart(
        self, batch: Batch, name: str, pictures: Tensor, away: Tensor, still: Tensor
    ) -> Tensor:
        _, moved = self._features.of(self.scores, {**batch, name: displaced(pictures, away)})
        return (1 - F.cosine_similarity(moved, still, dim=1)).mean()

    def _picture(self, batch: Batch) -> str:
        for name in self.training.task.inputs:
            if batch[name].ndim == 4 and batch[name].shape[1] == 3:
                return name
        raise DataError("ed4 mixes pictures, and the method takes none.")


def sectors(count: int, faces: int, height: int, width: int) -> Tensor:
    """Shares (faces × count × height × width) of random sectors around the middle; they add to 1.

    Rims are soft over a pixel or so at the outer side.
    """
    down = torch.linspace(-1, 1, height)[:, None]
    across = torch.linspace(-1, 1, width)[None]
    angle = torch.atan2(down, across.expand(height, width))  # -pi … pi
    hands = (torch.rand(faces, count) * 2 * math.pi).sort(0).values
    turned = (angle[None, None] - hands[..., None, None]) % (2 * math.pi)
    wide = (hands.roll(-1, 0) - hands) % (2 * math.pi)
    wide = torch.where(wide == 0, torch.full_like(wide, 2 * math.pi), wide)[..., None, None]
    inside = torch.minimum(turned, wide - turned) * (max(height, width) / 4)
    soft = (inside + 0.5).clamp(0, 1)
    return soft / soft.sum(0, keepdim=True).clamp(min=1e-6)


def displaced(pictures: Tensor, away: Tensor) -> Tensor:
    """Pictures bent by a coarse field of shifts (batch × 2 × rows × columns, in half sides)."""
    height, width = pictures.shape[-2:]
    field = F.interpolate(away, (height, width), mode="bicubic", align_corners=True)
    down = torch.linspace(-1, 1, height, device=pictures.device)
    across = torch.linspace(-1, 1, width, device=pictures.device)
    plain = torch.stack(torch.meshgrid(across, down, indexing="xy"), -1)
    grid = plain[None] + field.permute(0, 2, 3, 1)
    return F.grid_sample(pictures, grid, padding_mode="border", align_corners=True)


def _mixed(values: Tensor, sources: Tensor, shares: Tensor) -> Any:
    """Each item out of its sources, by their shares, in the type that it had."""
    total = sum(
        values[row].float() * share[:, None] for row, share in zip(sources, shares, strict=True)
    )
    assert isinstance(total, Tensor)
    return total.round().to(values.dtype) if values.dtype == torch.uint8 else total.to(values.dtype)
