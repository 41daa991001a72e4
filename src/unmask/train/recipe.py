"""A training recipe: a TOML file beside the network it trains."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from unmask._toml import read_toml
from unmask.errors import DataError

Share = Annotated[float, Field(gt=0, lt=1)]


class Optimiser(BaseModel):
    """How the weights move.

    ``name``: ``adamw`` (Loshchilov and Hutter 2019), ``adam`` (Kingma and Ba 2015) or ``sgd`` with
    ``momentum``. ``betas``: of adam and adamw.

    ``rate`` rises linearly over the share ``warmup`` of the run, then follows ``schedule``:
    ``cosine`` or ``linear`` down to ``final`` × ``rate``, from the share ``hold`` of the run on
    (``linear`` to the ``power`` that is given);
    ``step``: × ``gamma`` at each of ``steps`` (shares of the run, 0…1); ``constant``.

    ``shares``: by the beginning of their names, parameters that move at a share of ``rate`` (the
    longest beginning counts). ``spare_vectors``: what has one dimension (offsets, norms) does not
    decay.

    ``clip``: largest norm of the gradient, 0 for none. ``ema``: decay of the averaged weights that
    are validated and exported; 0 keeps no average.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Literal["adamw", "adam", "sgd"] = "adamw"
    rate: float = Field(default=1e-3, gt=0)
    weight_decay: float = Field(default=0.01, ge=0)
    momentum: float = Field(default=0.9, ge=0, lt=1)
    betas: tuple[float, float] = (0.9, 0.999)
    schedule: Literal["cosine", "constant", "step", "linear"] = "cosine"
    steps: tuple[Share, ...] = ()
    gamma: float = Field(default=0.1, gt=0, le=1)
    warmup: float = Field(default=0.05, ge=0, lt=1)
    hold: float = Field(default=0.0, ge=0, lt=1)
    final: float = Field(default=0.01, ge=0, le=1)
    power: float = Field(default=1.0, gt=0)
    shares: dict[str, Annotated[float, Field(gt=0)]] = Field(default_factory=dict)
    spare_vectors: bool = False
    clip: float = Field(default=1.0, ge=0)
    ema: float = Field(default=0.998, ge=0, lt=1)

    @model_validator(mode="after")
    def _fits(self) -> Optimiser:
        if bool(self.steps) != (self.schedule == "step"):
            raise ValueError("schedule = 'step' and steps (shares of the run, 0…1) go together")
        return self


class Recipe(BaseModel):
    """What ``unmask train`` needs to know.

    ``task`` and ``evaluation`` are ``module:name``; a published method has no evaluation of its
    own: ``unmask bench run`` scores it. ``samples`` is the number of training samples seen in all,
    ``batch`` how many of them one step of the optimiser sees: over all processes, and in
    ``accumulate`` parts one after the other where memory is short. Neither changes the training.

    ``init``: how the network starts: ``random``; ``pretrained``, its backbone as the paper starts
    it; or the path of a checkpoint, ours or the authors'. ``precision``: ``bf16`` and ``16`` are
    mixed with 32 bits (16 needs a GPU). ``patience``: stop after so many validations without a
    better one; 0 for never. ``select``: the split that chooses weights and stops. ``keep``: export
    the weights that validate best, or those of the end (where validation is too small to choose).
    ``threads``: of one process. ``leave_out``: sources that must not enter training, separated by
    commas. ``where``: patterns by field of the items that train and choose (see
    ``unmask.datasets.choosing``). ``strategies``: ways of training that wrap the method, by name
    and in their order (see ``unmask.strategies``); ``strategy``: a table of settings for each.
    ``settings`` are the method's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    task: str
    evaluation: str = ""
    seed: int = 0
    init: str = "random"
    samples: int
    batch: int = Field(default=32, ge=1)
    accumulate: int = Field(default=1, ge=1)
    precision: Literal["32", "bf16", "16"] = "32"
    workers: int = 1
    threads: int = 1
    validate_every: int = Field(ge=1)
    patience: int = Field(default=0, ge=0)
    select: str = "val"
    optimiser: Optimiser = Optimiser()
    keep: Literal["best", "last"] = "best"
    leave_out: str = ""
    where: dict[str, list[str]] = Field(default_factory=dict)
    strategies: tuple[str, ...] = ()
    strategy: dict[str, dict[str, Any]] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _fits(self) -> Recipe:
        if self.batch % self.accumulate:
            raise ValueError(f"batch {self.batch} does not divide by accumulate {self.accumulate}")
        if self.samples < self.batch:
            raise ValueError(f"samples {self.samples} is under one batch of {self.batch}")
        if len(set(self.strategies)) < len(self.strategies):
            raise ValueError("a strategy is named twice")
        if unused := sorted(set(self.strategy) - set(self.strategies)):
            raise ValueError(f"[strategy.{unused[0]}]: strategies does not name {unused[0]!r}")
        return self


def read_recipe(path: Path) -> Recipe:
    """Read a recipe: TOML, or the ``recipe.json`` of a run.

    Raises DataError when it is missing or malformed.
    """
    if path.suffix != ".json":
        return read_toml(path, Recipe, "recipe", DataError)
    try:
        return Recipe.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        raise DataError(f"There is no recipe at {path}.") from None
    except ValidationError as problem:
        text = "; ".join(str(problem).split("\n"))
        raise DataError(f"The recipe {path} is malformed: {text}") from problem


def changed(recipe: Recipe, **changes: object) -> Recipe:
    """A recipe with other values. Raises DataError when they do not fit."""
    try:
        return Recipe.model_validate(recipe.model_dump() | changes)
    except ValidationError as error:
        first = str(error).replace("\n", "; ")
        raise DataError(f"The recipe {recipe.name!r} cannot be changed so: {first}") from error


def refuse_where(recipe: Recipe) -> None:
    """Raise DataError when a recipe chooses among items and its detector is trained on none."""
    if recipe.where:
        raise DataError(
            f"{recipe.name!r} is not trained on a manifest whose items 'where' could choose. "
            "Leave 'where' out; leave_out names sources."
        )


def resolve(reference: str) -> Any:
    """The object that ``module:name`` names."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
