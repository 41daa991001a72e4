"""Error level analysis: what another JPEG save would take from a picture.

Krawetz 2007, "A Picture's Worth", section 4. The save is computed here to the very level that
libjpeg gives back by default (its accurate whole-number transform and its smooth doubling of
colours), in arithmetic that runs inside a network and its exported graph. Whole numbers are held in
double precision, which has them all exactly.
"""

from __future__ import annotations

from collections.abc import Callable

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


def members(halved: bool) -> tuple[Tensor, Tensor, Tensor]:
    """Of each value of a unit: which block it is in, and its row and its column there.

    A unit is what ``pixel_unshuffle`` makes of a block of each plane: 3 × 64 values; or of 16 × 16
    of the luma (its blocks are 0 to 3) and 8 × 8 of each plane of colours (4 and 8).
    """
    found = []
    for plane, side in enumerate((2 * BLOCK if halved else BLOCK, BLOCK, BLOCK)):
        row, column = torch.arange(side).repeat_interleave(side), torch.arange(side).repeat(side)
        block = 4 * plane + row // BLOCK * 2 + column // BLOCK
        found.append(torch.stack([block, row % BLOCK, column % BLOCK]))
    block, row, column = torch.cat(found, dim=1)
    return block, row, column


class Rounded(nn.Module):
    """A linear map, over 2 ** ``bits``, to the nearest whole number, halves upwards.

    ``more`` is added before the division.
    """

    weight: Tensor
    bias: Tensor

    def __init__(self, weight: Tensor, bits: int, more: Tensor | float = 0.0) -> None:
        super().__init__()
        whole = 2.0**bits
        bias = torch.full((len(weight),), whole / 2, dtype=torch.float64) + more
        self.register_buffer("weight", weight.double() / whole, persistent=False)
        self.register_buffer("bias", bias / whole, persistent=False)

    def _apply(self, fn: Callable[[Tensor], Tensor], recurse: bool = True) -> Rounded:
        """Goes to another device, but to no other precision: a cast is dear to export."""
        kept = self.weight, self.bias
        super()._apply(fn, recurse)  # type: ignore[no-untyped-call]
        self.weight, self.bias = (value.to(self.weight.device) for value in kept)
        return self

    def forward(self, values: Tensor) -> Tensor:
        """(…, inside) to (…, outside), in double precision."""
        return F.linear(values, self.weight, self.bias).floor()


def cellwise(change: Callable[[Tensor], Tensor], planes: Tensor) -> Tensor:
    """Planes (B, C, H, W), of each place of which the C values are changed together, in double."""
    return change(planes.permute(0, 2, 3, 1).double()).permute(0, 3, 1, 2).float()


