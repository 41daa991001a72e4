"""The two words and what is around them: prompts that a picture changes, read by CLIP's text side.

Liu et al. 2024, section 3.3 (language-guided alignment).
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.prompts import PromptLearner

START, END, PLACEHOLDER, STOP = 49406, 49407, 343, 269
"""Numbers that CLIP's tokenizer gives to the start, the end, an "X" and a full stop."""
CLASSES = {"real": 1532, "fake": 5777}
"""And to the names of the classes."""
LENGTH = 77
HEADS = 12


def prompts(words: int, length: int = LENGTH) -> Tensor:
    """ "X … X real." and "X … X fake." as numbers, 2 × ``length``."""
    rows = [[START, *[PLACEHOLDER] * words, name, STOP, END] for name in CLASSES.values()]
    return torch.tensor([row + [0] * (length - len(row)) for row in rows])


class Attending(nn.Module):
    """Attention to something else and an MLP, each with a bypass and a norm after it."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.attention = nn.MultiheadAttention(width, HEADS, batch_first=True)
        self.norm1 = nn.LayerNorm(width)
        self.wide = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)
        self.norm2 = nn.LayerNorm(width)

    def forward(self, asking: Tensor, asked: Tensor) -> Tensor:
        """(B, N, C) of (B, N, C) and (B, M, C)."""
        asking = self.norm1(asking + self.attention(asking, asked, asked, need_weights=False)[0])
        result: Tensor = self.norm2(asking + self.narrow(F.relu(self.wide(asking))))
        return result


class PicturePrompts(nn.Module):
    """The learnt words, changed by what the picture shows, before the name of each class."""

    def __init__(self, embedding: nn.Embedding, tokens: Tensor, words: int) -> None:
        super().__init__()
        self.learnt = PromptLearner(embedding, tokens, [1, 1], words)
        self.enhance = Attending(int(self.learnt.ctx.shape[-1]))

    def forward(self, seen: Tensor) -> Tensor:
        """Tokens of pictures (B, 1 + N, C) to vectors of prompts (B, 2, length, C)."""
        batch = seen.shape[0]
        words = self.enhance(self.learnt.ctx.expand(batch, -1, -1), seen)
        before, after = (
            part.expand(batch, -1, -1, -1)
            for part in (self.learnt.token_prefix, self.learnt.token_suffix)
        )
        return torch.cat([before, words[:, None].expand(-1, 2, -1, -1), after], dim=2)
