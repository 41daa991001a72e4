"""What QAD asks of a network beside being right (Le and Woo 2023, section 3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import torch
from torch import Tensor, nn
from torch.func import functional_call

from unmask.nn.hsic import gaussian, hsic

WEIGHTS = (0.1, 0.25, 0.5)
SIGMA = 6.0


def dependence(
    qualities: Sequence[Sequence[Tensor]],
    weights: Sequence[float] = WEIGHTS,
    sigma: float = SIGMA,
) -> Tensor:
    """How dependent the maps of the same faces in several qualities are, weighed by stage.

    ``qualities``: for each quality a map (N, …) a stage. Of every pair of qualities the
    Hilbert-Schmidt criterion, with Gaussian kernels of the width ``sigma`` × √(numbers of a map).
    """
    total = qualities[0][0].new_zeros(())
    for stage, weight in enumerate(weights):
        flat = [maps[stage].float().flatten(1) for maps in qualities]
        kernels = [gaussian(one, sigma * one.shape[1] ** 0.5) for one in flat]
        for one, two in combinations(kernels, 2):
            total = total + weight * hsic(one, two)
    return total


def uphill(network: nn.Module, loss: Tensor, strength: float) -> dict[str, Tensor]:
    """Parameters a step up the loss (Wu, Xia and Wang 2020, "Adversarial Weight Perturbation").

    Each matrix or kernel moves along its gradient by ``strength`` × its own length; vectors stay.
    The network itself does not change, and gradients flow through to its parameters.
    """
    moving = {n: p for n, p in network.named_parameters() if p.requires_grad and p.ndim > 1}
    slopes = torch.autograd.grad(loss, list(moving.values()), allow_unused=True)
    moved: dict[str, Tensor] = dict(network.named_parameters())
    for (name, value), slope in zip(moving.items(), slopes, strict=True):
        if slope is not None:
            length = strength * value.detach().norm() / (slope.norm() + 1e-12)
            moved[name] = value + length * slope
    return moved


Forward = Callable[[Tensor], Mapping[str, object]]


def at(network: nn.Module, parameters: Mapping[str, Tensor], keep: bool) -> Forward:
    """The network with other parameters; ``keep``: without touching its running statistics."""
    buffers = {n: b.clone() for n, b in network.named_buffers()} if keep else {}

    def forward(face: Tensor) -> Mapping[str, object]:
        result: Mapping[str, object] = functional_call(network, {**parameters, **buffers}, (face,))
        return result

    return forward
