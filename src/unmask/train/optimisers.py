"""How the weights move: optimisers and the course of the learning rate."""

from __future__ import annotations

import math

import torch
from torch import nn

from unmask.train.recipe import Optimiser


def make_optimiser(network: nn.Module, recipe: Optimiser) -> torch.optim.Optimizer:
    """The optimiser of a recipe over the parameters that are not frozen."""
    moving = [value for value in network.parameters() if value.requires_grad]
    if recipe.name in ("adam", "adamw"):
        kind = torch.optim.Adam if recipe.name == "adam" else torch.optim.AdamW
        return kind(
            moving, lr=recipe.rate, betas=recipe.betas, weight_decay=recipe.weight_decay
        )  # fmt: skip
    return torch.optim.SGD(
        moving, lr=recipe.rate, momentum=recipe.momentum, weight_decay=recipe.weight_decay
    )


def rate_share(recipe: Optimiser, step: int, steps: int) -> float:
    """Share of the full learning rate at ``step`` of ``steps``: warm-up, then the schedule."""
    warm = max(1, round(recipe.warmup * steps))
    if step < warm:
        return (step + 1) / warm
    if recipe.schedule == "constant":
        return 1.0
    if recipe.schedule == "step":
        passed = sum(step >= round(share * steps) for share in recipe.steps)
        return float(recipe.gamma**passed)
    held = max(warm, round(recipe.hold * steps))
    along = max(0, step - held) / max(1, steps - held)
    if recipe.schedule == "linear":
        fall = 1 - math.pow(1 - min(along, 1.0), recipe.power)
    else:
        fall = 0.5 * (1 - math.cos(math.pi * along))
    return recipe.final + (1 - recipe.final) * (1 - fall)


def follow(
    moved: torch.optim.Optimizer, recipe: Optimiser, step: int, steps: int, rate: float | None
) -> None:
    """Give an optimiser beside the network's the rate of the network at ``step`` of ``steps``, or
    a constant ``rate``."""
    if rate is None:
        rate = recipe.rate * rate_share(recipe, step, steps)
    for group in moved.param_groups:
        group["lr"] = rate
