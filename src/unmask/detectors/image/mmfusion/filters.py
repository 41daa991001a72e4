"""Forensic filters beside Noiseprint++, and how early convolutions mix them (section 3.2)."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SRM = (
    (4, ((0, 0, 0, 0, 0), (0, -1, 2, -1, 0), (0, 2, -4, 2, 0), (0, -1, 2, -1, 0), (0, 0, 0, 0, 0))),
    (
        12,
        ((-1, 2, -2, 2, -1), (2, -6, 8, -6, 2), (-2, 8, -12, 8, -2), (2, -6, 8, -6, 2),
         (-1, 2, -2, 2, -1)),
    ),
    (2, ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 1, -2, 1, 0), (0, 0, 0, 0, 0), (0, 0, 0, 0, 0))),
)  # fmt: skip
"""Divisor and kernel of three filters of the steganalysis rich model (Fridrich and Kodovsky)."""
_MOST = 2.0
FILTERS = 3
WIDTHS = (24, 48, 96)
"""Of the convolutions that mix."""


class Srm(nn.Module):
    """Three fixed residuals over the sum of the colours, cut off at ± 2; (B, 3, H, W) as before."""

    def __init__(self) -> None:
        super().__init__()
        kernels = [torch.tensor(kernel, dtype=torch.float32) / by for by, kernel in _SRM]
        weight = torch.stack(kernels)[:, None].repeat(1, 3, 1, 1)
        self.register_buffer("weight", weight, persistent=False)

    def forward(self, pixels: Tensor) -> Tensor:
        """Residuals of pixels."""
        return F.conv2d(pixels, self.get_buffer("weight"), padding=2).clamp(-_MOST, _MOST)


class Bayar(nn.Module):
    """A learnt prediction of each pixel from its 24 neighbours, less the pixel itself.

    Bayar and Stamm 2018. The neighbours' weights are brought to the sum 1 where they are used; the
    authors do that to the parameter itself at every call.
    """

    def __init__(self, channels: int = 3, side: int = 5) -> None:
        super().__init__()
        self.side = side
        self.kernel = nn.Parameter(torch.rand(channels, channels, side * side - 1))

    def forward(self, pixels: Tensor) -> Tensor:
        """Residuals (B, 3, H, W); zeros stand beyond the rim."""
        weight = self.kernel / self.kernel.sum(-1, keepdim=True).detach()
        middle = self.side**2 // 2
        itself = torch.full_like(weight[..., :1], -1)
        whole = torch.cat([weight[..., :middle], itself, weight[..., middle:]], dim=-1)
        whole = whole.reshape(*whole.shape[:-1], self.side, self.side)
        return F.conv2d(pixels, whole, padding=self.side // 2)


def _early(inside: int, outside: int, widths: Sequence[int], groups: int = 1) -> nn.Sequential:
    """Convolutions, or ``groups`` of them beside each other."""
    layers: list[nn.Module] = []
    last = groups * inside
    for width in widths:
        wide = groups * width
        layers.append(nn.Conv2d(last, wide, 3, padding=1, groups=groups))
        layers += [nn.BatchNorm2d(wide), nn.ReLU()]
        last = wide
    return nn.Sequential(*layers, nn.Conv2d(last, groups * outside, 1, groups=groups))


class Mixer(nn.Module):
    """What each filter gives, through convolutions of its own, and all of it to three channels."""

    def __init__(self, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__()
        self.each = _early(3, 3, widths, FILTERS)
        self.drop = nn.Dropout(0.33)
        self.all = _early(3 * FILTERS, 3, widths)

    def forward(self, seen: Sequence[Tensor]) -> Tensor:
        """Maps (B, 3, H, W) of the filters to one of that shape."""
        result: Tensor = self.all(self.drop(self.each(torch.cat(list(seen), dim=1))))
        return result
