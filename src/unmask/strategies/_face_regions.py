"""Where the parts of a mean face lie in a square crop, and hiding patches by them.

The crop is the square of most cards, 1.3 × the longer side of the box; there is no parsing of the
face at hand, so the places are ours.
"""

from __future__ import annotations

import torch
from torch import Tensor

CHOSEN = ("brows", "eyes", "nose", "mouth", "rim", "hair")
"""Regions of which one is hidden as a whole."""
OTHERS = ("skin", "background")
_BOXES = {
    "brows": ((0.27, 0.33, 0.45, 0.39), (0.55, 0.33, 0.73, 0.39)),
    "eyes": ((0.28, 0.39, 0.45, 0.47), (0.55, 0.39, 0.72, 0.47)),
    "nose": ((0.42, 0.45, 0.58, 0.65),),
    "mouth": ((0.36, 0.68, 0.64, 0.80),),
}
"""Left, top, right and bottom in shares of the side."""
_FACE, _HEAD = (0.5, 0.55, 0.30, 0.38), (0.5, 0.45, 0.36, 0.46)
"""Ovals: middle and half axes."""
_FINER = 16


def regions(side: int) -> dict[str, Tensor]:
    """Patches (side · side) that touch each region; the rim is where face and rest meet."""
    fine = (torch.arange(side * _FINER) + 0.5) / (side * _FINER)
    down, across = torch.meshgrid(fine, fine, indexing="ij")

    def oval(x: float, y: float, wide: float, high: float) -> Tensor:
        return ((across - x) / wide).square() + ((down - y) / high).square() <= 1

    face, head = oval(*_FACE), oval(*_HEAD)
    parts = {
        name: torch.stack(
            [(across >= a) & (across < c) & (down >= b) & (down < d) for a, b, c, d in boxes]
        ).any(0)
        for name, boxes in _BOXES.items()
    }
    inner = torch.stack(list(parts.values())).any(0)
    parts |= {"hair": head & ~face & (down < 0.5), "skin": face & ~inner}
    parts["background"] = ~face & ~parts["hair"]
    touched = {name: _touched(part, side) for name, part in parts.items()}
    touched["rim"] = touched["skin"] & (touched["hair"] | touched["background"])
    return touched


def _touched(part: Tensor, side: int) -> Tensor:
    cells = part.reshape(side, _FINER, side, _FINER)
    return cells.any(3).any(1).flatten()


def hidden(
    parts: dict[str, Tensor], chosen: str, share: float, count: int
) -> tuple[Tensor, Tensor]:
    """Patches that are hidden, and those of the region ``chosen`` (``count`` × patches each).

    All of the region and of the others as many in proportion; ``share`` of all patches in the end.
    A region that is larger than the share is hidden in part. Draws come from torch's generator.
    """
    rows = [_row(parts, chosen, share) for _ in range(count)]
    return torch.stack([row for row, _ in rows]), torch.stack([region for _, region in rows])


def _row(parts: dict[str, Tensor], chosen: str, share: float) -> tuple[Tensor, Tensor]:
    region = parts[chosen].clone()
    places = len(region)
    wanted = int(share * places)
    over = int(region.sum()) - wanted
    if over >= 0:
        region[_some(region, over)] = False
        return region.clone(), region
    row, seen = region.clone(), region.clone()
    ratio = -over / (places - int(region.sum()))
    for name in (*CHOSEN, *OTHERS):
        if name != chosen:
            left = parts[name] & ~seen
            row[_some(left, round(int(left.sum()) * ratio))] = True
            seen |= left
    off = int(row.sum()) - wanted
    if off > 0:
        row[_some(row & ~region, off)] = False
    elif off < 0:
        row[_some(~row, -off)] = True
    return row, region


def _some(among: Tensor, number: int) -> Tensor:
    """Places of ``number`` drawn ones."""
    places = torch.nonzero(among).flatten()
    return places[torch.randperm(len(places))[:number]]
