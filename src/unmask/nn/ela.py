"""Error level analysis: what another JPEG save would take from a picture.

Krawetz 2007, "A Picture's Worth", section 4. The save is computed here in plain arithmetic, so that
it runs inside a network and its exported graph: the tables and the transform of ISO/IEC 10918-1,
the scaling of tables by quality and the colours of libjpeg and JFIF.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.nn.block_dct import BLOCK, BlockDCT, zigzag

_LUMA = (
    (16, 11, 10, 16, 24, 40, 51, 61), (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56), (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77), (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101), (72, 92, 95, 98, 112, 100, 103, 99),
)  # fmt: skip
_CHROMA = (
    (17, 18, 24, 47, 99, 99, 99, 99), (18, 21, 26, 66, 99, 99, 99, 99),
    (24, 26, 56, 99, 99, 99, 99, 99), (47, 66, 99, 99, 99, 99, 99, 99),
    *((99,) * 8 for _ in range(4)),
)  # fmt: skip
"""Tables K.1 and K.2."""
_TO_YCC = (
    (0.299, 0.587, 0.114),
    (-0.168735892, -0.331264108, 0.5),
    (0.5, -0.418687589, -0.081312411),
)
_TO_RGB = ((1.0, 0.0, 1.402), (1.0, -0.344136286, -0.714136286), (1.0, 1.772, 0.0))


def quantisers(quality: int) -> Tensor:
    """Steps of luma and of chroma at a quality, 2 × 64 in zigzag order."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    order = [v * BLOCK + u for v, u in zigzag()]
    tables = torch.tensor([_LUMA, _CHROMA]).flatten(1)[:, order]
    return ((tables * scale + 50) // 100).clamp(1, 255).float()


class Saved(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, as a JPEG of ``quality`` (1…100) gives them back.

    ``halved``: colours at half the size, as most programs save; they are doubled again by straight
    lines. Programs that round on the way differ by a level or two. Raises SettingError.
    """

    steps: Tensor
    to_ycc: Tensor
    to_rgb: Tensor

    def __init__(self, quality: int = 90, halved: bool = True) -> None:
        super().__init__()
        if not 1 <= quality <= 100:
            raise SettingError(f"The quality of a JPEG is {quality}; allowed are 1 to 100.")
        self.halved = halved
        self.dct = BlockDCT()
        self.register_buffer("steps", quantisers(quality)[:, :, None, None], persistent=False)
        self.register_buffer("to_ycc", torch.tensor(_TO_YCC)[:, :, None, None], persistent=False)
        self.register_buffer("to_rgb", torch.tensor(_TO_RGB)[:, :, None, None], persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """Whole numbers 0…255 in the picture's type."""
        height, width = picture.shape[-2:]
        side = 2 * BLOCK if self.halved else BLOCK
        rim = (0, -width % side, 0, -height % side)
        ycc = F.conv2d(F.pad(picture, rim, mode="replicate"), self.to_ycc.to(picture)).round()
        luma, colours = ycc[:, :1] - 128, ycc[:, 1:]
        if self.halved:
            colours = F.avg_pool2d(colours, 2).round()
        luma, colours = self._again(luma, 0), self._again(colours, 1)
        if self.halved:
            colours = F.interpolate(colours, scale_factor=2, mode="bilinear")
        rgb = F.conv2d(torch.cat([luma + 128, colours.round()], dim=1), self.to_rgb.to(picture))
        return rgb[..., :height, :width].round().clamp(0, 255)

    def _again(self, planes: Tensor, table: int) -> Tensor:
        """Planes about 0, transformed, quantised and brought back."""
        steps = self.steps[table].repeat(planes.shape[1], 1, 1).to(planes)
        found = (self.dct(planes) / steps).round() * steps
        return self.dct.inverse(found).round().clamp(-128, 127)


class ErrorLevels(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, to how far each value moves when saved again."""

    def __init__(self, quality: int = 90, halved: bool = True) -> None:
        super().__init__()
        self.saved = Saved(quality, halved)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W), 0…255."""
        result: Tensor = (picture - self.saved(picture)).abs()
        return result
