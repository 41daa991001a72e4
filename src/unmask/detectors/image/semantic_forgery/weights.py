"""Weights of several tasks that learn what helps one of them.

Liu, James, Davison and Johns 2022, "Auto-Lambda: Disentangling Dynamic Task Relationships",
section 3.2, as Zou et al. 2025 use it: after one step with the weights as they are, the first task
should be better on other samples.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor, nn

Losses = Callable[[Mapping[str, Tensor]], Tensor]
"""Parameters of a network by name to the losses of its tasks, (tasks)."""
_NEAR = 0.01
_BETAS = (0.9, 0.999)


class LevelWeights(nn.Module):
    """A weight for each of ``tasks``, moved by Adam (Kingma and Ba 2015) at the rate 1e-3.

    What a run has to keep stands in the state of the module.
    """

    value: Tensor
    mean: Tensor
    square: Tensor
    steps: Tensor

    def __init__(self, tasks: int = 3) -> None:
        super().__init__()
        self.register_buffer("value", torch.ones(tasks))
        self.register_buffer("mean", torch.zeros(tasks))
        self.register_buffer("square", torch.zeros(tasks))
        self.register_buffer("steps", torch.zeros(()))

    @torch.no_grad()
    def follow(self, gradient: Tensor, rate: float = 1e-3) -> None:
        """One step of Adam against ``gradient`` (tasks)."""
        self.steps += 1
        self.mean.lerp_(gradient, 1 - _BETAS[0])
        self.square.lerp_(gradient.square(), 1 - _BETAS[1])
        mean = self.mean / (1 - _BETAS[0] ** self.steps)
        square = self.square / (1 - _BETAS[1] ** self.steps)
        self.value -= rate * mean / (square.sqrt() + 1e-8)


def lookahead(
    parameters: Mapping[str, Tensor],
    learnt: Losses,
    checked: Losses,
    weights: Tensor,
    rate: float,
) -> Tensor:
    """How the weights (tasks) should move: the gradient of the first task's loss on ``checked``.

    The step with ``rate`` is taken on ``learnt``; how the weights act through it is a difference of
    the losses on ``learnt`` at two places near by. Neither parameters nor gradients change.
    """
    names = list(parameters)
    free = {name: value.detach().requires_grad_() for name, value in parameters.items()}
    step = torch.autograd.grad((weights * learnt(free)).sum(), list(free.values()))
    moved = {
        name: (value.detach() - rate * slope).requires_grad_()
        for (name, value), slope in zip(free.items(), step, strict=True)
    }
    uphill = torch.autograd.grad(checked(moved)[0], list(moved.values()), allow_unused=True)
    slopes = [
        u if u is not None else torch.zeros_like(p) for u, p in zip(uphill, step, strict=True)
    ]
    near = _NEAR / (torch.cat([slope.flatten() for slope in slopes]).norm() + 1e-6)
    with torch.no_grad():
        above, below = (
            learnt({n: free[n] + way * near * s for n, s in zip(names, slopes, strict=True)})
            for way in (1, -1)
        )
    gradient: Tensor = -rate * (above - below) / (2 * near)
    return gradient
