"""What a network knows of each item just before its last linear layer, whatever network it is."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import ModelError
from unmask.train.task import Batch


class Features:
    """Watches the last linear layer of a network. Raises ModelError where there is none."""

    def __init__(self, network: nn.Module) -> None:
        layers = [part for part in network.modules() if isinstance(part, nn.Linear)]
        if not layers:
            raise ModelError("This strategy needs a network that ends in a linear layer.")
        self.size = layers[-1].in_features
        self._seen: list[Tensor] = []
        layers[-1].register_forward_pre_hook(self._see)

    def _see(self, layer: nn.Module, given: tuple[Any, ...]) -> None:
        self._seen.append(given[0])

    def of(self, scores: Any, batch: Batch) -> tuple[Tensor, Tensor]:
        """Scores of a batch by ``scores(batch)``, and the features (batch × size) beneath them.

        A network that looks at several views of an item has the mean of their features.
        """
        self._seen.clear()
        given = scores(batch)
        (last,) = self._seen[-1:]
        self._seen.clear()
        rows = last.float().reshape(len(given), -1, self.size)
        return given, rows.mean(1)

    def forget(self) -> None:
        """Let go of what passes that nobody asked about have left."""
        self._seen.clear()


class Reversed(torch.autograd.Function):
    """The same value, and the gradient turned round and multiplied (Ganin and Lempitsky 2015)."""

    @staticmethod
    def forward(ctx: Any, value: Tensor, strength: float) -> Tensor:
        """The value."""
        ctx.strength = strength
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient against."""
        return -ctx.strength * gradients[0], None
