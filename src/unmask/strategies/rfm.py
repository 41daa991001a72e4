"""Representative forgery mining: where the network looks most is covered, so that it looks on.

After the paper and the authors' published code: the map is the largest change of the score by a
value of a pixel; three rectangles are laid over its peaks and filled with noise of the middle tones
(half of the scale around grey); the loss is kept from falling under a level (flooding). Pictures
only.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from unmask.errors import ModelError
from unmask.strategies.base import Settings, Strategy
from unmask.train.task import Batch

CITATION = "Wang, Deng: Representative Forgery Mining for Fake Face Detection. CVPR 2021"
URL = "https://arxiv.org/abs/2104.06609"


class Covering(Settings):
    """``rectangles`` a picture; ``largest``: longest side of one, in that of the picture.

    ``flood``: the level under which the loss does not go; 0 for none.
    """

    rectangles: int = Field(default=3, ge=1)
    largest: float = Field(default=120 / 224, gt=0, le=1)
    flood: float = Field(default=0.04, ge=0)


class ForgeryMining(Strategy[Covering]):
    """Trains on pictures whose most telling places are covered."""

    settings_type = Covering

    def batch(self, batch: Batch) -> Batch:
        """Pictures with their peaks covered. Raises ModelError when there is no picture."""
        shown = [name for name in self.training.task.inputs if batch[name].ndim == 4]
        if not shown:
            raise ModelError("rfm covers places of pictures, and this method takes none.")
        maps = self.attention(batch, shown)
        return {**batch, **{n: self.covered(batch[n], maps[n]) for n in shown}}

    def attention(self, batch: Batch, shown: list[str]) -> dict[str, Tensor]:
        """Largest change of the score over the channels, a map (B, H, W) for each input."""
        network = self.training.network
        asked = {name: batch[name].detach().float().requires_grad_() for name in shown}
        training = network.training
        network.eval()
        try:
            with torch.enable_grad():
                total = self.scores({**batch, **asked}).sum()
                found = torch.autograd.grad(total, [asked[name] for name in shown])
        finally:
            network.train(training)
        return {n: slope.abs().amax(1) for n, slope in zip(shown, found, strict=True)}

    def covered(self, pictures: Tensor, maps: Tensor) -> Tensor:
        """Each picture with rectangles of noise (64…191) over the peaks of its map."""
        done = pictures.clone()
        height, width = maps.shape[-2:]
        for picture, left in zip(done, maps.clone(), strict=True):
            for _ in range(self.settings.rectangles):
                row, column = divmod(int(left.argmax()), width)
                top, bottom = self._side(row, height)
                begin, end = self._side(column, width)
                part = picture[:, top:bottom, begin:end]
                noise = 255 * (0.25 + torch.rand(part.shape, device=part.device) / 2)
                picture[:, top:bottom, begin:end] = noise.to(part.dtype)
                left[top:bottom, begin:end] = -1
        return done

    def _side(self, place: int, length: int) -> tuple[int, int]:
        """Where a side of random length lies that covers ``place``."""
        size = int(torch.randint(1, max(1, int(self.settings.largest * length)) + 1, ()))
        first = place - int(torch.randint(size, ()))
        return max(0, first), min(length, first + size)

    def loss(self, loss: Tensor, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss, kept over the level."""
        level = self.settings.flood
        return ((loss - level).abs() + level if level else loss), {}
