"""TOML: read into a model, or one line that says what is wrong; and written from plain values."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from unmask.errors import UnmaskError

Model = TypeVar("Model", bound=BaseModel)
_FAULTS = 3
"""How many faults of a file are told."""


def read_toml(path: Path, kind: type[Model], what: str, error: type[UnmaskError]) -> Model:
    """The file as ``kind``. Raises ``error`` when it is missing or malformed; ``what`` names it."""
    try:
        with path.open("rb") as file:
            return kind.model_validate(tomllib.load(file))
    except FileNotFoundError:
        raise error(f"There is no {what} at {path}.") from None
    except ValidationError as problem:
        raise error(f"The {what} {path} is malformed: {_said(problem)}") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        text = "; ".join(str(problem).split("\n"))
        raise error(f"The {what} {path} is malformed: {text}") from problem


def _said(problem: ValidationError) -> str:
    """The first faults, each where it is, and how many more there are.

    What is not known comes first: a misspelt name also makes one that is missing.
    """
    faults = sorted(
        problem.errors(include_url=False), key=lambda one: one["type"] != "extra_forbidden"
    )
    said = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in faults[:_FAULTS]]
    more = len(faults) - len(said)
    return "; ".join(said) + (f"; and {more} more" if more else "")


def toml_text(values: Mapping[str, Any], place: str = "") -> str:
    """Plain values as TOML. ``None`` is left out; lists of mappings become arrays of tables."""
    own = [f"{_key(k)} = {_value(v)}" for k, v in values.items() if v is not None and not _below(v)]
    blocks = ["\n".join(own) + "\n"] if own else []
    for key, value in values.items():
        if not _below(value):
            continue
        name = f"{place}.{_key(key)}" if place else _key(key)
        head, parts = (
            (f"[{name}]", [value]) if isinstance(value, Mapping) else (f"[[{name}]]", value)
        )
        blocks += [f"{head}\n{toml_text(part, name)}" for part in parts]
    return "\n".join(blocks)


def _below(value: Any) -> bool:
    """Whether it is a table, or an array of tables."""
    return isinstance(value, Mapping) or (
        isinstance(value, list) and bool(value) and all(isinstance(one, Mapping) for one in value)
    )


def _key(name: str) -> str:
    plain = name.isascii() and name.replace("-", "").replace("_", "").isalnum()
    return name if plain else _value(name)


def _value(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return json.dumps(value)
