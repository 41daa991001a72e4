"""The network: frames through a ResNet-18, cepstra through one that weighs its maps, and a mean.

DeepfakeBench-MM 2025, the baseline of its second stage. Weighed maps: Hu, Shen and Sun 2018,
"Squeeze-and-Excitation Networks", section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.c3d import FrameResNet
from unmask.nn.mel_cepstra import MelCepstra
from unmask.nn.pixels import Pixels


class Weighed(nn.Module):
    """Two convolutions with a bypass; each map is weighed by what it holds on average.

    As in the authors' program the activation comes before the first norm.
    """

    def __init__(self, inside: int, outside: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inside, outside, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outside)
        self.conv2 = nn.Conv2d(outside, outside, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(outside)
        narrow = max(outside // 8, 1)
        self.weigh = nn.Sequential(
            nn.Linear(outside, narrow), nn.ReLU(), nn.Linear(narrow, outside), nn.Sigmoid()
        )
        self.bypass: nn.Module = nn.Identity()
        if stride > 1 or inside != outside:
            self.bypass = nn.Sequential(
                nn.Conv2d(inside, outside, 1, stride, bias=False), nn.BatchNorm2d(outside)
            )

    def forward(self, x: Tensor) -> Tensor:
        """(B, inside, H, W) to (B, outside, H / stride, W / stride)."""
        inner = self.bn2(self.conv2(self.bn1(F.relu(self.conv1(x)))))
        inner = inner * self.weigh(inner.mean((2, 3)))[..., None, None]
        return F.relu(inner + self.bypass(x))


class SoundResNet(nn.Module):
    """Cepstra (B, T, C) to features (B, T / 4, width): time is kept, coefficients are averaged.

    ``blocks``: how many each stage has; with fewer than four the first stages are left out.
    """

    def __init__(self, width: int, blocks: Sequence[int]) -> None:
        super().__init__()
        widths = [width // 8, width // 4, width // 2, width][-len(blocks) :]
        self.enter = nn.Conv2d(1, widths[0], 7, (1, 2), 3, bias=False)
        self.norm = nn.BatchNorm2d(widths[0])
        self.layers = nn.ModuleList()
        pairs = pairwise([widths[0], *widths])
        for (inside, outside), stride, count in zip(pairs, (1, 2, 2, 1), blocks, strict=False):
            more = (Weighed(outside, outside, 1) for _ in range(count - 1))
            self.layers.append(nn.Sequential(Weighed(inside, outside, stride), *more))

    def forward(self, cepstra: Tensor) -> Tensor:
        """One vector for four windows."""
        x = F.relu(self.norm(self.enter(cepstra[:, None])))
        for layer in self.layers:
            x = layer(x)
        return x.mean(-1).transpose(1, 2)


class MultimodalBaseline(nn.Module):
    """Frames (B, T, 3, H, W), 0…255, and samples (B, N) of the same time, to the card's outputs.

    25 frames and a second of sound give 25 vectors of each. ``blocks``: of the stages of both.
    """

    def __init__(self, width: int = 512, blocks: Sequence[int] = (2, 2, 2, 2)) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.cepstra = MelCepstra()
        self.see = FrameResNet(width=width, blocks=blocks)
        self.hear = SoundResNet(width, blocks)
        self.judge = nn.Sequential(
            *(nn.Linear(2 * width, 2 * width), nn.Dropout(0.1), nn.ReLU()),
            *(nn.Linear(2 * width, 2 * width), nn.Dropout(0.1), nn.ReLU()),
            nn.Linear(2 * width, 1),
        )

    def forward(self, video: Tensor, sound: Tensor) -> dict[str, Tensor]:
        """The authors' two classes are -z and z: the difference of their scores is 2 z."""
        shown = self.pixels(video.flatten(0, 1)).view_as(video)
        seen = self.see(shown.transpose(1, 2))
        heard = self.hear(self.cepstra(sound))
        features = torch.cat([seen.mean(1), heard.mean(1)], dim=-1)
        return {"logit": 2 * self.judge(features).squeeze(1), "features": features}
