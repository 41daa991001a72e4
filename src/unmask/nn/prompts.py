"""Learnt words before the names of classes, read by CLIP's frozen text encoder.

Zhou, Yang, Loy and Liu 2022, "Learning to Prompt for Vision-Language Models" (CoOp), section 3.2.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import SettingError, UnknownName

PLACES = ("end", "middle", "front")
"""Where the name of the class stands among the learnt words."""


class PromptLearner(nn.Module):
    """``classes`` prompts of ``words`` learnt vectors each and a class's name.

    ``embedding``: CLIP's table of tokens. ``tokens`` (classes × length): what the tokenizer makes
    of ``words`` placeholders and the name of each class (start, placeholders, name, full stop, end,
    rest); ``names``: how many tokens each name takes. ``own``: every class has words of its own.
    Where ``tokens`` holds real words at the places of the placeholders, ``begin`` starts from them.
    ``ctx``, ``token_prefix`` and ``token_suffix`` are called as in the published checkpoints.
    Raises SettingError for lengths that do not fit, UnknownName for a place.
    """

    token_prefix: Tensor
    token_suffix: Tensor
    tokens: Tensor

    def __init__(
        self,
        embedding: nn.Embedding,
        tokens: Tensor,
        names: list[int],
        words: int = 16,
        own: bool = False,
        place: str = "end",
    ) -> None:
        super().__init__()
        if place not in PLACES:
            raise UnknownName("place of the class", place, PLACES)
        if len(names) != len(tokens) or 1 + words + max(names) >= tokens.shape[1]:
            raise SettingError(
                f"{words} learnt words and names of {names} tokens do not fit "
                f"{len(tokens)} prompts of {tokens.shape[1]} tokens."
            )
        self.names, self.words, self.place = list(names), words, place
        with torch.no_grad():
            known = embedding(tokens)
        shape = (len(tokens), words) if own else (words,)
        self.ctx = nn.Parameter(torch.empty(*shape, known.shape[-1]).to(known))
        nn.init.normal_(self.ctx, std=0.02)
        self.register_buffer("token_prefix", known[:, :1].clone())
        self.register_buffer("token_suffix", known[:, 1 + words :].clone())
        self.register_buffer("tokens", tokens.clone(), persistent=False)
        self._given = known[:, 1 : 1 + words].clone()

    @torch.no_grad()
    def begin(self) -> None:
        """Start from the words that ``tokens`` holds; those of the first class when shared."""
        self.ctx.copy_(self._given if self.ctx.ndim == 3 else self._given[0])

    def forward(self) -> Tensor:
        """Vectors of all prompts, classes × length × width."""
        words = self.ctx if self.ctx.ndim == 3 else self.ctx.expand(len(self.names), -1, -1)
        before = {"end": self.words, "middle": self.words // 2, "front": 0}[self.place]
        rows = [
            torch.cat(
                [
                    self.token_prefix[i],
                    words[i, :before],
                    self.token_suffix[i, :name],
                    words[i, before:],
                    self.token_suffix[i, name:],
                ]
            )
            for i, name in enumerate(self.names)
        ]
        return torch.stack(rows)


def read_prompts(text: Any, vectors: Tensor, tokens: Tensor) -> Tensor:
    """What CLIP's text encoder makes of prompts given as vectors: B × shared width.

    ``text``: transformers' model with projection (``clip_text``). ``vectors``: B × length × width.
    ``tokens`` (B × length) only say where each prompt ends: at its highest number, as in CLIP.
    """
    encoder = getattr(text, "text_model", text)
    length = vectors.shape[1]
    hidden = vectors + encoder.embeddings.position_embedding.weight[:length]
    low = torch.finfo(hidden.dtype).min
    mask = torch.full((length, length), low, dtype=hidden.dtype, device=hidden.device).triu(1)
    hidden = encoder.encoder(
        inputs_embeds=hidden, attention_mask=mask.expand(hidden.shape[0], 1, -1, -1)
    ).last_hidden_state
    hidden = encoder.final_layer_norm(hidden)
    ends = hidden[torch.arange(hidden.shape[0], device=hidden.device), tokens.argmax(-1)]
    result: Tensor = text.text_projection(ends)
    return result
