"""The network: frozen CLIP sees the whole picture and shuffled ones; a linear layer for each size.

Gye, Ko, Shon, Kwon and Kim 2025, "SFLD: Reducing the content bias for AI-generated Image
Detection", section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.nn.clip_projection import begin, projection
from unmask.nn.towers import LARGE, ClipTower

SIZES = (224, 56, 28)
"""Sides of the pieces in pixels; the first is the whole picture."""


def shuffled(picture: Tensor, side: int, orders: Tensor) -> Tensor:
    """Pictures (B, 3, S, S) cut into squares of ``side`` pixels that lie in other orders.

    ``orders`` (B, V, N): for each place the number of the square that comes there. Gives
    (B, V, 3, S, S).
    """
    batch, views, number = orders.shape
    size = picture.shape[-1]
    row = size // side
    squares = picture.reshape(batch, 3, row, side, row, side).permute(0, 2, 4, 1, 3, 5)
    flat = squares.reshape(batch, 1, number, -1).expand(-1, views, -1, -1)
    moved = flat.gather(2, orders[..., None].expand(-1, -1, -1, flat.shape[-1]))
    back = moved.reshape(batch, views, row, row, 3, side, side)
    return back.permute(0, 1, 4, 2, 5, 3, 6).reshape(batch, views, 3, size, size)


class Sfld(nn.Module):
    """Pictures (B, 3, S, S), RGB 0…255, to ``logit`` (B) and ``each`` (B, sizes).

    ``views``: how many shufflings of each size are averaged; the same ones for every picture when
    it judges, a new one at every step when it trains, unless they are ``fixed``. ``changed``:
    values of CLIP's configuration. Raises SettingError for sizes that do not divide the picture.
    """

    def __init__(
        self,
        sizes: Sequence[int] = SIZES,
        views: int = 10,
        pretrained: bool = False,
        changed: Mapping[str, Any] | None = None,
        fixed: bool = False,
    ) -> None:
        super().__init__()
        self.fixed = fixed
        self.tower = ClipTower(LARGE, pretrained, changed)
        config = self.tower.clip.config
        size = int(config.image_size)
        if sizes[0] != size or any(size % side for side in sizes) or views < 1:
            raise SettingError(
                f"The sizes {list(sizes)} must begin with {size}, divide it, and have a view."
            )
        self.sizes, self.views = tuple(sizes), views
        shared = int(config.projection_dim)
        self.project = projection(self.tower.width, shared)
        if pretrained:
            begin(self.project)
        self.tower.requires_grad_(False)
        self.project.requires_grad_(False)
        self.heads = nn.ModuleList(nn.Linear(shared, 1) for _ in sizes)
        rng = torch.Generator().manual_seed(0)
        for side in self.sizes[1:]:
            number = (size // side) ** 2
            rows = [torch.randperm(number, generator=rng) for _ in range(views)]
            self.register_buffer(f"orders_{side}", torch.stack(rows), persistent=False)

    def train(self, mode: bool = True) -> Any:
        """As ``Module.train``, except for what is frozen."""
        super().train(mode)
        self.tower.eval()
        return self

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """The mean of what the heads say, each of them about its size of pieces."""
        features = self.features(picture)
        each = torch.stack(
            [head(part)[..., 0].mean(1) for head, part in zip(self.heads, features, strict=True)],
            dim=1,
        )
        return {"logit": each.mean(1), "each": each}

    @torch.no_grad()
    def features(self, picture: Tensor) -> list[Tensor]:
        """For each size what CLIP makes of the views, (B, V, C); of the whole picture one view."""
        shown = [picture[:, None]]
        for side in self.sizes[1:]:
            shown.append(shuffled(picture, side, self._orders(picture, side)))
        counts = [part.shape[1] for part in shown]
        pooled = self.tower.pooled(torch.cat(shown, dim=1).flatten(0, 1))
        seen = self.project(pooled).unflatten(0, (-1, sum(counts)))
        return list(seen.split(counts, dim=1))

    def _orders(self, picture: Tensor, side: int) -> Tensor:
        kept = self.get_buffer(f"orders_{side}")
        batch = picture.shape[0]
        if self.fixed or not self.training:
            return kept.expand(batch, -1, -1)
        return torch.rand(batch, 1, kept.shape[1], device=kept.device).argsort(-1)
