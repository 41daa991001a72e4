"""Meso4 and MesoInception4 (Afchar, Nozick, Yamagishi and Echizen 2018, section 3).

Few layers, so that the network sees mesoscopic properties of a face and neither its noise, which
compression destroys, nor its meaning. Hyper-parameters that the paper leaves to Keras are those of
Keras: normalisation with 1e-3 and 0.99, Glorot's initial weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

SIZE = 256
"""Side of the face in pixels; the first dense layer fixes it."""
_CELLS = SIZE // 2 // 2 // 2 // 4


class _Inception(nn.Module):
    """Four branches side by side: 1×1, 3×3, and 3×3 that skip one and two pixels (figure 5)."""

    def __init__(self, taken: int, widths: tuple[int, int, int, int]) -> None:
        super().__init__()
        plain, *others = widths
        self.plain = nn.Conv2d(taken, plain, 1)
        self.branches = nn.ModuleList(
            nn.Sequential(
                nn.Conv2d(taken, width, 1),
                nn.ReLU(),
                nn.Conv2d(width, width, 3, padding=step, dilation=step),
            )
            for step, width in enumerate(others, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The branches' channels, one after the other."""
        return torch.cat([self.plain(x), *(branch(x) for branch in self.branches)], 1)


def _block(layer: nn.Module, width: int, pool: int) -> nn.Sequential:
    """A layer, its activation, normalisation and pooling, in Keras' order and with its values."""
    norm = nn.BatchNorm2d(width, eps=1e-3, momentum=0.01)
    return nn.Sequential(layer, nn.ReLU(), norm, nn.MaxPool2d(pool))


class MesoNet(nn.Module):
    """Face (batch × 3 × 256 × 256, RGB 0…255) → ``logit`` (batch).

    ``variant``: "meso4" has two plain convolutions where "mesoinception4" has two inception layers.
    """

    def __init__(self, variant: str) -> None:
        super().__init__()
        first: list[nn.Module] = (
            [_Inception(3, (1, 4, 4, 2)), _Inception(11, (2, 4, 4, 2))]
            if variant == "mesoinception4"
            else [nn.Conv2d(3, 8, 3, padding=1), nn.Conv2d(8, 8, 5, padding=2)]
        )
        widths = (11, 12) if variant == "mesoinception4" else (8, 8)
        self.features = nn.Sequential(
            _block(first[0], widths[0], 2),
            _block(first[1], widths[1], 2),
            _block(nn.Conv2d(widths[1], 16, 5, padding=2), 16, 2),
            _block(nn.Conv2d(16, 16, 5, padding=2), 16, 4),
        )
        self.classifier = nn.Sequential(
            nn.Dropout(0.5),
            nn.Linear(16 * _CELLS**2, 16),
            nn.LeakyReLU(0.1),
            nn.Dropout(0.5),
            nn.Linear(16, 1),
        )
        for module in self.modules():
            if isinstance(module, nn.Conv2d | nn.Linear):
                nn.init.xavier_uniform_(module.weight)
                assert module.bias is not None
                nn.init.zeros_(module.bias)
        if isinstance(first[0], _Inception):  # a lone filter that no picture could wake
            with torch.no_grad():
                weight = first[0].plain.weight
                weight.mul_(-1.0 if bool((weight <= 0).all()) else 1.0)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery before calibration."""
        return {"logit": self.classifier(self.features(face / 255).flatten(1))[:, 0]}
