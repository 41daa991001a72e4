"""A selective state space layer (Gu and Dao 2023, "Mamba", section 3), as DeMamba runs it.

``scan`` finds all states of a linear recurrence in a few steps over whole sequences: each doubles
how far back a state knows (Hillis and Steele 1986).
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

STATES = 16
_EXPAND = 2
_KERNEL = 4


def scan(decay: Tensor, given: Tensor) -> Tensor:
    """The states h[t] = decay[t] · h[t - 1] + given[t] along axis 1, from nothing; same shape."""
    reach, length = 1, given.shape[1]
    while reach < length:
        given = torch.cat(
            [given[:, :reach], given[:, reach:] + decay[:, reach:] * given[:, :-reach]], 1
        )
        decay = torch.cat([decay[:, :reach], decay[:, reach:] * decay[:, :-reach]], 1)
        reach *= 2
    return given


class Selective(nn.Module):
    """Sequences (B, L, E) to (B, L, E): each step says how much the state takes and keeps."""

    def __init__(self, width: int, rank: int) -> None:
        super().__init__()
        self.rank = rank
        self.x_proj = nn.Linear(width, rank + 2 * STATES, bias=False)
        self.dt_proj = nn.Linear(rank, width)
        self.log_decay = nn.Parameter(torch.arange(1.0, STATES + 1).log().repeat(width, 1))
        self.through = nn.Parameter(torch.ones(width))

    def start_slowly(self) -> None:
        """Steps between .001 and .1 at the start, as Mamba has them."""
        nn.init.uniform_(self.dt_proj.weight, -(self.rank**-0.5), self.rank**-0.5)
        low, high = math.log(0.001), math.log(0.1)
        step = torch.exp(torch.rand(len(self.through)) * (high - low) + low).clamp(min=1e-4)
        with torch.no_grad():
            self.dt_proj.bias.copy_(step + torch.log(-torch.expm1(-step)))

    def forward(self, x: Tensor) -> Tensor:
        """What the states say at each step."""
        step, into, out = self.x_proj(x).split([self.rank, STATES, STATES], -1)
        step = F.softplus(self.dt_proj(step))[..., None]
        decay = torch.exp(step * -self.log_decay.float().exp())
        states = scan(decay, step * into[..., None, :] * x[..., None])
        said: Tensor = (states @ out[..., None])[..., 0] + self.through * x
        return said


class MambaBlock(nn.Module):
    """Sequences (B, L, D) to (B, L, D): a norm, Mamba's layer in both directions, and a bypass.

    The second direction is the authors': it reads the *channels* from the last to the first, and
    time in its order.
    """

    def __init__(self, width: int, drop: float = 0.1) -> None:
        super().__init__()
        inner, rank = _EXPAND * width, math.ceil(width / 16)
        self.norm = nn.RMSNorm(width, eps=1e-5)
        self.in_proj = nn.Linear(width, 2 * inner, bias=False)
        self.conv = nn.Conv1d(inner, inner, _KERNEL, groups=inner, padding=_KERNEL - 1)
        self.ahead = Selective(inner, rank)
        self.ahead.start_slowly()
        self.mirrored = Selective(inner, rank)
        self.out_proj = nn.Linear(inner, width, bias=False)
        self.drop = drop

    def forward(self, x: Tensor) -> Tensor:
        """The sequences with what was read added; in training some are left as they are."""
        inner, gate = self.in_proj(self.norm(x)).chunk(2, -1)
        inner = self.conv(inner.transpose(1, 2))[..., : x.shape[1]].transpose(1, 2)
        inner = F.silu(inner)
        read = self.ahead(inner) + self.mirrored(inner.flip(-1)).flip(-1)
        said = self.out_proj(read * F.silu(gate))
        if self.training and self.drop:
            kept = torch.rand(len(x), 1, 1, device=x.device) >= self.drop
            said = said * kept / (1 - self.drop)
        result: Tensor = x + said
        return result
