"""Video Swin (Liu et al. 2022, "Video Swin Transformer", section 3), as torchvision builds it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from unmask.nn.windows import Merging, Windows


class VideoSwin(nn.Module):
    """Clips (B, 3, T, H, W), normalised, to the maps after each stage, (B, C, T', H', W').

    The default is the small one. As in the authors' program a stage ends with the merging of
    patches, so widths are 2, 4, 8 and 8 times ``width`` (with two stages: 2 and 2); ``final`` is
    the norm after the last.
    """

    def __init__(
        self,
        width: int = 96,
        depths: Sequence[int] = (2, 2, 18, 2),
        heads: Sequence[int] = (3, 6, 12, 24),
        patch: Sequence[int] = (2, 4, 4),
        window: Sequence[int] = (8, 7, 7),
        drop_path: float = 0.1,
    ) -> None:
        super().__init__()
        from torchvision.models.swin_transformer import SwinTransformerBlock
        from torchvision.models.video.swin_transformer import SwinTransformer3d

        def block(*sizes: int, attn_layer: Any, **options: Any) -> nn.Module:
            made: Any = SwinTransformerBlock(*sizes, attn_layer=Windows, **options)
            made.mlp[2], made.mlp[4] = nn.Identity(), nn.Identity()  # dropouts of nothing
            result: nn.Module = made
            return result

        whole: Any = SwinTransformer3d(
            patch_size=list(patch),
            embed_dim=width,
            depths=list(depths),
            num_heads=list(heads),
            window_size=list(window),
            stochastic_depth_prob=drop_path,
            num_classes=1,
            block=block,
            downsample_layer=Merging,
        )
        self.patch_embed, self.features, self.norm = whole.patch_embed, whole.features, whole.norm

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
