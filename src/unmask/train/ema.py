"""The averaged weights, which are validated and exported."""

from __future__ import annotations

import copy

import torch
from torch import nn


class Average:
    """Exponential moving average of a network's weights and buffers.

    The decay grows with the number of updates, so that the first ones count (as in Tarvainen and
    Valpola 2017, section 3). With decay 0 it is the network itself.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.network = copy.deepcopy(network).eval().requires_grad_(False)
        self.decay = decay
        self.updates = 0

    @torch.no_grad()
    def update(self, network: nn.Module) -> None:
        """Move the average one step towards ``network``."""
        self.updates += 1
        decay = min(self.decay, (1 + self.updates) / (10 + self.updates))
        theirs = network.state_dict()
        for name, mine in self.network.state_dict().items():
            if mine.dtype.is_floating_point:
                mine.lerp_(theirs[name].to(mine.dtype), 1 - decay)
            else:
                mine.copy_(theirs[name])
