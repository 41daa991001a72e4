"""Three primary capsules on VGG's features, and two that they vote for (Nguyen et al. 2019).

The routing is that of Sabour, Frosst and Hinton 2017, section 2, but for what agrees: here every
number of a vote by itself.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from unmask.nn.pixels import IMAGENET, Pixels
from unmask.train.backbones import timm_model

SIDE = 128
VGG = "vgg19.tv_in1k"
_WIDTHS = ((64, 64), (128, 128), (256, 256, 256, 256))
_CAPSULES, _TAKEN, _GIVEN, _CLASSES = 3, 8, 4, 2
_ROUNDS = 2


def squashed(x: Tensor, dim: int) -> Tensor:
    """The same direction, and a length below 1."""
    squared = x.square().sum(dim, keepdim=True)
    return squared / (1 + squared) * x / squared.sqrt()


def _vgg(pretrained: bool) -> nn.Sequential:
    """The first 19 layers of VGG-19, 256 maps at 1/8 of the side, named as torchvision's."""
    parts: list[nn.Module] = []
    taken = 3
    for widths in _WIDTHS:
        for given in widths:
            parts += [nn.Conv2d(taken, given, 3, padding=1), nn.ReLU()]
            taken = given
        parts.append(nn.MaxPool2d(2))
    made = nn.Sequential(*parts)
    if pretrained:
        whole = timm_model(VGG, True).get_submodule("features").state_dict()
        made.load_state_dict({name: whole[name] for name in made.state_dict()})
    return made


class Statistics(nn.Module):
    """Means and deviations of the channels: (B, C, H, W) to (B, 2, C)."""

    def forward(self, x: Tensor) -> Tensor:
        """The deviation is that of a sample (n - 1)."""
        flat = x.flatten(2)
        mean = flat.mean(2, keepdim=True)
        spread = ((flat - mean).square().sum(2) / (flat.shape[2] - 1)).sqrt()
        return torch.stack([mean[..., 0], spread], 1)


def _primary() -> nn.Sequential:
    """VGG's features (B, 256, H, W) to a capsule of eight numbers, (B, 1, 8)."""
    return nn.Sequential(
        nn.Conv2d(256, 64, 3, padding=1),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.Conv2d(64, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        Statistics(),
        nn.Conv1d(2, 8, 5, 2, padding=2),
        nn.BatchNorm1d(8),
        nn.Conv1d(8, 1, 3, padding=1),
        nn.BatchNorm1d(1),
    )


class Routing(nn.Module):
    """Capsules (B, 3, 8) to two (B, 2, 4); ``noise`` is laid on the weights in training."""

    def __init__(self, noise: float) -> None:
        super().__init__()
        self.noise = noise
        self.weight = nn.Parameter(torch.randn(_CLASSES, _CAPSULES, _GIVEN, _TAKEN))

    def forward(self, capsules: Tensor) -> Tensor:
        """Votes are summed by how well each number of them agreed with the sum before."""
        weight: Tensor = self.weight
        if self.training:
            weight = weight + self.noise * torch.randn_like(weight)
        votes = (weight * capsules[:, None, :, None, :]).sum(-1)
        agreed = torch.zeros_like(votes)
        for _ in range(_ROUNDS - 1):
            agreed = agreed + votes * self._sum(votes, agreed)[:, :, None]
        return self._sum(votes, agreed)

    def _sum(self, votes: Tensor, agreed: Tensor) -> Tensor:
        return squashed((agreed.softmax(2) * votes).sum(2), -1)


class Capsules(nn.Module):
    """Face (batch × 3 × 128 × 128, RGB 0…255) → ``logit`` (batch), ``classes`` (batch × 4 × 2).

    ``pretrained``: VGG-19 of ImageNet; it never learns. ``noise``: as ``Routing``.
    """

    def __init__(self, pretrained: bool = False, noise: float = 0.01) -> None:
        super().__init__()
        self.pixels = Pixels(IMAGENET)
        self.vgg = _vgg(pretrained).requires_grad_(False)
        self.primary = nn.ModuleList(_primary() for _ in range(_CAPSULES))
        self.primary.apply(_begun)
        self.routing = Routing(noise)

    def forward(self, face: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds of forgery of the authors' two probabilities. ``classes``: for each
        of four numbers the chance of forged and of real, in their order.
        """
        seen = self.vgg(self.pixels(face))
        capsules = torch.cat([part(seen) for part in self.primary], 1)
        # What is squashed are the three capsules against each other, number by number.
        classes = self.routing(squashed(capsules, 1)).transpose(1, 2).softmax(-1)
        forged, real = classes.mean(1).unbind(1)
        return {"logit": forged.log() - real.log(), "classes": classes}


def _begun(part: nn.Module) -> None:
    """The authors' start values."""
    if isinstance(part, nn.Conv1d | nn.Conv2d):
        nn.init.normal_(part.weight, 0.0, 0.02)
    elif isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
        nn.init.normal_(part.weight, 1.0, 0.02)
