"""Reading a TOML file that a person wrote: into a model, or one line that says what is wrong."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from unmask.errors import UnmaskError

Model = TypeVar("Model", bound=BaseModel)


def read_toml(path: Path, kind: type[Model], what: str, error: type[UnmaskError]) -> Model:
    """The file as ``kind``. Raises ``error`` when it is missing or malformed; ``what`` names it."""
    try:
        with path.open("rb") as file:
            return kind.model_validate(tomllib.load(file))
    except FileNotFoundError:
        raise error(f"There is no {what} at {path}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValidationError) as problem:
        text = "; ".join(str(problem).split("\n"))
        raise error(f"The {what} {path} is malformed: {text}") from problem
