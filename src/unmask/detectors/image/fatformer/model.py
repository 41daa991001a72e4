"""The network: CLIP with adapters in three blocks, judged by two words that the picture changes.

Liu, Tan, Tan, Wei, Zhao and Wang 2024, "Forgery-aware Adaptive Transformer for Generalizable
Synthetic Image Detection", section 3.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.fatformer.adapter import Adapter
from unmask.detectors.image.fatformer.words import Attending, PicturePrompts, prompts
from unmask.errors import SettingError
from unmask.nn.clip_projection import projection
from unmask.nn.pixels import Pixels
from unmask.nn.prompts import read_prompts
from unmask.nn.towers import LARGE, clip_text, clip_vision


class FatFormer(nn.Module):
    """Pictures (B, 3, 224, 224), RGB 0…255, to ``logit`` (B); CLIP itself stands still.

    ``adapters``: into how many blocks, evenly (the last of each part). ``words``: learnt ones.
    ``opened``: how far the adapters' path in frequency is open at the start.
    ``changed`` and ``text``: values of CLIP's two configurations, for small networks. Raises
    SettingError when the blocks cannot be shared out.
    """

    def __init__(
        self,
        adapters: int = 3,
        words: int = 8,
        pretrained: bool = False,
        changed: Mapping[str, Any] | None = None,
        text: Mapping[str, Any] | None = None,
        opened: float = 0.0,
    ) -> None:
        super().__init__()
        self.clip: Any = clip_vision(LARGE, pretrained, changed)
        self.text: Any = clip_text(LARGE, pretrained, text)
        config = self.clip.config
        width, blocks = int(config.hidden_size), int(config.num_hidden_layers)
        if blocks % adapters:
            raise SettingError(f"{blocks} blocks cannot be shared by {adapters} adapters.")
        self.every = blocks // adapters
        shared = int(self.text.config.projection_dim)
        self.project = projection(width, shared)
        reader = getattr(self.text, "text_model", self.text)
        embedding = reader.embeddings.token_embedding
        tokens = prompts(words, int(reader.embeddings.position_embedding.num_embeddings))
        if int(embedding.num_embeddings) <= int(tokens.max()):  # a small one: only the ends count
            tokens = tokens % int(embedding.num_embeddings)
            tokens[:, words + 3] = int(embedding.num_embeddings) - 1
        self.prompts = PicturePrompts(embedding, tokens, words)
        self.scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))
        for still in (self.clip, self.text, self.project):
            still.requires_grad_(False)
        self.scale.requires_grad_(False)
        self.adapters = nn.ModuleList(Adapter(width, opened=opened) for _ in range(adapters))
        self.interact = Attending(shared)
        self.pixels = Pixels()  # of ImageNet, not of CLIP, as the authors prepare it

    def seen(self, picture: Tensor) -> Tensor:
        """All tokens in the space shared with words, (B, 1 + N, C)."""
        hidden = self.clip.pre_layrnorm(self.clip.embeddings(self.pixels(picture)))
        for place, block in enumerate(self.clip.encoder.layers):
            hidden = hidden + block.self_attn(block.layer_norm1(hidden), attention_mask=None)[0]
            added = block.mlp(block.layer_norm2(hidden))
            if (place + 1) % self.every == 0:
                added = added + self.adapters[place // self.every](hidden)
            hidden = hidden + added
        result: Tensor = self.project(self.clip.post_layernorm(hidden))
        return result

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """How much nearer to "fake" than to "real" the picture and its patches are."""
        seen = self.seen(picture)
        vectors = self.prompts(seen)
        tokens = self.prompts.learnt.tokens.repeat(seen.shape[0], 1)
        read = torch.unflatten(read_prompts(self.text, vectors.flatten(0, 1), tokens), 0, (-1, 2))
        patches = self.interact(seen[:, 1:], read).mean(1)
        words = F.normalize(read, dim=-1)
        near = sum(
            (words @ F.normalize(one, dim=-1)[..., None])[..., 0] for one in (seen[:, 0], patches)
        )
        assert isinstance(near, Tensor)
        scores = self.scale.exp() * near
        return {"logit": scores[:, 1] - scores[:, 0]}
