"""Integrated gradients: what each pixel adds to the score on the way from a plain picture.

Run by Captum. The map adds up to the score less that of the plain picture.
"""

from __future__ import annotations

import torch
from pydantic import Field
from torch import Tensor

from unmask.errors import MissingExtra
from unmask.explain.base import Asked, Explainer, Settings

CITATION = "Sundararajan, Taly, Yan: Axiomatic Attribution for Deep Networks. ICML 2017"
URL = "https://arxiv.org/abs/1703.01365"


class Path(Settings):
    """``steps`` along the way; ``plain``: the value of the plain picture, 0…255."""

    steps: int = Field(default=32, ge=2)
    plain: float = Field(default=0.0, ge=0, le=255)


class IntegratedGradients(Explainer[Path]):
    """What each pixel added."""

    settings_type = Path

    def explain(self, asked: Asked) -> Tensor:
        """The sum over the channels. Raises MissingExtra."""
        try:
            from captum.attr import IntegratedGradients as Along
        except ImportError as error:
            raise MissingExtra(
                f"Integrated gradients (the package {error.name!r})", "train"
            ) from None
        start = torch.full_like(asked.seen, self.settings.plain)
        found: Tensor = Along(asked.score).attribute(
            asked.seen, start, n_steps=self.settings.steps, internal_batch_size=4
        )
        return found.detach()[0].float().sum(0)
