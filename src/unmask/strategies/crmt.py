"""CRMT: a network of two senses whose answer stands although either sense is disturbed.

For a network whose last linear layer takes the features of its senses side by side (``parts`` of
equal width). Each sense then has scores of its own: its features times its slice of each row,
brought to mean 0 and length 1. In the first part of the run these have to be right too, by a margin
that counts most where both are wrong. In the last part only the lengths of the slices move: they go
to where the certified radius of the answer is largest.

The authors learn slices as a direction and a length (0.1 at the start); a slice that is held at
mean 0 is the same thing, so that nothing of the network changes. Their Lipschitz constants are
measured with the lengths and multiplied by these once more; here without.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from unmask.errors import ModelError
from unmask.strategies._features import Features
from unmask.strategies.base import Compute, Settings, Strategy, Training, unscaled
from unmask.train.task import Batch

CITATION = (
    "Yang, Wei, Liang, Hu: Quantifying and Enhancing Multi-modal Robustness with Modality "
    "Preference. ICLR 2024"
)
URL = "https://arxiv.org/abs/2402.06244"
_START = 0.1
_SLOWER = 0.03
"""Lengths move at this share of the network's full rate in the last part."""


class Preference(Settings):
    """``parts``: senses in the features; ``rho``: what their margins weigh.

    ``second``: the share of the run, at its end, that moves lengths alone, at 0.03 of its rate.
    """

    parts: int = Field(default=2, ge=2)
    rho: float = Field(default=2.0, ge=0)
    second: float = Field(default=0.25, ge=0, lt=1)


def directions(weight: Tensor, parts: int) -> tuple[Tensor, Tensor]:
    """Rows (K, parts × C) as directions of each sense, (parts, K, C), and lengths (parts, K)."""
    slices = weight.reshape(len(weight), parts, -1).transpose(0, 1)
    centred = slices - slices.mean(-1, keepdim=True)
    lengths = centred.norm(dim=-1)
    return centred / lengths[..., None].clamp(min=1e-12), lengths


def margin(scores: Tensor, label: Tensor) -> Tensor:
    """The part of the first step, (B): scores (parts, B, 2) of real and forged by each sense."""
    others = scores.exp().sum(-1)
    own = torch.where(label > 0.5, scores[..., 1], scores[..., 0])
    return ((others * (-own).exp() - 1).sum(0) + 1e-5).log()


def radius(lead: Tensor, slopes: Tensor) -> Tensor:
    """How far an input may be moved before the answer can change, (B); below 0: it is wrong.

    ``lead``: score of the true class less that of the other (B); ``slopes``: how fast each sense's
    share of it can move at most, (parts, B).
    """
    return lead / slopes.square().sum(0).clamp(min=1e-12).sqrt()