class Saved(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, as a JPEG of ``quality`` (1…100) gives them back.

    ``halved``: colours at half the size, as most programs save (of pictures less than 5 pixels wide
    libjpeg doubles them otherwise). ``fill``: sides are filled up to multiples of it, itself a
    multiple of 16. Raises SettingError.
    """

    steps: Tensor
    down: Tensor
    up: Tensor

    def __init__(self, quality: int = 90, halved: bool = True, fill: int = 2 * BLOCK) -> None:
        super().__init__()
        if not 1 <= quality <= 100:
            raise SettingError(f"The quality of a JPEG is {quality}; allowed are 1 to 100.")
        self.halved, self.fill = halved, fill
        block, row, column = members(halved)
        tables = torch.empty(2, BLOCK, BLOCK)
        for place, (below, beside) in enumerate(zigzag()):
            tables[:, below, beside] = quantisers(quality)[:, place]
        steps = tables[(block > 3).long(), row, column]
        cosines, together = transform(), block[:, None] == block
        rows = cosines[column[:, None], column] * (together & (row[:, None] == row))
        columns = cosines[row[:, None], row] * (together & (column[:, None] == column))
        to_ycc, to_rgb = torch.tensor(_TO_YCC), torch.tensor(_TO_RGB)
        coloured = torch.tensor([0.0, 1.0, 1.0])
        self.ycc = Rounded(to_ycc, _FRACTION, coloured * ((128 << _FRACTION) - 1))
        self.across = Rounded(rows, _BITS - _KEPT, -128 * rows.sum(1))
        self.along = Rounded(columns, _BITS + _KEPT)  # to eight times the coefficients
        self.along_again = Rounded(columns.T * steps, _BITS - _KEPT)
        last = _BITS + _KEPT + 3
        self.across_again = Rounded(rows.T, last, 128 * 2.0**last)
        self.rgb = Rounded(to_rgb, _FRACTION, -128 * to_rgb[:, 1:].sum(1))
        self.register_buffer("steps", _AWAY * steps, persistent=False)
        # Halves go down in even columns and up in odd ones, and the other way round when doubled.
        down = (block > 3) * (1 + column % 2) / 4
        self.register_buffer("down", down, persistent=False)
        self.register_buffer("up", torch.tensor([8, 7]) / 16, persistent=False)

    def forward(self, picture: Tensor) -> Tensor:
        """Whole numbers 0…255 in the picture's type."""
        height, width = picture.shape[-2:]
        right, below = _missing(width, self.fill), _missing(height, self.fill)
        # All is done at sides that are multiples: few sizes are fewer sums in an export.
        planes = cellwise(self.ycc, F.pad(picture, (0, right, 0, below), mode="replicate"))
        if self.halved:
            planes = self._halved(planes, (height + 1) // 2, (width + 1) // 2)
        else:
            units = cellwise(self._again, F.pixel_unshuffle(planes, BLOCK))
            planes = F.pixel_shuffle(units, BLOCK)
        saved = cellwise(self.rgb, planes).clamp(0, 255).to(picture.dtype)
        return F.pad(saved, (0, -right, 0, -below))

    def _halved(self, planes: Tensor, rows: int, columns: int) -> Tensor:
        """Luma and colours saved, the colours at half the size: so many rows and columns of it."""
        luma, colours = planes.split_with_sizes((1, 2), dim=1)
        # Columns were filled up before they are halved; rows are after.
        halved = F.avg_pool2d(colours, 2)
        down = _until(rows, halved.shape[2], halved.device)
        across = _until(columns, halved.shape[3], halved.device)
        halved = halved.index_select(2, down)
        parts = F.pixel_unshuffle(luma, 2 * BLOCK), F.pixel_unshuffle(halved, BLOCK)
        units = cellwise(self._again, torch.cat(parts, dim=1))
        luma, halved = units.split_with_sizes((4 * BLOCK**2, 2 * BLOCK**2), dim=1)
        luma, halved = F.pixel_shuffle(luma, 2 * BLOCK), F.pixel_shuffle(halved, BLOCK)
        # Of each value three parts, and one of the next, both ways.
        halved = halved.index_select(2, down).index_select(3, across)
        wide = F.interpolate(halved, scale_factor=2, mode="bilinear")
        colours = (wide + self.up.repeat(halved.shape[3])).floor()
        return torch.cat([luma, colours], dim=1)

    def _again(self, units: Tensor) -> Tensor:
        """Units of values 0…255, transformed, quantised and brought back."""
        if self.halved:
            units = (units + self.down).floor()
        kept = (self.along(self.across(units)) / self.steps).round()
        back: Tensor = self.across_again(self.along_again(kept))
        return back.clamp(0, 255)


def _until(count: int, side: int, device: torch.device) -> Tensor:
    """The places along a side; in the place of those from ``count`` on stands the last before."""
    return torch.arange(side, device=device).clamp(max=count - 1)


def _missing(side: int, cell: int) -> int:
    """Pixels to the next multiple of ``cell``."""
    return (side + (cell - 1)) // cell * cell - side


class ErrorLevels(nn.Module):
    """Pictures (B, 3, H, W), RGB 0…255, to how far each value moves when saved again."""

    def __init__(self, quality: int = 90, halved: bool = True, fill: int = 2 * BLOCK) -> None:
        super().__init__()
        self.saved = Saved(quality, halved, fill)

    def forward(self, picture: Tensor) -> Tensor:
        """(B, 3, H, W), 0…255."""
        result: Tensor = (picture - self.saved(picture)).abs()
        return result
