"""The network: a stream of the picture asks a stream of traces, at four scales; one head.

Luo et al. 2024, "Toward real text manipulation detection: New dataset and new
solution", section 4 (ASCFormer).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.rtm.hub import TRACES, Bands, HubStage, Patches, passed_on
from unmask.detectors.image.rtm.neighbourhood import Fuse
from unmask.nn.block_dct import BlockDCT
from unmask.nn.ela import ErrorLevels
from unmask.nn.mix_transformer import Shape, initialise, stream
from unmask.nn.pixels import Pixels
from unmask.nn.srm import SRM

_STEP = 32
_LUMA = (4899 / 16384, 9617 / 16384, 1868 / 16384)
"""Weights of the colours, as OpenCV has them."""
CONTRAST = 128
"""Width of the features that the contrast compares."""


class Head(nn.Module):
    """Four maps to two classes at half the picture's side, less a pixel at each rim."""

    def __init__(self, widths: Sequence[int], width: int) -> None:
        super().__init__()
        self.reduce = nn.ModuleList(_normed(inside, width, 1) for inside in widths)
        self.join = _normed(len(widths) * width, width, 3, padding=1)
        self.refine = _normed(width, width, 3)
        self.drop = nn.Dropout2d(0.1)
        self.predict = nn.Conv2d(width, 2, 1)
        nn.init.normal_(self.predict.weight, std=0.01)
        self.contrast = nn.Sequential(
            *_normed(width, 4 * CONTRAST, 3, padding=1), nn.Conv2d(4 * CONTRAST, CONTRAST, 1)
        )

    def joined(self, maps: Sequence[Tensor]) -> Tensor:
        """All maps as one at a quarter of the side."""
        finest, *coarser = [layer(map_) for layer, map_ in zip(self.reduce, maps, strict=True)]
        side = finest.shape[2:]
        same = [
            F.interpolate(map_, size=side, mode="bilinear", align_corners=False) for map_ in coarser
        ]
        result: Tensor = self.join(torch.cat([finest, *same], dim=1))
        return result

    def forward(self, joined: Tensor) -> Tensor:
        """(B, 2, H, W): authentic, edited."""
        larger = F.interpolate(joined, scale_factor=2, mode="bilinear", align_corners=False)
        result: Tensor = self.predict(self.drop(self.refine(larger)))
        return result


def _normed(inside: int, outside: int, side: int, padding: int = 0) -> nn.Sequential:
    conv = nn.Conv2d(inside, outside, side, padding=padding, bias=False)
    nn.init.kaiming_normal_(conv.weight, nonlinearity="relu")
    return nn.Sequential(conv, nn.BatchNorm2d(outside), nn.ReLU())


class AscFormer(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, of any size.

    ``memory``: how many points of either class the contrast keeps from one step to the next;
    ``gate``: where the gates between the streams start (0: shut); ``stride`` of the first patches;
    ``joins``: the stage whose maps have an eighth of the side, where the block transform joins;
    ``before``: whether the streams look around before the first asks the second.
    """

    luma: Tensor
    kept: Tensor
    kept_number: Tensor

    def __init__(
        self,
        shape: Shape | None = None,
        quality: int = 80,
        memory: int = 256,
        gate: float = 0.0,
        stride: int = 4,
        joins: int = 1,
        before: bool = True,
    ) -> None:
        super().__init__()
        self.stride, self.joins = stride, joins
        shape = shape or Shape(decoder=256)
        self.rgb = stream(shape)
        rates = [block.drop.rate for stage in self.rgb for block in stage.blocks]  # type: ignore[union-attr]
        stages, inside, done = [], 3, 0
        for place, (width, heads, depth, reduction) in enumerate(
            zip(shape.widths, shape.heads, shape.depths, shape.reductions, strict=True)
        ):
            drops = rates[done : done + depth]
            patches = (3, 2) if place else (7, stride)
            traces = (TRACES + (place > joins), TRACES + (place >= joins))
            stages.append(HubStage(inside, width, heads, patches, traces, reduction, drops))
            inside, done = width, done + depth
        self.hub = nn.ModuleList(stages)
        self.bands = Bands()
        self.bands_embed = Patches(64, shape.widths[joins], 3, 1, eps=1e-6)
        self.fuse = nn.ModuleList(
            Fuse(width, heads, before)
            for width, heads in zip(shape.widths, shape.heads, strict=True)
        )
        for part in (self.rgb, self.hub):
            part.apply(initialise)
        for one in self.fuse:
            nn.init.constant_(one.cross.gate, gate)  # type: ignore[union-attr,arg-type]
        for module in self.rgb.modules():
            if isinstance(module, nn.LayerNorm):
                module.eps = 1e-6
        for stage in self.rgb:  # sides are multiples of 32: only the upper and left rim is filled
            stage.embed.padding = (0, 0)  # type: ignore[union-attr]
        start = self.rgb[0].embed
        start.stride = (stride, stride)  # type: ignore[assignment]
        self.head = Head(shape.widths, shape.decoder)
        self.dct = BlockDCT()
        self.levels = ErrorLevels(quality, fill=_STEP)
        self.srm = SRM(limit=3.0)
        self.pixels = Pixels()
        self.register_buffer("luma", torch.tensor(_LUMA)[:, None, None], persistent=False)
        self.register_buffer("kept", torch.zeros(2, memory, CONTRAST))
        self.register_buffer("kept_number", torch.zeros(2, dtype=torch.long))

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """``logit`` (B), ``mask`` (B, H, W), in training ``features`` (B, 128, H / 4, W / 4)."""
        picture = picture.to(self.luma.dtype)
        height, width = picture.shape[2:]
        joined = self.head.joined(self.maps(picture))
        side = (joined.shape[2] * self.stride, joined.shape[3] * self.stride)
        both = F.interpolate(self.head(joined), size=side, mode="bilinear", align_corners=False)
        mask = both.select(1, 1) - both.select(1, 0)
        mask = F.pad(mask, (0, width - side[1], 0, height - side[0]))
        outputs = {"logit": mask.amax((1, 2)), "mask": mask}
        if self.training:
            outputs["features"] = self.head.contrast(joined)
        return outputs

    def grey(self, picture: Tensor) -> Tensor:
        """The luma in whole numbers, (B, 1, H, W)."""
        return ((picture.round() * self.luma).sum(1, keepdim=True) + 0.5).floor()

    def maps(self, picture: Tensor) -> list[Tensor]:
        """What the head sees, from fine to coarse; sides are filled up to multiples of 32."""
        rim = [0, _missing(picture.shape[3]), 0, _missing(picture.shape[2])]
        pixels = F.pad(self.pixels(picture), rim)
        luma = F.pad(self.grey(picture), rim)
        bands = self.bands_embed(self.bands(self.dct(luma)))
        # The authors' program hands over blue, green, red.
        traces = [F.pad(self.levels(picture).flip(1), rim), self.srm(pixels)]
        seen = weighed = other = pixels
        maps: list[Tensor] = []
        for place, (rgb, hub, fuse) in enumerate(zip(self.rgb, self.hub, self.fuse, strict=True)):
            seen = rgb(F.pad(seen, (3, 0, 3, 0) if place == 0 else (1, 0, 1, 0)))
            if place:
                traces = passed_on(weighed, other)
            weighed, other = hub(traces, [bands] if place == self.joins else [])
            maps.append(fuse(seen, other))
        return maps


def _missing(side: int) -> int:
    """Pixels to the next multiple of 32."""
    return (side + _STEP - 1) // _STEP * _STEP - side
