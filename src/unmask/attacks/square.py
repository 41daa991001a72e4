"""Square attack: random squares are tried, and kept where the score moves; no gradient is needed.

Run by the Adversarial Robustness Toolbox. Pictures only. The detector is asked as a user would ask
it, so any of them can be attacked, exported ones too.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import Field
from torch import Tensor

from unmask.attacks.base import Attack, Settings, Target, towards, within
from unmask.errors import MissingExtra, SettingError

CITATION = (
    "Andriushchenko, Croce, Flammarion, Hein: Square Attack: a query-efficient black-box "
    "adversarial attack via random search. ECCV 2020"
)
URL = "https://arxiv.org/abs/1912.00049"
_NEVER = 1000.0
"""Laid over the score, so that the search goes on after the decision has turned at logit 0."""


class Queries(Settings):
    """``queries``: rounds at most; ``first``: share of the picture that the first squares cover."""

    queries: int = Field(default=100, ge=1)
    first: float = Field(default=0.8, gt=0, le=1)


class Square(Attack[Queries]):
    """How far one gets who can only ask for scores."""

    access = "query"
    settings_type = Queries

    def change(self, target: Target, label: int, size: float) -> Tensor:
        """The best picture found. Raises SettingError for sound, MissingExtra."""
        if target.media.ndim != 4:
            raise SettingError("square lays squares over pictures; for sound use pgd or fgsm.")
        try:
            from art.attacks.evasion import SquareAttack
            from art.estimators.classification import BlackBoxClassifierNeuralNetwork
        except ImportError as error:
            raise MissingExtra(
                f"The attack 'square' (the package {error.name!r})", "train"
            ) from None

        def asked(media: NDArray[np.float32]) -> NDArray[np.float32]:
            with torch.no_grad():
                scores = target.score(torch.from_numpy(media).float()).reshape(-1, 1)
            both = torch.cat([torch.zeros_like(scores), scores - towards(label) * _NEVER], 1)
            result: NDArray[np.float32] = both.cpu().numpy()
            return result

        detector = BlackBoxClassifierNeuralNetwork(
            asked,
            tuple(target.media.shape[1:]),
            nb_classes=2,
            clip_values=(target.low, target.high),
        )
        attack = SquareAttack(
            detector,
            norm=np.inf,
            max_iter=self.settings.queries,
            eps=size,
            p_init=self.settings.first,
            batch_size=1,
            verbose=False,
        )
        # The library draws places for a square that has to be smaller than the picture.
        height, width = target.media.shape[-2:]
        most = (max(1, min(height, width) - 2)) ** 2 / (height * width)
        attack.p_init = min(self.settings.first, most)
        truth = np.eye(2, dtype=np.float32)[[label]]
        found = attack.generate(target.media.numpy(), y=truth)
        return within(target, torch.from_numpy(found).float(), size)
