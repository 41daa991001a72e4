"""The network: CLIP with experts, what its late MLPs do to the class token, prompts, a drawer.

After Lai et al. 2024, "GM-DF: Generalized Multi-Scenario Deepfake Detection", section 3; what
later attention makes of an MLP: Gandelsman, Efros and Steinhardt 2024, "Interpreting the
Second-Order Effects of Neurons in CLIP", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.gm_df.experts import Experts
from unmask.detectors.image.gm_df.words import DatasetPrompts
from unmask.errors import SettingError
from unmask.nn.masked_patches import Decoder, filled, visible
from unmask.nn.towers import ClipTower, clip_text

BASE = "openai/clip-vit-base-patch16"
LATE = (8, 9, 10)
"""Blocks, counted from 0, whose MLPs are followed on."""


@dataclass(frozen=True, slots=True)
class Sizes:
    """``experts`` of each block and their ``bottleneck``; ``numbers`` that stand for a dataset;
    ``width``, ``depth`` and ``heads`` of what draws hidden patches."""

    experts: int = 3
    bottleneck: int = 64
    numbers: int = 64
    width: int = 384
    depth: int = 4
    heads: int = 6


class GmDf(nn.Module):
    """Faces (B, 3, 224, 224), RGB 0…255, to the outputs of the card; CLIP itself stands still.

    ``datasets``: how many are known. ``late``: blocks whose MLPs are followed on. ``changed`` and
    ``text``: values of CLIP's two configurations, for small networks. Raises SettingError for a
    block that nothing follows.
    """

    def __init__(
        self,
        datasets: int,
        sizes: Sizes,
        late: Sequence[int] = LATE,
        pretrained: bool = False,
        changed: Mapping[str, Any] | None = None,
        text: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__()
        self.tower = ClipTower(BASE, pretrained, changed, shared=True)
        self.text: Any = clip_text(BASE, pretrained, text)
        for still in (self.tower, self.text):
            still.requires_grad_(False)
        config = self.tower.clip.config
        blocks, width = int(config.num_hidden_layers), self.tower.width
        if not late or not all(0 <= block < blocks - 1 for block in late):
            raise SettingError(
                f"late is {list(late)}; allowed are blocks 0 to {blocks - 2}, which others follow."
            )
        self.late = tuple(late)
        self.datasets = nn.Embedding(datasets + 1, sizes.numbers)
        nn.init.normal_(self.datasets.weight, std=0.02)
        self.experts = nn.ModuleList(
            Experts(width, sizes.experts, sizes.bottleneck, sizes.numbers) for _ in range(blocks)
        )
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in self.late)
        self.shares = nn.Parameter(torch.full((len(self.late),), 0.1))
        self.prompts = DatasetPrompts(self.text, datasets + 1)
        self.side = int(config.patch_size)
        grid = int(config.image_size) // self.side
        self.hidden_token = nn.Parameter(torch.zeros(1, 1, width))
        nn.init.normal_(self.hidden_token, std=0.02)
        self.decoder = Decoder(width, grid, 3 * self.side**2, sizes.width, sizes.depth, sizes.heads)

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for what is frozen."""
        super().train(mode)
        self.tower.eval()
        self.text.eval()
        return self

    def begun(self, face: Tensor) -> Tensor:
        """Class token and patches before the first block, (B, 1 + N, C)."""
        clip = self.tower.clip
        result: Tensor = clip.pre_layrnorm(clip.embeddings(self.tower.pixels(face)))
        return result

    def followed(self, tokens: Tensor, domain: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Tokens after the last block, and what the late MLPs did to the class token (B, C)."""
        told = self.datasets(domain)
        kept: dict[int, Tensor] = {}
        moved: dict[int, Tensor] = {}
        for place, block in enumerate(self.tower.clip.encoder.layers):
            normed = block.layer_norm1(tokens)
            for late, added in kept.items():
                moved[late] = moved[late] + effect(block.self_attn, normed, added)
            tokens = tokens + block.self_attn(normed, attention_mask=None)[0]
            seen = block.layer_norm2(tokens)
            added = block.mlp(seen) + self.experts[place](seen, told)
            tokens = tokens + added
            if place in self.late:
                kept[place], moved[place] = added, torch.zeros_like(added[:, 0])
        return tokens, [moved[late] for late in self.late]

    def features(self, face: Tensor, domain: Tensor) -> Tensor:
        """Where the face lies in the space shared with words, (B, shared), of length one."""
        tokens, moved = self.followed(self.begun(face), domain)
        seen = self.tower.clip.post_layernorm(tokens[:, 0])
        for share, norm, one in zip(self.shares, self.norms, moved, strict=True):
            seen = seen + share * norm(one)
        return F.normalize(self.tower.projection(seen), dim=-1)

    def drawn(self, face: Tensor, domain: Tensor, hidden: Tensor) -> Tensor:
        """All patches (B, N, numbers) as they are drawn from those that are not hidden (B, N)."""
        tokens = self.begun(face)
        left = torch.cat([tokens[:, :1], visible(tokens[:, 1:], hidden)], dim=1)
        seen, _ = self.followed(left, domain)
        made: Tensor = self.decoder(filled(seen[:, 1:], hidden, self.hidden_token))
        return made

    def forward(
        self, face: Tensor, domain: Tensor | None = None, hidden: Tensor | None = None
    ) -> dict[str, Tensor]:
        """``logit``: how much nearer to "fake" than to "real" of its dataset, and ``features``.

        Without ``domain`` (numbers of datasets, 0: unknown) all are unknown. With it, ``near`` to
        all prompts at the face's temperature (B, 1 + datasets, 2); with ``hidden``, ``drawn``.
        """
        places = torch.zeros_like(face[:, 0, 0, 0], dtype=torch.long) if domain is None else domain
        number = 1 if domain is None else self.datasets.num_embeddings
        features = self.features(face, places)
        words = self.prompts(self.text, number)
        sharp = self.prompts.temperatures()[places]
        near = torch.unflatten(features @ words.flatten(0, 1).T, 1, (number, 2))
        near = near / sharp[:, None, None]
        own = near.gather(1, places[:, None, None].expand(-1, 1, 2))[:, 0]
        given = {"logit": own[:, 1] - own[:, 0], "features": features, "near": near}
        if hidden is not None:
            given["drawn"] = self.drawn(face, places, hidden)
        return given


def effect(attention: Any, normed: Tensor, added: Tensor) -> Tensor:
    """What the attention of a later block carries of ``added`` (B, N, C) to the class token (B, C).

    By the places where the class token looks in ``normed``, and the values and outputs of each
    head, without their biases.
    """
    heads = int(attention.num_heads)
    query = attention.q_proj(normed[:, :1]).unflatten(-1, (heads, -1)).transpose(1, 2)
    key = attention.k_proj(normed).unflatten(-1, (heads, -1)).transpose(1, 2)
    looks = (query @ key.transpose(-1, -2) / query.shape[-1] ** 0.5).softmax(-1)
    value = torch.unflatten(F.linear(added, attention.v_proj.weight), -1, (heads, -1))
    return F.linear((looks @ value.transpose(1, 2))[:, :, 0].flatten(1), attention.out_proj.weight)
