"""A detector with its weights, as audits and defences ask it."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader

from unmask.datasets.manifest import Manifest
from unmask.datasets.samples import Prepared, collate
from unmask.errors import DataError, ModelError
from unmask.train.method import Batch, Method
from unmask.train.methods import as_floats
from unmask.train.recipe import Recipe


class Model:
    """A method that judges one picture, and its network.

    Raises ModelError for a method that takes anything else.
    """

    def __init__(self, method: Method, network: nn.Module, recipe: Recipe) -> None:
        inputs = method.card.inputs
        if len(inputs) != 1 or inputs[0].take not in ("face", "picture"):
            raise ModelError(
                f"{method.card.title} does not judge one picture alone, which this protection "
                "asks about."
            )
        self.method, self.network, self._recipe = method, network.eval(), recipe
        self.name = inputs[0].name

    def batches(self, data: Manifest, size: int = 16) -> Iterator[Batch]:
        """Items as the network takes them, prepared as in training; unreadable ones left out."""
        device = next(self.network.parameters()).device
        dataset = Prepared(data, self.method.card.inputs, self._recipe, train=False)
        for batch in DataLoader(dataset, batch_size=size, collate_fn=collate):
            if batch:
                yield {name: value.to(device) for name, value in as_floats(batch).items()}

    def pictures(self, data: Manifest) -> tuple[Tensor, Tensor]:
        """All items: pictures (N × 3 × height × width, 0…255) and labels (N).

        Raises DataError when their sizes differ.
        """
        rows = [(b[self.name].float(), b["label"]) for b in self.batches(data)]
        if not rows or len({tuple(pictures.shape[1:]) for pictures, _ in rows}) != 1:
            raise DataError("This protection needs pictures that all reach the network in one size")
        return torch.cat([p for p, _ in rows]), torch.cat([label for _, label in rows]).float()

    def score(self, pictures: Tensor, network: nn.Module | None = None) -> Tensor:
        """One logit (higher = forged) a picture, with gradients; by ``network`` if given."""
        outputs = self.method.run(network or self.network, {self.name: pictures})
        return self.method.score(outputs).float().reshape(len(pictures), -1).mean(1)

    @torch.no_grad()
    def scores(self, pictures: Tensor, network: nn.Module | None = None) -> Tensor:
        """The same in batches and without gradients."""
        return torch.cat([self.score(part, network) for part in torch.split(pictures, 32)])
