"""Several processes that train one network as if they were one.

Lightning Fabric starts them or takes part in those that torchrun started, and moves tensors
between them. Gradients are averaged by the loop and not by a wrapper around the network, because
losses of this field call a network twice in one step, or only parts of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, cast

import torch
from lightning.fabric import Fabric
from lightning.fabric.strategies import DDPStrategy
from torch import Tensor, nn

from unmask.errors import DataError, SettingError
from unmask.train.checkpoint import Randomness, randomness
from unmask.train.recipe import Recipe

_PRECISION: dict[str, Any] = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


def make_world(recipe: Recipe, processes: int) -> Fabric:
    """A launched Fabric: one process, ``processes``, or as many as torchrun started.

    Raises DataError when a batch cannot be shared out evenly, SettingError for precision 16
    without a GPU.
    """
    nodes = 1
    if torch.distributed.is_torchelastic_launched():
        processes = int(os.environ["LOCAL_WORLD_SIZE"])
        nodes = int(os.environ["WORLD_SIZE"]) // processes
    parts = processes * nodes * recipe.accumulate
    if processes < 1 or recipe.batch % parts:
        raise DataError(
            f"A batch of {recipe.batch} does not divide among {processes * nodes} processes × "
            f"{recipe.accumulate} parts. Choose numbers that divide it."
        )
    if recipe.precision == "16" and not torch.cuda.is_available():
        raise SettingError("Precision 16 needs a GPU. Use bf16 or 32 on a processor.")
    fabric = Fabric(
        accelerator="auto",
        devices=processes,
        num_nodes=nodes,
        # The others wait for as long as the first one validates.
        strategy=DDPStrategy(timeout=timedelta(hours=12)) if processes * nodes > 1 else "auto",
        precision=_PRECISION[recipe.precision],
    )
    fabric.launch()
    return fabric


def order(recipe: Recipe, done: int, rank: int, world: int) -> Iterator[list[int]]:
    """Numbers of the samples of each part of a batch that process ``rank`` takes, from ``done`` on.

    Together the processes and parts of one step hold the same samples however many they are.
    """
    parts = world * recipe.accumulate
    size = recipe.batch // parts
    for start in range(done, recipe.samples - recipe.samples % recipe.batch, recipe.batch):
        for part in range(rank, parts, world):
            yield list(range(start + part * size, start + (part + 1) * size))


def average_gradients(fabric: Fabric, network: nn.Module) -> None:
    """Make gradients and running statistics the mean of those of all processes."""
    if fabric.world_size == 1:
        return
    moving = [value for value in network.parameters() if value.requires_grad]
    for value in moving:  # a part that this process's samples did not reach
        if value.grad is None:
            value.grad = torch.zeros_like(value)
    shared: list[Tensor] = [value.grad for value in moving if value.grad is not None]
    shared += [value for value in network.buffers() if value.is_floating_point()]
    for kind in sorted({value.dtype for value in shared}, key=str):
        group = [value for value in shared if value.dtype == kind]
        flat = torch.cat([value.reshape(-1) for value in group])
        mean = cast(Tensor, fabric.all_reduce(flat, reduce_op="mean"))
        parts = torch.split(mean, [value.numel() for value in group])
        for target, part in zip(group, parts, strict=True):
            target.copy_(part.view_as(target))


def all_randomness(fabric: Fabric) -> list[Randomness]:
    """Where the generators of every process stand, by rank."""
    mine = randomness()
    if fabric.world_size == 1:
        return [mine]
    everyone: list[Any] = [None] * fabric.world_size
    torch.distributed.all_gather_object(everyone, mine)
    return everyone
