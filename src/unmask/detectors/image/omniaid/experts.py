"""A linear layer with several small parts beside a frozen one; the router says which count.

Section 3.2 of the paper: as in Effort the least singular triples are taken out of the weight; here
every expert starts from a copy of them.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.nn.svd_residual import decomposed


class ExpertLinear(nn.Module):
    """``plain`` without its ``rank`` least singular triples, and ``experts`` copies of those.

    ``U_start`` and ``V_start`` remember where the directions began; what is frozen is orthogonal to
    them. Raises SettingError for a rank that leaves nothing frozen.
    """

    weight_main: Tensor
    U_start: Tensor
    V_start: Tensor

    def __init__(self, plain: nn.Linear, experts: int, rank: int) -> None:
        super().__init__()
        if not 1 <= rank < min(plain.weight.shape):
            raise SettingError(f"The rank {rank} leaves nothing of a layer frozen.")
        main, left, values, right = decomposed(plain.weight, rank)
        self.register_buffer("weight_main", main)
        self.register_buffer("U_start", left.clone())
        self.register_buffer("V_start", right.clone())
        self.bias = nn.Parameter(plain.bias.detach().clone(), requires_grad=False)
        self.U_experts = nn.ParameterList(nn.Parameter(left.clone()) for _ in range(experts))
        self.S_experts = nn.ParameterList(nn.Parameter(values.clone()) for _ in range(experts))
        self.V_experts = nn.ParameterList(nn.Parameter(right.clone()) for _ in range(experts))

    def forward(self, x: Tensor, gates: Tensor) -> Tensor:
        """(B, N, in) to (B, N, out); ``gates`` (B, experts): how much each expert counts."""
        total = F.linear(x, self.weight_main, self.bias)
        parts = zip(self.U_experts, self.S_experts, self.V_experts, strict=True)
        for number, (left, values, right) in enumerate(parts):
            along = F.linear(F.linear(x, right) * values, left)
            total = total + gates[:, number, None, None] * along
        return total

    def expert(self, number: int) -> list[nn.Parameter]:
        """The three parts of one expert."""
        return [self.U_experts[number], self.S_experts[number], self.V_experts[number]]

    def overlap(self, number: int, before: list[int]) -> Tensor:
        """How far the directions of an expert lie in what is frozen and in experts ``before`` it.

        Frobenius norms of the products of directions brought to length one, of both sides, averaged
        over what they are compared with. The frozen directions need not be kept: what of a
        direction lies in them is what does not lie in where it began.
        """
        sides = (
            (self.U_experts[number], self.U_start, [self.U_experts[i] for i in before]),
            (self.V_experts[number].T, self.V_start.T, [self.V_experts[i].T for i in before]),
        )
        total = self.U_start.new_zeros(())
        for now, began, others in sides:
            unit = F.normalize(now, dim=0)
            frozen = unit.square().sum() - (began.T @ unit).square().sum()
            total = total + _root(frozen)
            for other in others:
                total = total + (F.normalize(other.detach(), dim=0).T @ unit).norm()
        return total / (1 + len(before))


def _root(square: Tensor) -> Tensor:
    """A square root that rounding below 0 does not break, with a gradient of 0 there."""
    positive = square > 1e-12
    return torch.where(positive, square, torch.ones_like(square)).sqrt() * positive


class Router(nn.Module):
    """Features of a frozen CLIP (B, C) to a gate for each expert but the last, which is always on.

    ``top``: how many of them count; their gates are a softmax among them.
    """

    def __init__(self, width: int, experts: int, hidden: int, top: int) -> None:
        super().__init__()
        self.top = top
        self.network = nn.Sequential(
            nn.Linear(width, hidden), nn.ReLU(), nn.Linear(hidden, experts - 1)
        )

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Gates (B, experts), and the numbers (B, experts - 1) before the choice."""
        scores = self.network(features)
        best, which = scores.topk(self.top, dim=-1)
        gates = torch.zeros_like(scores).scatter(-1, which, best.softmax(-1))
        return torch.cat([gates, torch.ones_like(gates[:, :1])], dim=1), scores


def balance(scores: Tensor, gates: Tensor) -> Tensor:
    """Least (1) when every expert is chosen as often and as surely: (B, experts - 1) and gates."""
    chosen = (gates[:, :-1] > 0).to(scores).mean(0)
    return scores.shape[1] * (chosen * scores.softmax(-1).mean(0)).sum()