class CertifiedSenses(Strategy[Preference]):
    """Margins of each sense, then lengths for the largest certified radius."""

    settings_type = Preference
    alone = True

    def begin(self, training: Training) -> None:
        """Raises ModelError where the last linear layer cannot be parted so, SettingError in 16
        bits, whose scaled gradients the lengths do not know."""
        super().begin(training)
        unscaled(training, "crmt")
        self._features = Features(training.network)
        layers = [part for part in training.network.modules() if isinstance(part, nn.Linear)]
        self._layer, parts = layers[-1], self.settings.parts
        if self._layer.in_features % parts or self._layer.out_features > 2:
            raise ModelError(
                f"crmt needs a last linear layer of one or two scores over {parts} senses of equal "
                f"width; this network's takes {self._layer.in_features} and gives "
                f"{self._layer.out_features}."
            )
        self._from = round(training.steps * (1 - self.settings.second))
        self._later = False
        self._lipschitz = torch.zeros(parts, device=training.device)
        self._held: Tensor | None = None
        with torch.no_grad():
            found, _ = directions(self._layer.weight, parts)
            self._lengths = torch.full(found.shape[:2], _START, device=training.device)
            self._put(found, self._lengths)
        rate = _SLOWER * training.task.recipe.optimiser.rate
        self._optimiser = torch.optim.SGD([self._lengths], rate, momentum=0.9, weight_decay=1e-2)

    def _put(self, found: Tensor, lengths: Tensor) -> None:
        rows = (found * lengths[..., None]).transpose(0, 1).reshape_as(self._layer.weight)
        self._layer.weight.copy_(rows)

    def before_step(self, step: int) -> None:
        """From a step on only lengths move."""
        self._later = step >= self._from
        if self._later:
            self._held, lengths = directions(self._layer.weight.detach(), self.settings.parts)
            self._lengths.copy_(lengths)

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """With the margins of the senses; later what the certified radius lacks."""
        batch = {name: self._open(name, value) for name, value in batch.items()}
        scores, features = self._features.of(self.scores, batch)
        label = batch["label"].to(scores)
        found, lengths = directions(self._layer.weight, self.settings.parts)
        senses = features.reshape(len(features), self.settings.parts, -1).transpose(0, 1)
        own = senses @ found.transpose(1, 2)
        if own.shape[-1] == 1:
            own = torch.cat([torch.zeros_like(own), own], dim=-1)
            lengths = torch.cat([torch.zeros_like(lengths), lengths], dim=-1)
        if self._later:
            self._measure(own, batch)
            lead = self._lead(own.detach(), lengths, label)
            slopes = (lengths.sum(-1) * self._lipschitz)[:, None].expand(-1, len(lead))
            certified = radius(lead, slopes).mean()
            return -certified, {"radius": certified.item()}
        part = self.settings.rho * margin(own, label).mean()
        return loss + part, {"margin": part.item()}

    def _open(self, name: str, value: Tensor) -> Tensor:
        """Inputs as numbers that a gradient reaches, in the last part of the run."""
        if self._later and name in self.training.task.inputs:
            return value.detach().float().requires_grad_()
        return value

    def _lead(self, own: Tensor, lengths: Tensor, label: Tensor) -> Tensor:
        bias = self._layer.bias
        base = F.pad(bias, (2 - len(bias), 0)) if bias is not None else own.new_zeros(2)
        classes = (own * lengths[:, None]).sum(0) + base.detach()
        return torch.where(label > 0.5, 1.0, -1.0) * (classes[:, 1] - classes[:, 0])

    def _measure(self, own: Tensor, batch: Batch) -> None:
        """The steepest that each sense's scores were seen to move with the inputs."""
        inputs = [batch[name] for name in self.training.task.inputs if batch[name].requires_grad]
        for part, scores in enumerate(own):
            for column in scores.unbind(-1):
                if not column.requires_grad:
                    continue
                slopes = torch.autograd.grad(
                    column.sum(), inputs, retain_graph=True, allow_unused=True
                )
                each = [s.flatten(1).square().sum(1) for s in slopes if s is not None]
                if each:
                    steepest = torch.stack(each).sum(0).sqrt().max()
                    self._lipschitz[part] = torch.maximum(self._lipschitz[part], steepest)

    def gradients(self, compute: Compute) -> dict[str, float]:
        """In the last part of the run nothing of the network has one, the lengths alone."""
        values = compute()
        self._features.forget()
        slope = self._layer.weight.grad
        if self._held is not None and slope is not None:
            slices = slope.reshape(len(slope), self.settings.parts, -1).transpose(0, 1)
            self._lengths.grad = (slices * self._held).sum(-1)
            for value in self.training.network.parameters():
                value.grad = None
        return values

    def after_step(self) -> None:
        """Slices back to mean 0; later the lengths move alone, to 0 or more."""
        with torch.no_grad():
            if self._held is None:
                self._put(*directions(self._layer.weight, self.settings.parts))
                return
            self._optimiser.step()
            self._put(self._held, self._lengths.clamp_(min=1e-6))

    def state(self) -> dict[str, Any]:
        """The slopes that were measured, and how the lengths move."""
        return {"lipschitz": self._lipschitz, "optimiser": self._optimiser.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put them back."""
        self._lipschitz = state["lipschitz"].to(self.training.device)
        self._optimiser.load_state_dict(state["optimiser"])
