"""Rooms where one file is one thing: found by looking, described without being run.

A file of a room (``strategies/sam.py``) begins with a docstring whose first line says what it is,
names the paper it comes from in ``CITATION`` ("Authors: Title. Venue Year") and ``URL``, and
defines one class of the room's contract. Its name is that of the file, with hyphens. A package
that is announced under ``unmask.plugins`` brings more in folders of the same names.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from unmask.errors import DataError, ModelError, UnknownName
from unmask.plugins import leave_out, plugins, taken

ROOMS = {
    "strategies": "strategy", "attacks": "attack", "explain": "explainer", "protect": "protection",
}  # fmt: skip
"""The folders, and what one file of each is called."""
_HERE = Path(__file__).parent
_BESIDE = ("__init__", "base")


class Settings(BaseModel):
    """Settings of one thing of a room. This one has none."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Made(Protocol):
    """What a room's contract has: the class of its settings, with which it is made."""

    settings_type: ClassVar[type[Settings]]

    def __init__(self, settings: Any) -> None: ...


M = TypeVar("M", bound=Made)


@dataclass(frozen=True, slots=True)
class Described:
    """What a file says of itself: the first line of its text, its paper and where that is."""

    name: str
    path: Path
    summary: str
    citation: str
    url: str


@lru_cache(maxsize=len(ROOMS))
def _modules(room: str) -> dict[str, tuple[str, Path]]:
    found = {name: (f"unmask.{room}.{path.stem}", path) for name, path in _files(_HERE / room)}
    for plugin in plugins():
        for name, path in (one for folder in plugin.folders for one in _files(folder / room)):
            if name in found:
                taken(plugin, ROOMS[room], name, path, found[name][1])
                continue
            try:
                _said(path)
            except (ModelError, SyntaxError, ValueError, OSError) as error:
                leave_out(f"The {ROOMS[room]} {name!r} of the plug-in {plugin}", error)
                continue
            found[name] = (f"{plugin.module.__name__}.{room}.{path.stem}", path)
    return found


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The things of one folder: name and file."""
    return [
        (path.stem.replace("_", "-"), path)
        for path in sorted(folder.glob("*.py"))
        if path.stem not in _BESIDE and not path.stem.startswith("_")
    ]


def names(room: str) -> tuple[str, ...]:
    """Everything in a room, by name."""
    return tuple(sorted(_modules(room)))


def listed(room: str) -> str:
    """The names of a room in one line, for the help of an option."""
    return ", ".join(names(room)) or "none"


def _found(room: str, name: str) -> tuple[str, Path]:
    try:
        return _modules(room)[name]
    except KeyError:
        raise UnknownName(ROOMS[room], name, names(room)) from None


def constants(path: Path) -> dict[str, str]:
    """The texts that a file gives names to, read without running it."""
    return {
        target.id: node.value.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant)
        for target in node.targets
        if isinstance(target, ast.Name) and isinstance(node.value.value, str)
    }


def described(room: str, name: str) -> Described:
    """What a file says of itself. Raises UnknownName, ModelError when something is missing."""
    _, path = _found(room, name)
    summary, said = _said(path)
    return Described(name, path, summary, said["CITATION"], said["URL"])


def _said(path: Path) -> tuple[str, dict[str, str]]:
    """The first line of a file's text and the texts it gives names to. Raises ModelError."""
    said = constants(path)
    tree = ast.parse(path.read_text(encoding="utf-8"))
    summary = (ast.get_docstring(tree) or "").split("\n", 1)[0]
    if not summary or not {"CITATION", "URL"} <= set(said):
        raise ModelError(f"{path} needs a docstring and the texts CITATION and URL.")
    return summary, said


def member(room: str, name: str, contract: type[M]) -> type[M]:
    """The class of ``contract`` that a file defines. Raises UnknownName, ModelError."""
    module, path = _found(room, name)
    own = [
        value
        for value in vars(importlib.import_module(module)).values()
        if isinstance(value, type)
        and issubclass(value, contract)
        and value.__module__ == module
        and not value.__name__.startswith("_")
    ]
    if len(own) != 1:
        raise ModelError(f"{path} defines {len(own)} of {contract.__name__}; it must define one.")
    return own[0]


def made(room: str, name: str, contract: type[M], table: Mapping[str, Any]) -> M:
    """A thing of a room with the settings of a table. Raises DataError for one that is not there.

    Raises UnknownName and ModelError as well.
    """
    kind = member(room, name, contract)
    try:
        return kind(kind.settings_type.model_validate(dict(table)))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        known = ", ".join(kind.settings_type.model_fields) or "none"
        raise DataError(
            f"The {ROOMS[room]} {name!r}, setting {place!r}: {first['msg']}. Its settings: {known}."
        ) from None
