"""Settings of a user that hold for every scan: ``unmask.toml``, and where each value comes from.

A value is taken from the first that has it: the option of the command, the environment
(``UNMASK_FPR`` …), ``unmask.toml`` in the current folder, ``unmask.toml`` in the user's
configuration folder, the default. Paths in a file are relative to that file.
"""

from __future__ import annotations

import difflib
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from platformdirs import user_config_path

from unmask.errors import SettingError
from unmask.settings import PATHS, SETTINGS

NAME = "unmask.toml"
WITH = "with"
SET = "set"
KEYS = (*SETTINGS, WITH, SET, *PATHS)
"""What a settings file may hold."""


@dataclass(frozen=True, slots=True)
class Found:
    """A value, and where it comes from in words: "default", or the path of a file."""

    value: Any
    origin: str


def files() -> list[Path]:
    """Where settings are looked for, the nearest first."""
    return [Path.cwd() / NAME, user_config_path("unmask", appauthor=False) / NAME]


def defaults() -> dict[str, Found]:
    """Every setting with its value when the command says nothing, and where that comes from.

    Raises SettingError for an unknown key or a value that cannot be; it names file and key.
    """
    found = {name: Found(setting.default, "default") for name, setting in SETTINGS.items()}
    found["threads"] = Found(int(SETTINGS["threads"].default), "default")
    found[WITH] = Found([], "default")
    found |= {name: Found("", "default") for name in (SET, *PATHS)}
    for path in reversed(files()):
        found |= {name: Found(value, str(path)) for name, value in _read(path).items()}
    return found


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            values = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        text = " ".join(str(error).split())
        raise SettingError(f"The settings file {path} cannot be read: {text}") from error
    return {name: _checked(path, name, value) for name, value in values.items()}


def _checked(path: Path, name: str, value: Any) -> Any:
    where = f"{path}: {name}"
    if name not in KEYS:
        close = difflib.get_close_matches(name, KEYS, n=1)
        hint = f"did you mean {close[0]!r}? " if close else ""
        raise SettingError(f"{where} is no setting; {hint}There are: {', '.join(KEYS)}.")
    if name in SETTINGS:
        whole = name == "threads"
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float):
            kind = "a whole number" if whole else "a number"
            raise SettingError(f"{where} is {value!r}; it must be {kind}.")
        checked = SETTINGS[name].checked(where, value)
        return int(checked) if whole else float(checked)
    if name == WITH:
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            raise SettingError(f"{where} is {value!r}; it must be a list of names of detectors.")
        return [_placed(path, one) if _is_path(one) else one for one in value]
    if not isinstance(value, str):
        raise SettingError(f"{where} is {value!r}; it must be text.")
    return _placed(path, value) if name in PATHS and value else value


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name or name.endswith(".toml")


def _placed(path: Path, value: str) -> str:
    return str(path.parent / Path(value).expanduser())
