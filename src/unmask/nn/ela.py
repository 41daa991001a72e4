"""Error level analysis: what another JPEG save would take from a picture.

Krawetz 2007, "A Picture's Worth", section 4. The save is computed here to the very level that
libjpeg gives back by default (its accurate whole-number transform and its smooth doubling of
colours), in arithmetic that runs inside a network and its exported graph. Whole numbers are held in
double precision, which has them all exactly.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.nn.block_dct import BLOCK, zigzag

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
_TO_YCC = ((19595, 38470, 7471), (-11059, -21709, 32768), (32768, -27439, -5329))
_TO_RGB = ((65536, 0, 91881), (65536, -22554, -46802), (65536, 116130, 0))
"""JFIF's colours in 65536ths, by the five digits that libjpeg has of each."""
_COSINES = (
    (8192, 8192, 8192, 8192), (11363, 9633, 6437, 2260), (10703, 4433, -4433, -10703),
    (9633, -2259, -11362, -6436), (8192, -8192, -8192, 8192), (6437, -11362, 2261, 9633),
    (4433, -10704, 10704, -4433), (2260, -6436, 9633, -11363),
)  # fmt: skip
"""Left half of the transform. Loeffler, Ligtenberg and Moschytz 1989 add up constants that are
rounded each for itself, so that some sums lie one beside the rounded cosine."""
_FRACTION, _BITS, _KEPT = 16, 13, 2
"""Fractional bits of the colours and of the transform, and those kept between its two passes."""
_AWAY = 8 * (1 - 2**-15)
"""A little less than eight, so that halves are rounded away from zero. Coefficients are less than
2 ** 13, and other fractions are further from a half than this moves them."""


def quantisers(quality: int) -> Tensor:
    """Steps of luma and of chroma at a quality, 2 × 64 in zigzag order."""
    scale = 5000 // quality if quality < 50 else 200 - 2 * quality
    order = [v * BLOCK + u for v, u in zigzag()]
    tables = torch.tensor([_LUMA, _CHROMA]).flatten(1)[:, order]
    return ((tables * scale + 50) // 100).clamp(1, 255).float()


def transform() -> Tensor:
    """The cosines of libjpeg, times √8, in 8192ths: frequencies × places."""
    left = torch.tensor(_COSINES, dtype=torch.float32)
    right = left.flip(1) * torch.tensor([1.0, -1.0]).repeat(BLOCK // 2)[:, None]
    return torch.cat([left, right], dim=1)


def shifted(value: Tensor, bits: int) -> Tensor:
    """Whole numbers over 2 ** ``bits``, to the nearest, halves upwards."""
    whole = 1 << bits
    return ((value + whole / 2) / whole).floor()


def mixed(planes: Tensor, weights: Tensor) -> Tensor:
    """Sums over the planes (B, C, H, W), one a row of the weights."""
    return torch.unflatten(weights.double() @ planes.flatten(2), -1, planes.shape[2:])


def ended(planes: Tensor, axis: int, count: int) -> Tensor:
    """Planes in which the last of ``count`` rows or columns stands in the place of those behind."""
    places = torch.arange(planes.shape[axis], device=planes.device).clamp(max=count - 1)
    return planes.index_select(axis, places)


def cells(planes: Tensor, side: int) -> Tensor:
    """(…, H, W) as (…, H / side, side, W / side, side)."""
    rows: Tensor = planes.unflatten(-2, (-1, side))  # type: ignore[no-untyped-call]
    split: Tensor = rows.unflatten(-1, (-1, side))  # type: ignore[no-untyped-call]
    return split


def halved(planes: Tensor) -> Tensor:
    """The mean of each 2 × 2; halves go down in even columns and up in odd ones."""
    sums = cells(planes, 2).sum((-3, -1))
    odd = torch.arange(sums.shape[-1], device=sums.device) % 2
    return ((sums + 1 + odd) / 4).floor()


def doubled(planes: Tensor) -> Tensor:
    """Planes of twice the size: three parts of the nearest value and one of the next, both ways."""
    wide = F.interpolate(planes.float(), scale_factor=2, mode="bilinear").to(planes.dtype)
    odd = torch.arange(wide.shape[-1], device=wide.device) % 2
    return (wide + (8 - odd) / 16).floor()


class Saved(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, as a JPEG of ``quality`` (1…100) gives them back.

    ``halved``: colours at half the size, as most programs save (of pictures less than 5 pixels wide
    libjpeg doubles them otherwise). Raises SettingError.
    """

    steps: Tensor
    cosines: Tensor
    to_ycc: Tensor
    to_rgb: Tensor

    def __init__(self, quality: int = 90, halved: bool = True) -> None:
        super().__init__()
        if not 1 <= quality <= 100:
            raise SettingError(f"The quality of a JPEG is {quality}; allowed are 1 to 100.")
        self.halved = halved
        steps = torch.empty(2, BLOCK, BLOCK)
        for place, (down, across) in enumerate(zigzag()):
            steps[:, down, across] = quantisers(quality)[:, place]
        whole = {"steps": steps, "cosines": transform()}
        whole |= {"to_ycc": torch.tensor(_TO_YCC), "to_rgb": torch.tensor(_TO_RGB)}
        for name, value in whole.items():
            self.register_buffer(name, value.float(), persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """Whole numbers 0…255 in the picture's type."""
        height, width = picture.shape[-2:]
        cell = 2 * BLOCK if self.halved else BLOCK
        rim = (0, _missing(width, cell), 0, _missing(height, cell))
        rgb = F.pad(picture.double(), rim, mode="replicate")
        luma = self._again(shifted(mixed(rgb, self.to_ycc[:1]), _FRACTION), 0)
        colours = shifted(mixed(rgb, self.to_ycc[1:]) - 1, _FRACTION) + 128
        if self.halved:
            rows, columns = (height + 1) // 2, (width + 1) // 2
            colours = self._again(ended(halved(colours), -2, rows), 1)
            colours = doubled(colours[..., :rows, :columns])
        else:
            colours = self._again(colours, 1)
        both = torch.cat([luma[..., :height, :width], colours[..., :height, :width] - 128], dim=1)
        rgb = shifted(mixed(both, self.to_rgb), _FRACTION)
        return rgb.clamp(0, 255).to(picture.dtype)

    def _again(self, planes: Tensor, table: int) -> Tensor:
        """Planes 0…255, transformed, quantised and brought back."""
        cosines, steps = self.cosines.double(), self.steps[table].double()
        blocks = cells(planes - 128, BLOCK).transpose(-3, -2)
        across = shifted(blocks @ cosines.T, _BITS - _KEPT)
        found = shifted(cosines @ across, _BITS + _KEPT)  # eight times the coefficients
        kept = steps * (found / (_AWAY * steps)).round()
        down = shifted(cosines.T @ kept, _BITS - _KEPT)
        blocks = shifted(down @ cosines, _BITS + _KEPT + 3) + 128
        return blocks.clamp(0, 255).transpose(-3, -2).flatten(-2).flatten(-3, -2)


def _missing(side: int, cell: int) -> int:
    """Pixels to the next multiple of ``cell``."""
    return (side + cell - 1) // cell * cell - side


class ErrorLevels(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, to how far each value moves when saved again."""

    def __init__(self, quality: int = 90, halved: bool = True) -> None:
        super().__init__()
        self.saved = Saved(quality, halved)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W), 0…255."""
        result: Tensor = (picture - self.saved(picture)).abs()
        return result
