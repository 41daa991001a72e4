"""The strategies of a recipe, one after the other, as the loop calls them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

from unmask.errors import SettingError
from unmask.plugin_files import made
from unmask.strategies.base import Compute, Strategy, Training
from unmask.train.recipe import Recipe
from unmask.train.task import Batch, Task


class Chain:
    """The strategies of a recipe in its order; the first is the outermost around gradients.

    Raises UnknownName, DataError for a setting that does not fit.
    """

    def __init__(self, recipe: Recipe) -> None:
        self._by_name: dict[str, Strategy[Any]] = {
            name: made("strategies", name, Strategy, recipe.strategy.get(name, {}))
            for name in recipe.strategies
        }

    def begin(self, training: Training) -> None:
        """Tell all that the run is laid out. Raises SettingError where one cannot take part."""
        for name, one in self._by_name.items():
            if one.alone and training.processes > 1:
                raise SettingError(
                    f"The strategy {name!r} keeps samples and runs in one process. "
                    "Leave out --processes."
                )
            one.begin(training)

    def before_step(self, step: int) -> None:
        """A step begins."""
        for one in self._by_name.values():
            one.before_step(step)

    def batch(self, batch: Batch) -> Batch:
        """The batch as the strategies leave it."""
        for one in self._by_name.values():
            batch = one.batch(batch)
        return batch

    def loss(self, task: Task, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The task's loss as the strategies leave it; their log values bear their names."""
        loss, values = task.loss(network, batch)
        for name, one in self._by_name.items():
            loss, more = one.loss(loss, batch)
            values = {**values, **{f"{name}_{key}": value for key, value in more.items()}}
        return loss, values

    def gradients(self, compute: Compute) -> dict[str, float]:
        """Fill the gradients of a step."""
        for one in reversed(self._by_name.values()):
            compute = partial(one.gradients, compute)
        return compute()

    def after_step(self) -> None:
        """The weights have moved."""
        for one in self._by_name.values():
            one.after_step()

    def end_task(self) -> None:
        """The training is over."""
        for one in self._by_name.values():
            one.end_task()

    def state(self) -> dict[str, Any]:
        """What a run keeps of all of them, by name."""
        return {name: one.state() for name, one in self._by_name.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take it back. Raises KeyError when it is of other strategies."""
        if set(state) != set(self._by_name):
            raise KeyError("other strategies")
        for name, one in self._by_name.items():
            one.restore(state[name])
