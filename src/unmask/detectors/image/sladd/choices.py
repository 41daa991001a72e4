"""What the synthesizer chooses, and how it learns from what that costs the detector.

REINFORCE (Williams 1992), as in Chen et al. 2022, section 3.3.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor

_SPREAD = 1e-5


@dataclass(frozen=True, slots=True)
class Choices:
    """``region`` and ``type`` (B, whole numbers), ``magnitude`` (B, 0…1); how likely they were
    (``log_chance``, B) and how open the choice was (``entropy``, B), with gradients.
    """

    region: Tensor
    type: Tensor
    magnitude: Tensor
    log_chance: Tensor
    entropy: Tensor


def chosen(region: Tensor, kind: Tensor, magnitude: Tensor) -> Choices:
    """A draw by the logits of a synthesizer: (B, 10), (B, 4), (B, 1).

    The magnitude is no draw but the sigmoid itself, which also counts as its chance.
    """
    drawn, chances, entropies = [], [], []
    for logits in (region, kind):
        likely = F.log_softmax(logits, -1)
        one = likely.detach().exp().multinomial(1)
        drawn.append(one[:, 0])
        chances.append(likely.gather(1, one)[:, 0])
        entropies.append(-(likely * likely.exp()).sum(1))
    strong = F.logsigmoid(magnitude[:, 0])
    return Choices(
        drawn[0],
        drawn[1],
        strong.detach().exp(),
        chances[0] + chances[1] + strong,
        entropies[0] + entropies[1] - strong * strong.exp(),
    )


def policy_loss(choices: Choices, loss: Tensor) -> Tensor:
    """What the synthesizer goes down: choices become likelier by what they cost the detector, less
    a little of their entropy. ``loss`` is that of the batch, and no gradient goes into it.
    """
    return (-choices.log_chance * loss.detach()).mean() - _SPREAD * choices.entropy.mean()
