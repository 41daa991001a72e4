"""The network: a frozen CLIP image encoder and a light head over the CLS tokens of all its blocks.

Koutlis and Papadopoulos 2024, "Leveraging Representations from Intermediate Encoder-Blocks for
Synthetic Image Detection", section 3.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.pixels import CLIP, Pixels


def _projection(inside: int, width: int, layers: int) -> nn.Sequential:
    """``layers`` of linear, ReLU, dropout, with a dropout before the first."""
    parts: list[nn.Module] = [nn.Dropout()]
    for i in range(layers):
        parts += [nn.Linear(width if i else inside, width), nn.ReLU(), nn.Dropout()]
    return nn.Sequential(*parts)


class Head(nn.Module):
    """CLS tokens (B, blocks, inside) to a logit and ``width`` features."""

    def __init__(self, blocks: int, inside: int, width: int, layers: int) -> None:
        super().__init__()
        self.importance = nn.Parameter(torch.randn(1, blocks, width))
        self.before = _projection(inside, width, layers)
        self.after = _projection(width, width, layers)
        self.classify = nn.Sequential(
            *(nn.Linear(width, width), nn.ReLU(), nn.Dropout()),
            *(nn.Linear(width, width), nn.ReLU(), nn.Dropout()),
            nn.Linear(width, 1),
        )

    def forward(self, tokens: Tensor) -> dict[str, Tensor]:
        """The outputs of the card."""
        weighed = self.importance.softmax(1) * self.before(tokens)
        features = self.after(weighed.sum(1))
        return {"logit": self.classify(features).squeeze(-1), "features": features}


class Rine(nn.Module):
    """CLIP's image encoder, frozen, and the head.

    ``clip``: the vision model of transformers. ``width`` and ``layers``: of the two projections
    (d' and q of the paper).
    """

    def __init__(self, clip: Any, width: int, layers: int) -> None:
        super().__init__()
        self.clip: Any = clip.requires_grad_(False)
        config = clip.config
        self.head = Head(config.num_hidden_layers, config.hidden_size, width, layers)
        self.pixels = Pixels(CLIP)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Pixels (B, 3, S, S), RGB 0…255, S of CLIP's input, to the outputs of the card."""
        with torch.no_grad():
            tokens = self.tokens(picture)
        result: dict[str, Tensor] = self.head(tokens)
        return result

    def tokens(self, picture: Tensor) -> Tensor:
        """CLS tokens of all blocks, (B, blocks, channels).

        As in the authors' program a block's token is what its second norm gives: attention is
        added, the block's MLP is not yet.
        """
        hidden = self.clip.pre_layrnorm(self.clip.embeddings(self.pixels(picture)))
        seen = []
        for block in self.clip.encoder.layers:
            heard = block.self_attn(hidden_states=block.layer_norm1(hidden), attention_mask=None)
            hidden = hidden + heard[0]
            normed = block.layer_norm2(hidden)
            seen.append(normed[:, 0])
            hidden = hidden + block.mlp(normed)
        return torch.stack(seen, dim=1)
