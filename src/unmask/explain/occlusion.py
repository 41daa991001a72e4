"""Occlusion: a grey square is moved over the picture, and the map says how far the score falls.

Run by Captum. It asks for nothing but scores, and is as coarse as its steps.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from unmask.errors import MissingExtra
from unmask.explain.base import Asked, Explainer, Settings

CITATION = "Zeiler, Fergus: Visualizing and Understanding Convolutional Networks. ECCV 2014"
URL = "https://arxiv.org/abs/1311.2901"
_GREY = 127.5


class Square(Settings):
    """``side`` of the square and ``step`` between its places, shares of the shorter side."""

    side: float = Field(default=0.2, gt=0, lt=1)
    step: float = Field(default=0.1, gt=0, lt=1)


class Occluded(Explainer[Square]):
    """How far the score falls without each place."""

    settings_type = Square

    def explain(self, asked: Asked) -> Tensor:
        """The fall, averaged over the squares that cover a pixel. Raises MissingExtra."""
        try:
            from captum.attr import Occlusion
        except ImportError as error:
            raise MissingExtra(f"Occlusion (the package {error.name!r})", "train") from None
        shorter = min(asked.seen.shape[-2:])
        side = max(1, round(self.settings.side * shorter))
        step = max(1, min(side, round(self.settings.step * shorter)))
        found: Tensor = Occlusion(asked.score).attribute(
            asked.seen,
            sliding_window_shapes=(3, side, side),
            strides=(3, step, step),
            baselines=_GREY,
            perturbations_per_eval=4,
        )
        return found.detach()[0, 0].float()
