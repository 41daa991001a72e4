"""A stranger's network with all that is needed to describe, convert and check it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from unmask.adding.odds import Given, Odds
from unmask.adding.preprocessing import Look, Normal

Medium = Literal["image", "video", "audio"]
Media = Sequence[NDArray[Any]]
"""Items of one medium: pictures (rows × columns × 3), clips (T × rows × columns × 3), samples."""


@dataclass(frozen=True, slots=True)
class Head:
    """A classifier.

    ``network`` takes prepared values and gives one row of outputs an item. ``reference`` prepares
    one item as its authors do. ``frames``: pictures of a clip. ``architecture``: its name among
    those of its library.
    """

    medium: Medium
    architecture: str
    labels: tuple[str, ...]
    given: Given
    network: nn.Module
    normal: Normal
    reference: Callable[[NDArray[Any]], NDArray[Any]]
    look: Look | None = None
    frames: int = 0


class Scored(nn.Module):
    """From plain input to the score: normalisation, network, log-odds."""

    def __init__(self, head: Head, odds: Odds) -> None:
        super().__init__()
        import torch

        self.network = head.network
        self.normal, self.given, self.count = head.normal, odds.given, odds.count
        self.forged, self.rest = list(odds.forged), list(odds.rest)
        shape = (-1, 1, 1) if len(head.normal.mean) > 1 else (1,)
        self.register_buffer("mean", torch.tensor(head.normal.mean).reshape(shape))
        self.register_buffer("std", torch.tensor(head.normal.std).reshape(shape))

    def forward(self, values: Tensor) -> tuple[Tensor, Tensor]:
        """The score of each item, and the outputs of the labels as they are."""
        outputs = self.network(self._normal(values))
        return self._score(outputs), outputs

    def _normal(self, values: Tensor) -> Tensor:
        if self.normal.own:
            centred = values - values.mean(-1, keepdim=True)
            return centred / ((centred * centred).mean(-1, keepdim=True) + 1e-7).sqrt()
        if self.normal.flip:
            values = values.flip(-3)
        mean, std = self.get_buffer("mean"), self.get_buffer("std")
        return (values * self.normal.scale - mean) / std

    def _score(self, outputs: Tensor) -> Tensor:
        if self.count == 1:
            return outputs[:, 0] if self.forged else -outputs[:, 0]
        forged = outputs[:, self.forged]
        if self.given == "logits":
            return forged.logsumexp(1) - outputs[:, self.rest].logsumexp(1)
        if len(self.forged) == 1:
            return forged[:, 0]
        whole = nn.functional.softplus(forged).sum(1)
        return whole + (-(-whole).expm1()).log()


def stacked(head: Head, items: Media) -> NDArray[np.float32]:
    """The items as their authors' preparation gives them, one batch."""
    return np.stack([head.reference(item) for item in items]).astype(np.float32)
