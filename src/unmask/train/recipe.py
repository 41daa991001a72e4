"""A training recipe: a TOML file beside the network it trains."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from unmask.errors import DataError


class Optimiser(BaseModel):
    """AdamW with a linear warm-up and a cosine decay to ``final`` × ``rate``."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    rate: float = 1e-3
    weight_decay: float = 0.01
    warmup: float = Field(default=0.05, ge=0, lt=1)
    final: float = 0.01
    clip: float = 1.0
    ema: float = Field(default=0.998, ge=0, lt=1)


class Recipe(BaseModel):
    """What ``unmask train`` needs to know.

    ``task`` and ``evaluation`` are ``module:name``; a published method has no evaluation of its
    own: ``unmask bench run`` scores it. ``samples`` is the number of training samples seen in
    all. ``keep``: export the averaged weights that validate best, or those of the end
    (where validation is too small to choose). ``settings`` are the method's own.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    task: str
    evaluation: str = ""
    seed: int = 0
    samples: int
    batch: int = 32
    workers: int = 1
    threads: int = 1
    validate_every: int
    optimiser: Optimiser = Optimiser()
    keep: Literal["best", "last"] = "best"
    leave_out: str = ""
    settings: dict[str, Any] = Field(default_factory=dict)


def read_recipe(path: Path) -> Recipe:
    """Read a recipe. Raises DataError when it is missing or malformed."""
    try:
        with path.open("rb") as file:
            return Recipe.model_validate(tomllib.load(file))
    except FileNotFoundError:
        raise DataError(f"There is no recipe at {path}.") from None
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        first = str(error).replace("\n", "; ")
        raise DataError(f"The recipe {path} is malformed: {first}") from error


def resolve(reference: str) -> Any:
    """The object that ``module:name`` names."""
    module, _, name = reference.partition(":")
    return getattr(importlib.import_module(module), name)
