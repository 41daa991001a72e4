"""How the weights move: optimisers and the course of the learning rate."""

from __future__ import annotations

import math

import torch
from torch import nn

from unmask.errors import SettingError
from unmask.train.recipe import Optimiser


def make_optimiser(network: nn.Module, recipe: Optimiser) -> torch.optim.Optimizer:
    """The optimiser of a recipe over the parameters that are not frozen.

    Raises SettingError for ``shares`` of names that no parameter begins with.
    """
    moving = {name: value for name, value in network.named_parameters() if value.requires_grad}
    for begins in recipe.shares:
        if not any(name.startswith(begins) for name in moving):
            raise SettingError(
                f"optimiser.shares: no parameter that moves begins with {begins!r}. There are: "
                f"{', '.join(sorted({name.partition('.')[0] for name in moving}))}."
            )
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, value in moving.items():
        decay = 0.0 if recipe.spare_vectors and value.ndim <= 1 else recipe.weight_decay
        groups.setdefault((_share(name, recipe), decay), []).append(value)
    given = [
        {"params": some, "share": share, "weight_decay": decay}
        for (share, decay), some in groups.items()
    ]
    if recipe.name in ("adam", "adamw"):
        kind = torch.optim.Adam if recipe.name == "adam" else torch.optim.AdamW
        return kind(given, lr=recipe.rate, betas=recipe.betas)
    return torch.optim.SGD(given, lr=recipe.rate, momentum=recipe.momentum)


def _share(name: str, recipe: Optimiser) -> float:
    begins = max((one for one in recipe.shares if name.startswith(one)), key=len, default="")
    return recipe.shares.get(begins, 1.0)


def beside(part: nn.Module, recipe: Optimiser) -> torch.optim.Optimizer:
    """The same kind of optimiser for a part beside the network, which no ``shares`` name."""
    return make_optimiser(part, recipe.model_copy(update={"shares": {}}))


def set_rate(moved: torch.optim.Optimizer, rate: float) -> None:
    """Give every group of parameters its share of ``rate``."""
    for group in moved.param_groups:
        group["lr"] = rate * group.get("share", 1.0)


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
    set_rate(moved, rate)
