"""A published method that looks at one item, with gradients down to the item itself."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from unmask.attacks._view import LinearView
from unmask.train.method import Batch, Method
from unmask.train.methods import as_floats


class MethodTarget:
    """The item, and the method's score of it.

    ``batch``: the item as the method's network takes it, a batch of one. ``views``: how its inputs
    see the picture that is attacked; without them the input ``heard`` is attacked itself.
    """

    def __init__(
        self,
        method: Method,
        network: nn.Module,
        media: Tensor,
        batch: Batch,
        views: Mapping[str, LinearView],
        heard: str = "",
    ) -> None:
        self.method, self.network, self.media = method, network, media
        self.low, self.high = (0.0, 255.0) if views else (-1.0, 1.0)
        self._batch, self._views, self._heard = as_floats(batch), views, heard
        self._device = next(network.parameters()).device

    def score(self, media: Tensor) -> Tensor:
        """One logit for each medium of a batch."""
        shown = {name: view(media) for name, view in self._views.items()}
        if self._heard:
            shown[self._heard] = media
        rest = {
            name: value.expand(len(media), *value.shape[1:])
            for name, value in self._batch.items()
            if name in self.method.inputs and name not in shown
        }
        moved = {name: value.to(self._device) for name, value in {**rest, **shown}.items()}
        given = self.method.score(self.method.run(self.network, moved))
        return given.float().reshape(len(media), -1).mean(1).to(media.device)


def still(network: nn.Module) -> nn.Module:
    """The network in evaluation, with weights that need no gradient."""
    for value in network.parameters():
        value.requires_grad_(False)
    return network.eval()


def rounded(media: Tensor) -> Tensor:
    """A medium as a file holds it: 8-bit pictures, 16-bit samples."""
    if media.ndim == 4:
        return media.round().clamp(0, 255)
    return torch.clamp((media * 32768).round() / 32768, -1, 1)
