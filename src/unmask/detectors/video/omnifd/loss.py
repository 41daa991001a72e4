"""The loss of guesses along time, and joining guesses (ActionFormer; OmniFD's configuration)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from unmask.detectors.video.omnifd.stretches import STRIDES, ends, points

_RADIUS = 1.5
_LONGEST = 10000.0
_SIGMA = 0.7


def ranges() -> Tensor:
    """Shortest and longest reach in steps that points of each level answer for (63, 2)."""
    near = dict(zip(STRIDES, (0.0, 4.0, 8.0, 16.0, 32.0, 64.0), strict=True))
    far = dict(zip(STRIDES, (4.0, 8.0, 16.0, 32.0, 64.0, _LONGEST), strict=True))
    strides = points()[:, 1].int().tolist()
    return torch.tensor([(near[stride], far[stride]) for stride in strides])


def wanted(stretches: Tensor, count: int | None = None) -> tuple[Tensor, Tensor]:
    """For each point whether it should speak (63), and its reach in its strides (63, 2).

    Of the first ``count`` points, where it is given. ``stretches`` (N, 2): start and end in steps.
    A point speaks for a stretch when it lies near its middle and its reach fits its level; of
    several for the shortest.
    """
    at, stride = points()[:count].to(stretches).unbind(1)
    if not len(stretches):
        return torch.zeros_like(at), torch.zeros(len(at), 2)
    begin, end = stretches[:, 0], stretches[:, 1]
    back, on = at[:, None] - begin, end - at[:, None]
    middle, reach = (begin + end) / 2, stride[:, None] * _RADIUS
    inside = torch.minimum(
        at[:, None] - torch.maximum(middle - reach, begin),
        torch.minimum(middle + reach, end) - at[:, None],
    )
    farthest, bounds = torch.maximum(back, on), ranges()[:count].to(stretches)
    fits = (inside > 0) & (farthest >= bounds[:, :1]) & (farthest <= bounds[:, 1:])
    lengths = (end - begin).expand_as(back).masked_fill(~fits, torch.inf)
    shortest, chosen = lengths.min(1)
    reaches = torch.stack([back, on], -1)[torch.arange(len(at)), chosen] / stride[:, None]
    return (shortest < torch.inf).to(at), reaches


def focal(logit: Tensor, target: Tensor, alpha: float = 0.25, gamma: float = 2.0) -> Tensor:
    """Focal loss of each guess (Lin et al. 2017)."""
    entropy = F.binary_cross_entropy_with_logits(logit, target, reduction="none")
    chance = logit.sigmoid()
    right = chance * target + (1 - chance) * (1 - target)
    balance = alpha * target + (1 - alpha) * (1 - target)
    return balance * entropy * (1 - right) ** gamma


def distance(given: Tensor, true: Tensor) -> Tensor:
    """1 less the overlap of stretches (N, 2), and how far their middles are apart (Zheng 2020)."""
    common = torch.minimum(given[:, 1], true[:, 1]) - torch.maximum(given[:, 0], true[:, 0])
    common = common.clamp(min=0)
    union = (given[:, 1] - given[:, 0]) + (true[:, 1] - true[:, 0]) - common
    whole = torch.maximum(given[:, 1], true[:, 1]) - torch.minimum(given[:, 0], true[:, 0])
    apart = (given.mean(1) - true.mean(1)).abs()
    return 1 - common / union.clamp(min=1e-7) + apart.square() / whole.square().clamp(min=1e-7)


def along_time(
    chances: Tensor,
    reaches: Tensor,
    stretches: list[Tensor],
    normaliser: Tensor | None = None,
) -> tuple[Tensor, Tensor]:
    """Focal loss and distance of stretches, over the number of points that should speak.

    ``stretches``: of each clip (N, 2), in steps. ``normaliser``: the running number, which counts
    in training and follows when gradients are wanted; without it that of the batch counts.
    """
    targets = [wanted(one, chances.shape[1]) for one in stretches]
    speaks = torch.stack([one for one, _ in targets]).to(chances)
    right = ends(torch.stack([one for _, one in targets]).to(reaches))
    number = speaks.sum().clamp(min=1)
    if normaliser is not None:
        if torch.is_grad_enabled():
            normaliser.mul_(0.9).add_(0.1 * number.detach())
        number = normaliser.clone()
    told = focal(chances, speaks).sum() / number
    mask = speaks > 0
    given = ends(reaches)
    if not bool(mask.any()):
        return told, given.sum() * 0
    return told, distance(given[mask], right[mask]).sum() / number
