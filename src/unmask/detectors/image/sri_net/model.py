"""The network: Xceptions for the picture and for the light's parts, which ask each other.

After Fei, Jia, Huang, Zhang and Zhou 2026, "Exploring Specular Reflection Inconsistency for
Generalizable Face Forgery Detection", section 3.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from unmask.nn.pixels import HALF, Pixels
from unmask.nn.xception import xception

MAPS = ("texture", "direct", "specular")


def asked(asking: Tensor, known: Tensor) -> Tensor:
    """What places of one map (B, C, H, W) hear from those of another, by how alike they are.

    softmax(asking knownᵀ / √C) known, without learnt projections.
    """
    query, key = asking.flatten(2).transpose(1, 2), known.flatten(2)
    looks = (query @ key / query.shape[-1] ** 0.5).softmax(-1)
    heard = looks @ key.transpose(1, 2)
    return torch.unflatten(heard.transpose(1, 2), 2, tuple(asking.shape[2:]))


def _entry(net: Any) -> nn.Module:
    first = (net.conv1, net.bn1, net.act1, net.conv2, net.bn2, net.act2)
    return nn.Sequential(*first, net.block1, net.block2, net.block3)


def _middle(net: Any) -> nn.Module:
    return nn.Sequential(*[getattr(net, f"block{number}") for number in range(4, 12)])


def _exit(net: Any) -> nn.Module:
    last = (net.conv3, net.bn3, net.act3, net.conv4, net.bn4)
    return nn.Sequential(net.block12, *last, nn.ReLU())


class SriNet(nn.Module):
    """Faces and their light (B, 12, S, S), as ``unmask.faces.light`` lays them, to ``logit`` (B).

    Texture asks direct light, and both pass a middle flow; what comes of it asks the reflection,
    which has passed one of its own; an exit flow ends it. ``middle``, ``entry``, ``thin``: as
    ``xception``.
    """

    def __init__(
        self, pretrained: bool | Path = False, middle: int = 8, entry: int = 3, thin: int = 1
    ) -> None:
        super().__init__()

        def net() -> Any:
            return xception(pretrained, middle=middle, entry=entry, thin=thin)

        whole = net()
        self.picture = nn.Sequential(_entry(whole), _middle(whole), _exit(whole))
        starts = {name: net() for name in MAPS}
        self.entries = nn.ModuleDict({name: _entry(one) for name, one in starts.items()})
        self.light_middle = _middle(starts["texture"])
        self.specular_middle = _middle(starts["specular"])
        self.last = _exit(starts["direct"])
        self.head = nn.Linear(2 * whole.num_features, 2)
        self.pixels = Pixels(HALF)
        self.spread = nn.BatchNorm2d(9, affine=False)

    def related(self, texture: Tensor, direct: Tensor, specular: Tensor) -> Tensor:
        """Maps of the three entries to what the reflection makes of texture and light."""
        both = asked(texture, direct) + texture + direct
        shining = self.specular_middle(specular)
        result: Tensor = asked(self.light_middle(both), shining) + shining
        return result

    def forward(self, light: Tensor) -> dict[str, Tensor]:
        """Log-odds of forgery: the difference of both classes."""
        picture, maps = light[:, :3], light[:, 3:]
        parts = self.spread(maps).chunk(3, dim=1)
        entered = [self.entries[name](part) for name, part in zip(MAPS, parts, strict=True)]
        ends = self.picture(self.pixels(picture)), self.last(self.related(*entered))
        features = torch.cat([end.mean((2, 3)) for end in ends], dim=1)
        real, forged = self.head(features).unbind(1)
        return {"logit": forged - real}
