"""``unmask settings``: what a scan would be run with, and where each value comes from."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import emit, out
from unmask.settings import PATHS, SETTINGS
from unmask.settings_file import SET, WITH, Found, defaults

if TYPE_CHECKING:
    from unmask.settings import Settings


def variable(name: str) -> str:
    """The environment variable of a setting."""
    return f"UNMASK_{name.upper()}"


def settings(json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False) -> None:
    """Every setting of a scan, its value here and now, and where the value comes from.

    Option, environment, unmask.toml in this folder, unmask.toml in your configuration folder,
    default: the first that has a value counts.
    """
    from rich.table import Table

    from unmask.settings_file import files

    found = defaults()
    for name in found:
        given = os.environ.get(variable(name))
        if given:
            found[name] = Found(_read(name, given), f"environment variable {variable(name)}")
    if json:
        value = {
            "settings": {n: {"value": f.value, "origin": f.origin} for n, f in found.items()},
            "files": [str(path) for path in files()],
        }
        emit(value, as_json=True, text="")
        return
    table = Table("setting", "value", "from", box=None)
    for name, one in found.items():
        table.add_row(name, _shown(one.value), one.origin)
    out.print(table)
    emit(None, as_json=False, text="looked for: " + ", ".join(str(path) for path in files()))


def chosen(context: typer.Context) -> Settings:
    """The settings of a scan from its options, the environment, the user's files and defaults."""
    from unmask.settings import make_settings

    values: dict[str, Any] = {}
    found = defaults()
    # A detector that runs alone is not joined by those of a settings file.
    alone = bool(context.params.get("detector"))
    for name, one in found.items():
        parameter = f"{name}_" if name == WITH else name
        source = context.get_parameter_source(parameter)
        given = source is not None and source.name != "DEFAULT"
        value = context.params[parameter] if given else one.value
        if alone and name in (WITH, SET) and not given:
            continue
        values["joined" if name == WITH else name] = value
    return make_settings(
        analyzers=context.params.get("only") or (),
        detector=context.params.get("detector") or "",
        **values,
    )


def _read(name: str, given: str) -> Any:
    from unmask.errors import SettingError

    if name == WITH:
        return given.split()
    if name in PATHS or name == SET:
        return given
    try:
        value = SETTINGS[name].checked(variable(name), float(given))
    except ValueError:
        raise SettingError(f"{variable(name)} is {given!r}; it must be a number.") from None
    return int(value) if name == "threads" else value


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return value if isinstance(value, str) else f"{value:g}"
