"""The network: ConvNeXt, its levels weighed by themselves, and a map that corrects itself."""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.web_iml.blocks import Pooled, Weighed, normed, sized
from unmask.detectors.image.web_iml.rectify import Rectify
from unmask.nn.pixels import Pixels
from unmask.train.backbones import timm_model

STAGES = 4
"""Of ConvNeXt."""


class ChannelNorm(nn.LayerNorm):
    """A norm over the channels of (B, C, H, W)."""

    def forward(self, x: Tensor) -> Tensor:
        """The same shape."""
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Encoder(nn.Module):
    """ConvNeXt's four stages (Liu et al. 2022); the maps of the last ``levels``, each with a norm.
    Default: the base size."""

    def __init__(self, pretrained: bool, depths: Sequence[int], widths: Sequence[int],
                 drop_path: float, levels: int) -> None:  # fmt: skip
        super().__init__()
        self.stages = timm_model(
            "convnext_base", pretrained, features_only=True, depths=tuple(depths),
            dims=tuple(widths), drop_path_rate=drop_path, ls_init_value=1.0,
            out_indices=tuple(range(STAGES - levels, STAGES)),
        )  # fmt: skip
        self.norms = nn.ModuleList(ChannelNorm(width, eps=1e-6) for width in widths[-levels:])

    def forward(self, pixels: Tensor) -> list[Tensor]:
        """Maps at a quarter of the side, an eighth, a sixteenth and a thirty-second."""
        return [norm(map_) for norm, map_ in zip(self.norms, self.stages(pixels), strict=True)]


class Pyramid(nn.Module):
    """Multi-scale perception: each level takes from all coarser ones what its weights let in."""

    def __init__(self, widths: Sequence[int], width: int, grids: Sequence[int]) -> None:
        super().__init__()
        levels = len(widths)
        self.side = nn.ModuleList(normed(inside, width) for inside in widths[:-1])
        self.coarsest = Pooled(widths[-1], width, grids)
        self.weigh = nn.ModuleList(Weighed(levels - i, width) for i in range(levels - 1))
        self.smooth = nn.ModuleList(normed(width, width, 3) for _ in range(levels - 1))

    def forward(self, maps: Sequence[Tensor]) -> list[Tensor]:
        """All levels with the same number of channels, from fine to coarse."""
        levels = [layer(map_) for layer, map_ in zip(self.side, maps[:-1], strict=True)]
        levels.append(self.coarsest(maps[-1]))
        for place in reversed(range(len(self.weigh))):
            levels[place] = self.weigh[place](levels[place:])
        smooth = [layer(map_) for layer, map_ in zip(self.smooth, levels[:-1], strict=True)]
        return [*smooth, levels[-1]]


class Judge(nn.Module):
    """Whether the picture was edited at all, from the last features and the last map."""

    def __init__(self, levels: int, width: int) -> None:
        super().__init__()
        self.levels = levels
        self.layers = nn.Sequential(
            normed((levels + 2) * width, width), nn.MaxPool2d(2),
            normed(width, width // 2, 3), nn.MaxPool2d(2),
            normed(width // 2, width // 2, 3), nn.AdaptiveMaxPool2d(1),
            nn.Dropout(0.2), nn.Conv2d(width // 2, 2, 1),
        )  # fmt: skip

    def forward(self, features: Tensor, joined: Tensor, last: Tensor) -> Tensor:
        """Log-odds (B). It learns by itself: nothing goes back into what it sees."""
        chances = last.softmax(1)[:, 1:]
        chances = F.interpolate(chances, scale_factor=0.5, mode="bilinear", align_corners=True)
        parts = [features, *joined.chunk(self.levels, 1), chances.expand_as(features)]
        seen = torch.stack(parts, 2).flatten(1, 2).detach()
        real, edited = self.layers(seen).flatten(1).unbind(1)
        result: Tensor = edited - real
        return result


class WebIml(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, sides multiples of 32 from 128.

    ``depths``, ``widths`` and ``drop_path`` are ConvNeXt's; ``width``: channels of the head;
    ``spread``: of the first layer that reads a map; ``dilations`` in cells;
    ``rounds``: how often the map is drawn anew; ``grids``: cells to a side of the coarsest map's
    means; ``levels``: how many of the encoder's maps are taken, the coarsest; ``spread_depth`` and
    ``refine``: layers that read a map, and that draw one.
    """

    def __init__(
        self,
        pretrained: bool = False,
        depths: Sequence[int] = (3, 3, 27, 3),
        widths: Sequence[int] = (128, 256, 512, 1024),
        drop_path: float = 0.4,
        width: int = 512,
        spread: int = 32,
        dilations: Sequence[int] = (12, 24, 36),
        rounds: int = 3,
        grids: Sequence[int] = (1, 2, 3, 6),
        spread_depth: int = 5,
        refine: int = 2,
        levels: int = STAGES,
    ) -> None:
        super().__init__()
        self.pixels = Pixels()
        self.encoder = Encoder(pretrained, depths, widths, drop_path, levels)
        self.pyramid = Pyramid(widths[-levels:], width, grids)
        self.drop = nn.Dropout2d(0.1)
        self.predict = nn.Conv2d(width, 2, 1)
        self.fine = nn.Conv2d(width, width // 2, 1)
        self.rectify = Rectify(
            levels, width, spread, tuple(dilations), rounds, spread_depth, refine
        )
        self.judge = Judge(levels, width)

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """``logit`` (B) and ``mask`` (B, H, W); in training ``maps``: log-odds of the first map and
        of every correction, (B, rounds + 1, H / 4, W / 4)."""
        maps, logit = self.judged(self.encoder(self.pixels(picture)))
        odds = torch.cat([map_[:, 1:] - map_[:, :1] for map_ in maps], 1)
        size = picture.shape[2:]
        mask = F.interpolate(odds[:, -1:], size=size, mode="bilinear", align_corners=False)
        outputs = {"logit": logit, "mask": mask[:, 0]}
        if self.training:
            outputs["maps"] = odds
        return outputs

    def judged(self, maps: Sequence[Tensor]) -> tuple[list[Tensor], Tensor]:
        """The encoder's maps to those of both classes, round after round, and the log-odds that
        the picture was edited."""
        levels = self.pyramid(maps)
        first = self.predict(self.drop(levels[0]))
        joined = torch.cat([sized(level, levels[1]) for level in levels], 1)
        drawn, features, weighed = self.rectify(first, self.fine(levels[0]), joined)
        return drawn, self.judge(features, weighed, drawn[-1])
