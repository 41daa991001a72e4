"""What a method gives the training loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.errors import DataError, ModelError
from unmask.train.recipe import Recipe, refuse_where

Batch = dict[str, Tensor]


class Task(ABC):
    """A method as the loop sees it: a network, samples, a loss, a validation and an export.

    ``data`` is the folder that holds ``manifest.jsonl``. With ``recipe.leave_out`` set, nothing of
    that source may enter training (leave one source out). ``chooses``: whether ``recipe.where``
    is heeded; DataError is raised where it is given and is not.
    """

    chooses: ClassVar[bool] = False

    def __init__(self, recipe: Recipe, data: Path) -> None:
        if not self.chooses:
            refuse_where(recipe)
        self.recipe = recipe
        self.data = data

    @abstractmethod
    def network(self) -> nn.Module:
        """A fresh network, seeded by the loop."""

    @abstractmethod
    def samples(self) -> Dataset[Batch]:
        """A map-style dataset of ``recipe.samples`` items; item *i* depends on (seed, i) alone."""

    @abstractmethod
    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss to minimise, and what to write in the log."""

    @abstractmethod
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Metrics on validation data. ``"select"`` decides which weights are kept: the highest."""

    def scores(self, network: nn.Module, batch: Batch) -> Tensor:
        """One logit an item (higher = forged). Raises ModelError when the task ranks nothing."""
        raise ModelError(f"The task of {self.recipe.name!r} gives no scores, as a strategy needs.")

    @property
    def inputs(self) -> tuple[str, ...]:
        """Entries of a batch that the network takes. Raises ModelError when they are not known."""
        raise ModelError(f"The task of {self.recipe.name!r} does not say what its network takes.")

    def from_checkpoint(self, path: Path) -> nn.Module:
        """A network with weights of a run of this task. Raises DataError when they do not fit."""
        network = self.network()
        try:
            network.load_state_dict(torch.load(path, map_location="cpu", weights_only=True))
        except RuntimeError as error:
            raise DataError(f"{path} does not fit the network of {self.recipe.name!r}.") from error
        return network

    @property
    def selects(self) -> str:
        """What chooses the weights, in words; empty where the task does not say."""
        return ""

    @abstractmethod
    def export(self, network: nn.Module, path: Path) -> None:
        """Write the network as ONNX, with the names and shapes of the card."""
