"""The network of VideoFACT (Nguyen, Fang and Stamm 2024, section 3).

A frame is cut into patches. Of each it takes forensic traces and what is to be seen; a transformer
puts the patches into the context of the scene, and learnt templates say from there how much each
patch counts. Weighed so, all patches judge the frame, and each judges itself.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.videofact.traces import WIDTH, Traces
from unmask.errors import MissingExtra
from unmask.nn.xception import xception

HEIGHT, WIDE = 1080, 1920
"""Size of a frame in pixels."""
PATCH = 128
CELL = 8
"""Side of an element of the mask in pixels."""
_UNSEEN = -10.0
"""Log-odds of what lies below and right of the last whole patch, which nothing looks at."""


class Context(nn.Module):
    """Embeddings of patches (B, P, C) to how much each counts (B, P).

    A transformer, and the sum of what ``templates`` learnt vectors say of each patch.
    """

    def __init__(self, patches: int, width: int, depth: int, heads: int, templates: int) -> None:
        super().__init__()
        try:
            from timm.models.vision_transformer import Block
        except ImportError:
            raise MissingExtra("VideoFACT", "train") from None
        norm: Any = partial(nn.LayerNorm, eps=1e-6)
        self.places = nn.Parameter(torch.zeros(1, patches, width))
        self.blocks = nn.Sequential(
            *[Block(width, heads, qkv_bias=True, norm_layer=norm) for _ in range(depth)]
        )
        self.norm = norm(width)
        self.templates = nn.Parameter(torch.zeros(templates, width))
        for value in (self.places, self.templates):
            nn.init.trunc_normal_(value, std=0.02)

    def forward(self, embeddings: Tensor) -> Tensor:
        """The weights: one map a template, added up."""
        latent = self.norm(self.blocks(embeddings + self.places))
        return F.linear(latent, self.templates).sum(2)


class VideoFACT(nn.Module):
    """Frame (B, 3, 1080, 1920), RGB 0…255, to ``logit`` (B) and ``mask`` (B, 135, 240).

    ``height`` and ``wide`` are the only size that it takes. ``width``: of the embedding of a patch;
    ``depth`` and ``heads`` of the transformer; ``middle``, ``entry`` and ``thin`` of the Xception,
    which has one block in the middle instead of eight.
    """

    def __init__(
        self,
        height: int = HEIGHT,
        wide: int = WIDE,
        width: int = 768,
        depth: int = 12,
        heads: int = 12,
        templates: int = 3,
        middle: int = 1,
        entry: int = 3,
        thin: int = 1,
    ) -> None:
        super().__init__()
        self.rows, self.columns = height // PATCH, wide // PATCH
        self.spare = (height - self.rows * PATCH) // CELL, (wide - self.columns * PATCH) // CELL
        patches = self.rows * self.columns
        self.traces = Traces()
        self.scene = xception(classes=width, bare=False, middle=middle, entry=entry, thin=thin)
        self.condense = nn.Linear(width, width - WIDTH)
        self.context = Context(patches, width, depth, heads, templates)
        self.each = nn.Sequential(
            nn.Linear(width, 200), nn.ReLU(), nn.Dropout(0.2), nn.Linear(200, 2)
        )
        self.whole = nn.Sequential(nn.ReLU(), nn.Dropout(0.2), nn.Linear(2 * patches, 2))
        steps = (width, width // 4, width // 8, width // 32, 1)
        self.place = nn.Sequential()
        for number, came in enumerate(steps[:-1]):
            self.place.append(nn.Linear(came, steps[number + 1], bias=False))
            self.place.append(nn.ReLU() if number < 3 else nn.Identity())

    def embedded(self, picture: Tensor) -> Tensor:
        """Embeddings of the patches, row by row (B, P, C): the scene, then the traces."""
        cut = picture.float()[..., : self.rows * PATCH, : self.columns * PATCH]
        grid = cut.reshape(-1, 3, self.rows, PATCH, self.columns, PATCH)
        patches = grid.permute(0, 2, 4, 1, 3, 5).reshape(-1, 3, PATCH, PATCH)
        seen = torch.cat([self.condense(self.scene(patches)), self.traces(patches)], 1)
        return seen.reshape(-1, self.rows * self.columns, seen.shape[1])

    def forward(self, picture: Tensor) -> dict[str, Tensor]:
        """``logit``: log-odds that the frame was edited. ``mask``: of each place. ``patches``:
        log-odds of the patches (B, rows, columns), of which the mask is made.
        """
        seen = self.embedded(picture)
        weighed = seen * self.context(seen).unsqueeze(2)
        real, forged = self.whole(self.each(weighed).flatten(1)).unbind(1)
        patches = self.place(weighed).reshape(-1, self.rows, self.columns)
        cells = PATCH // CELL
        mask = patches.repeat_interleave(cells, 1).repeat_interleave(cells, 2)
        mask = F.pad(mask, (0, self.spare[1], 0, self.spare[0]), value=_UNSEEN)
        return {"logit": forged - real, "mask": mask, "patches": patches}
