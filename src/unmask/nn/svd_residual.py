"""A linear layer that learns only along its least singular directions.

Yan et al. 2025, "Orthogonal Subspace Decomposition for Generalizable AI-Generated Image Detection"
(Effort), section 3.2: the weight is split by singular values; what the largest make stays frozen,
the last triples are trained.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.nn.replacing import replace_linears


def decomposed(weight: Tensor, rank: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """``weight`` (out × in) without its ``rank`` least singular triples, and those: U, S and V.

    U is out × rank, V rank × in, and the weight is main + U diag(S) V.
    """
    left, values, right = torch.linalg.svd(weight.detach(), full_matrices=False)
    kept = len(values) - rank
    main = (left[:, :kept] * values[:kept]) @ right[:kept]
    return main, left[:, kept:], values[kept:], right[kept:]


class SVDResidualLinear(nn.Module):
    """``plain`` with the product of its ``rank`` least singular triples trained.

    ``weight_main``, ``U_residual``, ``S_residual`` and ``V_residual`` have the names of the
    published checkpoints; ``U_start`` and ``V_start`` remember where the directions began, and
    ``energy`` the squared Frobenius norm of the plain weight. Raises SettingError for a rank that
    leaves nothing frozen.
    """

    weight_main: Tensor
    U_start: Tensor
    V_start: Tensor
    energy: Tensor

    def __init__(self, plain: nn.Linear, rank: int = 1) -> None:
        super().__init__()
        if not 1 <= rank < min(plain.weight.shape):
            raise SettingError(
                f"{rank} singular triples are to be trained; allowed are 1 to "
                f"{min(plain.weight.shape) - 1} here."
            )
        main, left, values, right = decomposed(plain.weight, rank)
        self.register_buffer("weight_main", main)
        self.bias: Tensor | None = None
        if plain.bias is not None:
            self.bias = nn.Parameter(plain.bias.detach().clone(), requires_grad=False)
        self.U_residual = nn.Parameter(left.clone())
        self.S_residual = nn.Parameter(values.clone())
        self.V_residual = nn.Parameter(right.clone())
        self.register_buffer("U_start", left.clone())
        self.register_buffer("V_start", right.clone())
        self.register_buffer("energy", plain.weight.detach().square().sum())

    def weight(self) -> Tensor:
        """The whole weight as it is now, out × in."""
        return self.weight_main + (self.U_residual * self.S_residual) @ self.V_residual

    def forward(self, x: Tensor) -> Tensor:
        """(..., in) to (..., out)."""
        return F.linear(x, self.weight(), self.bias)

    def orthogonality(self) -> Tensor:
        """How far the directions have turned into those that are frozen: 0 at the start.

        Half the Frobenius distances of [U_frozen U][U_frozen U]ᵀ and of [V_frozen; V]ᵀ[V_frozen; V]
        from the identity (the paper's equation 5), for a square weight. The frozen directions need
        not be kept for it: their projector is the identity less that of the start.
        """
        sides = ((self.U_residual, self.U_start), (self.V_residual.T, self.V_start.T))
        gaps = [now @ now.T - began @ began.T for now, began in sides]
        return sum((0.5 * _length(gap) for gap in gaps), start=self.energy.new_zeros(()))

    def drift(self) -> Tensor:
        """How far the squared norm of the weight has moved (equation 6)."""
        return (self.weight().square().sum() - self.energy).abs()

    @torch.no_grad()
    def folded(self) -> nn.Linear:
        """One plain layer that gives the same."""
        out, inside = self.weight_main.shape
        plain = nn.Linear(inside, out, self.bias is not None).to(self.weight_main)
        plain.weight.copy_(self.weight())
        if self.bias is not None:
            plain.bias.copy_(self.bias)
        return plain


def _length(matrix: Tensor) -> Tensor:
    """Frobenius norm with a gradient of 0, and not of nothing over nothing, at the origin."""
    square = matrix.square().sum()
    return torch.where(square > 0, square, torch.ones_like(square)).sqrt() * (square > 0)


def add_svd_residuals(network: nn.Module, layers: Sequence[str], rank: int = 1) -> list[str]:
    """Freeze a network but for ``SVDResidualLinear`` in the place of ``layers``; give their names.

    ``layers``: endings of names, such as ``self_attn.q_proj``. Raises ModelError when there are
    none.
    """
    network.requires_grad_(False)
    return replace_linears(network, layers, lambda plain: SVDResidualLinear(plain, rank))


def beginnings(left: Tensor, right: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """Where the trained directions began, from the frozen ones of a published checkpoint.

    Its ``U_r`` (N × (N - rank)) and ``V_r`` ((N - rank) × N) of a square weight; gives ``U_start``
    (N × rank) and ``V_start`` (rank × N), which are orthogonal to them and otherwise free: only
    their projectors count.
    """
    return _rest(left, rank), _rest(right.T, rank).T.contiguous()


def _rest(columns: Tensor, rank: int) -> Tensor:
    seed = torch.Generator().manual_seed(0)
    drawn = torch.randn(len(columns), rank, generator=seed).to(columns)
    for _ in range(2):  # once more against rounding
        drawn = torch.linalg.qr(drawn - columns @ (columns.T @ drawn)).Q
    return drawn
