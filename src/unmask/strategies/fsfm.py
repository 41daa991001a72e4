"""FSFM: a network learns faces without labels, from what is hidden of them.

Of each face one region (brows, eyes, nose, mouth, rim or hair) is hidden as a whole and of the
others in proportion. From what the network knows of the rest a decoder draws the hidden patches,
and its features must agree with those that a slow copy has of the whole face.

The paper does this with a vision transformer that leaves hidden patches out; here any network takes
part: it sees them in the mean colour, and the decoder has its features alone (so that the two
blocks between encoder and projector, which fill in hidden tokens, have nothing to fill). Where the
regions lie is the mean face's, since a batch brings no parsing. Usual values are those of the
authors' command for pre-training, which asks for normed patches and SimSiam's loss.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from pydantic import Field, model_validator
from torch import Tensor, nn

from unmask.errors import DataError
from unmask.nn.masked_patches import Decoder, apart, patches
from unmask.strategies._face_regions import CHOSEN, hidden, regions
from unmask.strategies._features import Features
from unmask.strategies.base import Settings, Strategy, Training, unscaled
from unmask.train.optimisers import make_optimiser, rate_share, set_rate
from unmask.train.recipe import Optimiser
from unmask.train.task import Batch

CITATION = (
    "Wang, Lin, Wu, Liu, Ba, Ren, Chen: FSFM: A Generalizable Face Security Foundation Model via "
    "Self-Supervised Facial Representation Learning. CVPR 2025"
)
URL = "https://arxiv.org/abs/2412.12032"
_PATCH = 16
_MEAN, _SPREAD = (0.5482, 0.4234, 0.3655), (0.2789, 0.2439, 0.2349)
"""Of VGGFace2, red to blue: what is drawn is less the one and over the other."""
_COURSE = Optimiser(
    weight_decay=0.05, spare_vectors=True, betas=(0.9, 0.95), warmup=0.1, final=0.0, clip=1.0
)
"""How the heads move."""


class Hiding(Settings):
    """``share`` of the patches that is hidden, of a ``grid`` of so many a side; ``normed``: each
    patch is drawn less its mean and over its spread; ``region`` and ``contrast``: weights of the
    region's part and of the agreement; ``momentum`` of the copy at the start; ``labels``: weight of
    the method's own loss (0: none); ``width``, ``depth`` and ``heads`` of the decoder; ``rate`` of
    what is beside the network, for a batch of 256 (twice as many learn at twice the rate)."""

    share: float = Field(default=0.75, gt=0, lt=1)
    grid: int = Field(default=14, ge=4)
    normed: bool = True
    region: float = Field(default=0.007, ge=0)
    contrast: float = Field(default=0.1, ge=0)
    momentum: float = Field(default=0.996, ge=0, le=1)
    labels: float = Field(default=0.0, ge=0)
    width: int = Field(default=512, ge=32, multiple_of=32)
    depth: int = Field(default=8, ge=1)
    heads: int = Field(default=16, ge=1)
    rate: float = Field(default=1.5e-4, gt=0)

    @model_validator(mode="after")
    def _fits(self) -> Hiding:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} does not divide by {self.heads} heads")
        return self


class FSFM(Strategy[Hiding]):
    """Instead of the method's loss: drawing what is hidden, and agreeing about who it is."""

    settings_type = Hiding
    small: ClassVar[Mapping[str, Any]] = {"width": 32, "depth": 2, "heads": 1}
    alone = True

    def begin(self, training: Training) -> None:
        """Make the copy and the heads.

        Raises ModelError without a last linear layer, SettingError in 16 bits, whose scaled
        gradients the heads do not know.
        """
        super().begin(training)
        unscaled(training, "fsfm")
        own = self.settings
        self.teacher = copy.deepcopy(training.network).eval().requires_grad_(False)
        self._own, self._theirs = Features(training.network), Features(self.teacher)
        size = self._own.size
        heads = {
            "decoder": Decoder(size, own.grid, 3 * _PATCH**2, own.width, own.depth, own.heads),
            "projector": perceptron(size),
            "predictor": perceptron(256),
        }
        self.heads = nn.ModuleDict(heads).to(training.device)
        self.heads.apply(_laid_out)
        self.projector = copy.deepcopy(self.heads["projector"]).requires_grad_(False)
        self._optimiser = make_optimiser(self.heads, _COURSE)
        self._parts = regions(own.grid)
        self._mean, self._spread = (
            torch.tensor(values, device=training.device)[:, None, None]
            for values in (_MEAN, _SPREAD)
        )
        self._along = 0.0

    def before_step(self, step: int) -> None:
        """How far the run has come: copy and heads stand still towards its end."""
        steps = max(1, self.training.steps)
        self._along = step / steps
        full = self.settings.rate * self.training.task.recipe.batch / 256
        set_rate(self._optimiser, full * rate_share(_COURSE, step, steps))

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """What is drawn wrong, .007 × that of the region, and .1 × the disagreement."""
        name = self._picture(batch)
        whole = batch[name].float()
        chosen = CHOSEN[int(torch.randint(len(CHOSEN), ()))]
        rows, region = hidden(self._parts, chosen, self.settings.share, len(whole))
        _, features = self._own.of(self.scores, {**batch, name: self.covered(whole, rows)})
        own = self.settings
        target = patches(self._wanted(whole), _PATCH)
        given = self.heads["decoder"](features[:, None].expand(-1, rows.shape[1], -1))
        drawn = apart(target, given, rows, own.normed).mean()
        inside = apart(target, given, region, own.normed).mean()
        with torch.no_grad():
            _, theirs = self._theirs.of(lambda given: self.scores(given, self.teacher), batch)
            wanted = self.projector(theirs)
        mine = self.heads["predictor"](self.heads["projector"](features))
        agreed = disagreement(mine, wanted)
        total = drawn + own.region * inside + own.contrast * agreed + own.labels * loss
        told = {"drawn": drawn, "region": inside, "agreed": agreed}
        return total, {key: float(value.detach()) for key, value in told.items()}

    def _wanted(self, whole: Tensor) -> Tensor:
        """Pictures (B, 3, H, W) of 0…255 in the size of the grid and about 0."""
        side = self.settings.grid * _PATCH
        small = F.interpolate(whole, (side, side), mode="bicubic", antialias=True) / 255
        return (small - self._mean) / self._spread

    def covered(self, whole: Tensor, rows: Tensor) -> Tensor:
        """The pictures (B, 3, H, W) with the hidden patches (B, N) in their mean colours."""
        grid = self.settings.grid
        small = rows.reshape(-1, 1, grid, grid).to(whole.device).float()
        mask = F.interpolate(small, whole.shape[-2:], mode="nearest")
        return whole * (1 - mask) + whole.mean((2, 3), keepdim=True) * mask

    def after_step(self) -> None:
        """The heads follow, and the copy comes a little nearer."""
        self._own.forget()
        self._theirs.forget()
        nn.utils.clip_grad_norm_(self.heads.parameters(), _COURSE.clip)
        self._optimiser.step()
        self._optimiser.zero_grad()
        left = (1 - self.settings.momentum) * (math.cos(math.pi * self._along) + 1) / 2
        _nearer(self.teacher, self.training.network, left)
        _nearer(self.projector, self.heads["projector"], left)

    def _picture(self, batch: Batch) -> str:
        for name in self.training.task.inputs:
            if batch[name].ndim == 4 and batch[name].shape[1] == 3:
                return name
        raise DataError("fsfm hides parts of pictures, and the method takes none.")

    def state(self) -> dict[str, Any]:
        """The copy, the heads and their optimiser."""
        return {
            "teacher": self.teacher.state_dict(),
            "projector": self.projector.state_dict(),
            "heads": self.heads.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put them back."""
        self.teacher.load_state_dict(state["teacher"])
        self.projector.load_state_dict(state["projector"])
        self.heads.load_state_dict(state["heads"])
        self._optimiser.load_state_dict(state["optimiser"])


def perceptron(came: int, hidden_size: int = 4096, goes: int = 256) -> nn.Sequential:
    """Projector and predictor: two linear layers, with a norm over the layer between."""
    first, last = nn.Linear(came, hidden_size), nn.Linear(hidden_size, goes)
    return nn.Sequential(first, nn.LayerNorm(hidden_size), nn.ReLU(), last)


def disagreement(mine: Tensor, theirs: Tensor) -> Tensor:
    """Half the cosine of both (B, D) against, averaged (Chen and He 2021): -0.5 when they agree."""
    return -F.cosine_similarity(mine.float(), theirs.float(), dim=1).mean() / 2


def _laid_out(layer: nn.Module) -> None:
    """Linear layers begin as Glorot and Bengio (2010) have them, without an offset."""
    if isinstance(layer, nn.Linear):
        nn.init.xavier_uniform_(layer.weight)
        nn.init.zeros_(layer.bias)


@torch.no_grad()
def _nearer(mine: nn.Module, theirs: nn.Module, share: float) -> None:
    """Parameters move by a share towards others; buffers are taken over."""
    for one, other in zip(mine.parameters(), theirs.parameters(), strict=True):
        one.lerp_(other.to(one.dtype), share)
    for buffer, like in zip(mine.buffers(), theirs.buffers(), strict=True):
        buffer.copy_(like)
