"""Who edits text, and how: a population of people who each keep to a few ways.

After Yu et al. 2025, "Toward Real-world Text Image Forgery Localization: Structured and
Interpretable Data Synthesis" (FSTS), section 3: each parameter of an edit is a sum of a few basis
configurations with the weights of one person, and the population is the distribution of those
weights. Theirs were counted; where a table of theirs is not given, the house's own stands in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from unmask._toml import read_toml
from unmask.errors import DataError

Rng = np.random.Generator
KINDS = ("copy-move", "splice", "removal", "insertion", "replacement")
PARAMETERS = (
    "width", "scale", "angle", "shift", "blur", "noise", "tone", "feather", "saved", "ground",
)  # fmt: skip
TABLE = Path(__file__).with_name("text_edits.toml")


class Parameter(BaseModel):
    """The usual values of one step, and how often each is taken in the population."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str
    values: tuple[float, ...] = Field(min_length=1)
    weights: tuple[float, ...]

    @model_validator(mode="after")
    def _fits(self) -> Parameter:
        if self.name not in PARAMETERS:
            raise ValueError(f"no parameter is called {self.name!r}; {', '.join(PARAMETERS)}")
        _shares(self.weights, len(self.values))
        return self


class Population(BaseModel):
    """A table of ways to edit text. ``concentration``: how alike its people are."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    concentration: float = Field(gt=0)
    kinds: Mapping[str, float]
    parameters: tuple[Parameter, ...]

    @model_validator(mode="after")
    def _fits(self) -> Population:
        if unknown := sorted(set(self.kinds) - set(KINDS)):
            raise ValueError(f"no kind is called {unknown[0]!r}; there are {', '.join(KINDS)}")
        _shares(tuple(self.kinds.values()), len(self.kinds))
        if sorted(one.name for one in self.parameters) != sorted(PARAMETERS):
            raise ValueError(f"each of {', '.join(PARAMETERS)} is needed once")
        return self

    def person(self, rng: Rng) -> Population:
        """The table of one person: weights drawn around those of the population.

        Their mean over people is the population's; a small concentration leaves few ways to each.
        """
        kinds = _own(tuple(self.kinds.values()), self.concentration, rng)
        parameters = tuple(
            one.model_copy(update={"weights": _own(one.weights, self.concentration, rng)})
            for one in self.parameters
        )
        own = dict(zip(self.kinds, kinds, strict=True))
        return self.model_copy(update={"kinds": own, "parameters": parameters})

    def edit(self, rng: Rng, kind: str = "") -> Habit:
        """One edit: a kind (drawn unless it is given), and a value of each parameter."""
        names = list(self.kinds)
        drawn = kind or names[int(rng.choice(len(names), p=list(self.kinds.values())))]
        values = {
            one.name: float(one.values[int(rng.choice(len(one.values), p=one.weights))])
            for one in self.parameters
        }
        return Habit(drawn, **values)


@dataclass(frozen=True, slots=True)
class Habit:
    """What is done in one edit; units as in the table."""

    kind: str
    width: float
    scale: float
    angle: float
    shift: float
    blur: float
    noise: float
    tone: float
    feather: float
    saved: float
    ground: float


def _shares(weights: tuple[float, ...], length: int) -> None:
    if len(weights) != length or min(weights) < 0 or abs(sum(weights) - 1) > 1e-6:
        raise ValueError("weights are as many as values, none is below 0, and their sum is 1")


def _own(weights: tuple[float, ...], concentration: float, rng: Rng) -> tuple[float, ...]:
    drawn = rng.dirichlet(np.maximum(np.array(weights) * concentration, 1e-9))
    return tuple(float(one) for one in drawn / drawn.sum())


@lru_cache(maxsize=8)
def population(path: Path = TABLE) -> Population:
    """A table of ways to edit text. Raises DataError when it is not there or does not fit."""
    return read_toml(path, Population, "table of text edits", DataError)
