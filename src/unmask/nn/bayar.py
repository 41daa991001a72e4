"""A convolution that learns to predict a pixel from its neighbours and gives the error.

Bayar and Stamm 2018, "Constrained Convolutional Neural Networks", section IV: the middle weight
is -1 and the others sum to 1, which is restored before each step.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class BayarConv2d(nn.Module):
    """Pictures (B, ``inside``, H, W) to prediction errors (B, ``outside``, H, W).

    ``kernel`` (inside × outside × (size² - 1)) holds all weights but the middle one, under the name
    and in the order of the published checkpoints. In training each call first divides the weights
    by their sum; the gradient is that of the weights so projected, as in the paper.
    """

    def __init__(self, inside: int = 3, outside: int = 3, size: int = 5, padding: int = 2) -> None:
        super().__init__()
        self.size, self.padding = size, padding
        self.kernel = nn.Parameter(torch.rand(inside, outside, size * size - 1))

    def weights(self) -> Tensor:
        """The constrained kernels, outside × inside × size × size."""
        inside, outside, rest = self.kernel.shape
        kernel: Tensor = self.kernel
        if self.training:
            with torch.no_grad():
                self.kernel.div_(self.kernel.sum(-1, keepdim=True))
        else:
            kernel = kernel / kernel.sum(-1, keepdim=True)
        middle = kernel.new_full((inside, outside, 1), -1.0)
        whole = torch.cat([kernel[..., : rest // 2], middle, kernel[..., rest // 2 :]], dim=-1)
        return whole.reshape(outside, inside, self.size, self.size)

    def forward(self, picture: Tensor) -> Tensor:
        """Outside the picture is 0."""
        return F.conv2d(picture, self.weights(), padding=self.padding)
