"""An Xception that scores twelve labels, and what the graph of labels makes of the scores.

Zou et al. 2025, "Semantic Contextualization of Face Forgery", section IV: the probability of a
legal state is proportional to the exponential of the sum of the scores of its labels.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.detectors.image.semantic_forgery.graph import NODES, legal_states
from unmask.detectors.image.semantic_forgery.weights import LevelWeights
from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import xception

SIZE = 299
"""Side of the face in pixels."""


class LabelGraph(nn.Module):
    """Scores of the labels (B, 12) to marginal probabilities over all legal states."""

    states: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("states", legal_states(), persistent=False)

    def forward(self, scores: Tensor) -> tuple[Tensor, Tensor]:
        """Log-odds of each label (B, 12), and its probability."""
        joint = scores.float() @ self.states.T
        each = joint[:, None]
        out = float("-inf")
        on = torch.where(self.states.T > 0, each, out).logsumexp(-1)
        off = torch.where(self.states.T > 0, out, each).logsumexp(-1)
        return on - off, joint.softmax(1) @ self.states


class SemanticForgery(nn.Module):
    """Face (B, 3, 299, 299), RGB 0…255, to ``logit`` (B) and ``attributes`` (B, 11).

    ``pretrained``: Xception from ImageNet weights; ``sizes``: its own, as ``xception`` takes them.
    ``levels`` weighs the three levels of the loss.
    """

    net: Any

    def __init__(self, pretrained: bool = False, dropout: float = 0.5, **sizes: Any) -> None:
        super().__init__()
        self.net = xception(pretrained, classes=0, bare=False, **sizes)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(self.net.num_features, len(NODES))
        self.graph = LabelGraph()
        self.pixels = Pixels(HALF)
        self.levels = LevelWeights()

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the face is fake. ``attributes``: the probability that each of
        five attributes and six regions was changed. ``nodes``: log-odds of all twelve labels.
        """
        seen = self.net(self.pixels(face))
        nodes, chances = self.graph(self.head(self.dropout(seen)))
        return {"logit": nodes[:, 0], "attributes": chances[:, 1:], "nodes": nodes}
