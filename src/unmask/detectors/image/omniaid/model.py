"""The network: CLIP whose attention has experts, a frozen CLIP that chooses them, a linear head.

Guo et al. 2025, "OmniAID: Decoupling Semantic and Artifacts for Universal AI-Generated Image
Detection in the Wild", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.effort.model import LAYERS
from unmask.detectors.image.omniaid.experts import ExpertLinear, Router
from unmask.errors import SettingError
from unmask.nn.pixels import CLIP, Pixels
from unmask.nn.replacing import replace_linears
from unmask.nn.towers import clip_vision

BASE = "openai/clip-vit-large-patch14-336"


class OmniAid(nn.Module):
    """Pictures (B, 3, S, S), RGB 0…255, to ``logit`` (B) and ``gates`` (B, experts).

    ``experts``: their names, the last is that of artefacts. ``active``: the expert that is trained
    by itself (stage 1), or None (stage 2 and judging). Raises SettingError.
    """

    def __init__(
        self,
        experts: Sequence[str],
        rank: int = 4,
        hidden: int = 64,
        top: int = 1,
        active: int | None = None,
        pretrained: bool = False,
        changed: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        if len(experts) < 2 or not 1 <= top < len(experts):
            raise SettingError(
                "OmniAID needs an expert of content and one of artefacts, and 'top' of the former."
            )
        self.guide: Any = clip_vision(BASE, pretrained, changed)
        self.clip: Any = clip_vision(BASE, False, changed)
        self.clip.load_state_dict(self.guide.state_dict())
        for still in (self.guide, self.clip):
            still.requires_grad_(False)
        number = len(experts)
        replace_linears(self.clip, LAYERS, lambda plain: ExpertLinear(plain, number, rank))
        width = int(self.clip.config.hidden_size)
        self.router = Router(width, number, hidden, top)
        self.head = nn.Linear(width, 2)
        self.pixels = Pixels(CLIP)
        self.active = active
        self.trains()

    def trains(self) -> None:
        """Stage 1: one expert and the head; stage 2: the router and the head."""
        self.router.requires_grad_(self.active is None)
        for layer in self.layers():
            for number in range(len(layer.U_experts)):
                for part in layer.expert(number):
                    part.requires_grad_(number == self.active)

    def layers(self) -> list[ExpertLinear]:
        """All layers that have experts."""
        return [part for part in self.clip.modules() if isinstance(part, ExpertLinear)]

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for what is frozen."""
        super().train(mode)
        self.guide.eval()
        return self

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """Each expert as much as the router says; in stage 1 the one that is trained, alone."""
        pixels = self.pixels(picture)
        with torch.no_grad():
            features = self.guide(pixels).pooler_output
        gates, scores = self.router(features)
        if self.active is not None:
            alone = F.one_hot(torch.tensor(self.active), gates.shape[1]).to(gates)
            gates = alone.expand_as(gates)
        hidden = self.clip.pre_layrnorm(self.clip.embeddings(pixels))
        for block in self.clip.encoder.layers:
            hidden = hidden + self._attention(block.self_attn, block.layer_norm1(hidden), gates)
            hidden = hidden + block.mlp(block.layer_norm2(hidden))
        real, made = self.head(self.clip.post_layernorm(hidden[:, 0])).unbind(1)
        return {"logit": made - real, "gates": gates, "routes": scores}

    def _attention(self, part: Any, hidden: Tensor, gates: Tensor) -> Tensor:
        heads = int(self.clip.config.num_attention_heads)
        query, key, value = (
            layer(hidden, gates).unflatten(-1, (heads, -1)).transpose(1, 2)
            for layer in (part.q_proj, part.k_proj, part.v_proj)
        )
        heard = F.scaled_dot_product_attention(query, key, value)
        result: Tensor = part.out_proj(heard.transpose(1, 2).flatten(2), gates)
        return result
