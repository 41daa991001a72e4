"""Prompts that name a dataset and a class by learnt words, and how sharply each is read.

After Lai et al. 2024, "GM-DF: Generalized Multi-Scenario Deepfake Detection", section 3.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.prompts import read_prompts

START, END = 49406, 49407
BEFORE = (320,)
"""What CLIP's tokenizer makes of "a"."""
AFTER = (1710, 3649, 645, 32845, 23764)
"""And of "face showing forgery clues"."""
CLASSES = (1532, 5777)
"""And of "real" and "fake", from which the words of the classes start."""


class DatasetPrompts(nn.Module):
    """ "a [dataset] [class] face showing forgery clues", read by CLIP's text encoder.

    ``text``: transformers' model with projection. ``datasets``: how many words for datasets there
    are; the first stands for one that is not known.
    """

    fixed: Tensor
    tokens: Tensor

    def __init__(
        self, text: Any, datasets: int, temperature: float = 0.07, sharper: float = 0.01
    ) -> None:
        super().__init__()
        embedding = getattr(text, "text_model", text).embeddings.token_embedding
        size = int(embedding.num_embeddings)
        row = torch.tensor([START, *BEFORE, 0, 0, *AFTER, END]) % size  # a small one has few words
        row[-1] = size - 1
        self.before = 1 + len(BEFORE)
        with torch.no_grad():
            known = embedding(row).clone()
            classes = embedding(torch.tensor(CLASSES) % size).clone()
        self.register_buffer("fixed", known)
        self.register_buffer("tokens", row, persistent=False)
        self.classes = nn.Parameter(classes)
        self.datasets = nn.Parameter(torch.empty(datasets, known.shape[1]))
        nn.init.normal_(self.datasets, std=0.02)
        self.least, self.sharper = temperature, sharper

    def temperatures(self) -> Tensor:
        """One a dataset: the least, and more of it the longer the dataset's word."""
        lengths: Tensor = torch.linalg.vector_norm(self.datasets, dim=1)
        return self.least + self.sharper * lengths

    def forward(self, text: Any, number: int) -> Tensor:
        """The prompts of the first ``number`` datasets, of length one: number × 2 × shared."""
        rows = self.fixed.expand(number, 2, -1, -1)
        words = torch.stack(
            [
                self.datasets[:number, None].expand(-1, 2, -1),
                self.classes.expand(number, -1, -1),
            ],
            dim=2,
        )
        filled = torch.cat([rows[:, :, : self.before], words, rows[:, :, self.before + 2 :]], dim=2)
        read = read_prompts(text, filled.flatten(0, 1), self.tokens.expand(2 * number, -1))
        return torch.unflatten(nn.functional.normalize(read, dim=-1), 0, (number, 2))
