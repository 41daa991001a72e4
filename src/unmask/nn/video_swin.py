"""Video Swin (Liu et al. 2022, "Video Swin Transformer", section 3), as torchvision builds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.nn.windows import Merging, Windows


class Patches(nn.Module):
    """Clips (B, 3, T, H, W) to tokens of their patches (B, T', H', W', width)."""

    def __init__(self, width: int, patch: tuple[int, int, int]) -> None:
        super().__init__()
        self.patch = patch
        self.proj = nn.Conv3d(3, width, patch, stride=patch)
        self.norm = nn.LayerNorm(width)

    def forward(self, clip: Tensor) -> Tensor:
        """What is no whole patch is filled up with zeros."""
        time, high, wide = (
            -size % side for size, side in zip(clip.shape[2:], self.patch, strict=True)
        )
        if time or high or wide:
            clip = F.pad(clip, (0, wide, 0, high, 0, time))
        result: Tensor = self.norm(self.proj(clip).permute(0, 2, 3, 4, 1))
        return result


class VideoSwin(nn.Module):
    """Clips (B, 3, T, H, W), normalised, to the maps after each stage, (B, C, T', H', W').

    The default is the small one. As in the authors' program a stage ends with the merging of
    patches, so widths are 2, 4, 8 and 8 times ``width`` (with two stages: 2 and 2); ``final`` is
    the norm after the last. A stage of depth 0 has no blocks.
    """

    def __init__(
        self,
        width: int = 96,
        depths: Sequence[int] = (2, 2, 18, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        patch: tuple[int, int, int] = (2, 4, 4),
        window: Sequence[int] = (8, 7, 7),
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        from torchvision.models.swin_transformer import SwinTransformerBlock

        def block(width: int, heads: int, shifted: bool, drop: float) -> nn.Module:
            shift = [side // 2 if shifted else 0 for side in window]
            made: Any = SwinTransformerBlock(
                width,
                heads,
                list(window),
                shift,
                stochastic_depth_prob=drop,
                attn_layer=Windows,
            )
            made.mlp[2], made.mlp[4] = nn.Identity(), nn.Identity()  # dropouts of nothing
            result: nn.Module = made
            return result

        self.patch_embed = Patches(width, patch)
        self.features = nn.Sequential()
        total, done = sum(depths), 0
        for depth, many in zip(depths, heads, strict=True):
            if len(self.features):
                self.features.append(Merging(width, nn.LayerNorm))
                width *= 2
            rates = [drop_path * (done + i) / max(total - 1, 1) for i in range(depth)]
            blocks = (block(width, many, i % 2 == 1, rate) for i, rate in enumerate(rates))
            self.features.append(nn.Sequential(*blocks))
            done += depth
        self.norm = nn.LayerNorm(width)
        for part in self.modules():
            if isinstance(part, nn.Linear):
                nn.init.trunc_normal_(part.weight, std=0.02)
                if part.bias is not None:
                    nn.init.zeros_(part.bias)

    def forward(self, clip: Tensor) -> list[Tensor]:
        """One map a stage."""
        x = self.patch_embed(clip)
        maps = []
        for place, part in enumerate(self.features):
            x = part(x)
            if place % 2 or place == len(self.features) - 1:  # after a merging, and at the end
                maps.append(x.permute(0, 4, 1, 2, 3))
        return maps

    def final(self, last: Tensor) -> Tensor:
        """The last map normed over its channels."""
        result: Tensor = self.norm(last.permute(0, 2, 3, 4, 1))
        return result.permute(0, 4, 1, 2, 3)


def torchvision_names(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of the authors' backbone as torchvision's; tables that follow from sizes are cut."""
    result = {}
    for name, value in checkpoint.items():
        if name.endswith("relative_position_index"):
            continue
        if found := re.fullmatch(r"layers\.(\d+)\.blocks\.(\d+)\.(.+)", name):
            rest = found[3].replace("mlp.fc1.", "mlp.0.").replace("mlp.fc2.", "mlp.3.")
            name = f"features.{2 * int(found[1])}.{found[2]}.{rest}"
        elif found := re.fullmatch(r"layers\.(\d+)\.downsample\.(.+)", name):
            name = f"features.{2 * int(found[1]) + 1}.{found[2]}"
        result[name] = value
    return result
