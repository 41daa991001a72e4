"""Noise residuals by three fixed high-pass filters of the spatial rich model.

Fridrich and Kodovský 2012, "Rich Models for Steganalysis of Digital Images", section II; the three
that Zhou et al. 2018, "Learning Rich Features for Image Manipulation Detection", section 3.2, keep.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

_SQUARE_3 = ((0, 0, 0, 0, 0), (0, -1, 2, -1, 0), (0, 2, -4, 2, 0), (0, -1, 2, -1, 0),
             (0, 0, 0, 0, 0))  # fmt: skip
_SQUARE_5 = ((-1, 2, -2, 2, -1), (2, -6, 8, -6, 2), (-2, 8, -12, 8, -2), (2, -6, 8, -6, 2),
             (-1, 2, -2, 2, -1))  # fmt: skip
_SECOND = ((0, 0, 0, 0, 0), (0, 0, 0, 0, 0), (0, 1, -2, 1, 0), (0, 0, 0, 0, 0),
           (0, 0, 0, 0, 0))  # fmt: skip


def kernels() -> Tensor:
    """The square filters of 3 × 3 and 5 × 5 and the second difference along a row, 3 × 5 × 5.

    Each is divided by the weight of its middle.
    """
    stacked = torch.tensor([_SQUARE_3, _SQUARE_5, _SECOND], dtype=torch.float32)
    return stacked / stacked[:, 2, 2].abs()[:, None, None]


class SRM(nn.Module):
    """Pictures (B, ``channels``, H, W) to residuals of the same size, cut off at ±``limit``.

    Three residuals, each summed over the channels; with ``separate`` three of each channel, those
    of one channel beside each other. The limit is in units of the picture. It has no weights.
    """

    filters: Tensor

    def __init__(self, channels: int = 3, limit: float = 2.0, separate: bool = False) -> None:
        super().__init__()
        self.limit = limit
        self.groups = channels if separate else 1
        each = kernels()[:, None]
        filters = each.repeat(channels, 1, 1, 1) if separate else each.repeat(1, channels, 1, 1)
        self.register_buffer("filters", filters, persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W), or (B, 3 × channels, H, W). Outside the picture is 0."""
        found = F.conv2d(picture, self.filters, padding=2, groups=self.groups)
        return found.clamp(-self.limit, self.limit)
