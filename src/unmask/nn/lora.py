"""Low-rank adaptation: a frozen linear layer learns through a product of two thin matrices.

Hu et al. 2022, "LoRA", section 4.1. Kalajdzievski 2023, "A Rank Stabilization Scaling Factor for
Fine-Tuning with LoRA" (rsLoRA), section 3: the product is scaled by alpha / √rank instead of
alpha / rank.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.nn.replacing import replace_linears


class LoRALinear(nn.Linear):
    """``plain`` with its weights frozen, and ``scaling`` × B A beside them.

    The plain names stay, so a checkpoint of the plain layer still fits; new are ``lora_A`` (rank ×
    in) and ``lora_B`` (out × rank, at first 0). ``dropout`` acts on what goes into A. Raises
    SettingError for a rank that is none.
    """

    def __init__(
        self,
        plain: nn.Linear,
        rank: int,
        alpha: float,
        dropout: float = 0.0,
        stabilised: bool = False,
    ) -> None:
        if not 1 <= rank <= min(plain.weight.shape):
            raise SettingError(
                f"The rank of LoRA is {rank}; allowed are 1 to {min(plain.weight.shape)} here."
            )
        super().__init__(
            plain.in_features,
            plain.out_features,
            plain.bias is not None,
            device=plain.weight.device,
            dtype=plain.weight.dtype,
        )
        self.load_state_dict(plain.state_dict())
        self.requires_grad_(False)
        self.scaling = alpha / (math.sqrt(rank) if stabilised else rank)
        self.drop = nn.Dropout(dropout)
        self.lora_A = nn.Parameter(self.weight.new_empty(rank, plain.in_features))
        self.lora_B = nn.Parameter(self.weight.new_zeros(plain.out_features, rank))
        nn.init.kaiming_uniform_(self.lora_A, a=math.sqrt(5))

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        learnt = F.linear(F.linear(self.drop(x), self.lora_A), self.lora_B)
        return super().forward(x) + self.scaling * learnt

    @torch.no_grad()
    def folded(self) -> nn.Linear:
        """One plain layer that gives the same."""
        plain = nn.Linear(
            self.in_features,
            self.out_features,
            self.bias is not None,
            device=self.weight.device,
            dtype=self.weight.dtype,
        )
        plain.weight.copy_(self.weight + self.scaling * self.lora_B @ self.lora_A)
        if self.bias is not None:
            plain.bias.copy_(self.bias)
        return plain


def add_lora(
    network: nn.Module,
    layers: Sequence[str],
    rank: int,
    alpha: float,
    dropout: float = 0.0,
    stabilised: bool = False,
) -> list[str]:
    """Freeze a network but for new ``LoRALinear`` in the place of ``layers``; give their names.

    ``layers``: endings of names, such as ``q_proj``. Raises ModelError when there are none.
    """
    network.requires_grad_(False)
    return replace_linears(
        network, layers, lambda plain: LoRALinear(plain, rank, alpha, dropout, stabilised)
    )
