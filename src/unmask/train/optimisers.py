"""How the weights move: optimisers, the course of the learning rate, sharpness-aware steps."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

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
    fall = along if recipe.schedule == "linear" else 0.5 * (1 - math.cos(math.pi * along))
    return recipe.final + (1 - recipe.final) * (1 - fall)


@contextmanager
def uphill(network: nn.Module, radius: float) -> Iterator[None]:
    """Weights moved by ``radius`` along the gradient they hold, and moved back at the end.

    Foret, Kleiner, Mobahi and Neyshabur 2021, equation 2: the gradient found inside is that of
    the sharpest place near by. Gradients are emptied. Running statistics of batch normalisation
    stand still inside, since the weights there are never used.
    """
    moving = [value for value in network.parameters() if value.grad is not None]
    norms = [value.grad.norm() for value in moving if value.grad is not None]
    length = torch.linalg.vector_norm(torch.stack(norms)) + 1e-12
    before = [value.detach().clone() for value in moving]
    with torch.no_grad():
        for value in moving:
            assert value.grad is not None
            value.add_(value.grad * (radius / length))
            value.grad = None
    norm = [part for part in network.modules() if isinstance(part, nn.modules.batchnorm._BatchNorm)]
    tracking = [part.track_running_stats for part in norm]
    kept = [(part.running_mean, part.running_var, part.num_batches_tracked) for part in norm]
    for part in norm:
        if part.training:
            part.track_running_stats = False
            part.running_mean = part.running_var = part.num_batches_tracked = None
    try:
        yield
    finally:
        for part, tracks, (mean, variance, count) in zip(norm, tracking, kept, strict=True):
            part.track_running_stats = tracks
            part.running_mean, part.running_var, part.num_batches_tracked = mean, variance, count
        with torch.no_grad():
            for value, old in zip(moving, before, strict=True):
                value.copy_(old)
