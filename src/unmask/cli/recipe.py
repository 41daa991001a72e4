"""``unmask recipe``: the recipes that detectors are trained by."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.console import emit
from unmask.errors import OutputError, UnknownName

app = typer.Typer(help="Recipes of training: list them, copy one to change it.")
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def recipe_file(name: str) -> Path:
    """The recipe beside a detector. Raises UnknownName."""
    from unmask import registry

    known = registry.recipes()
    if name not in known:
        raise UnknownName("recipe", name, known)
    return known[name]


@app.command("list")
def list_recipes(json: Json = False) -> None:
    """Every detector that has a recipe."""
    from unmask import registry

    known = registry.recipes()
    rows = [{"name": name, "path": str(path)} for name, path in known.items()]
    emit(rows, as_json=json, text="\n".join(known))


@app.command()
def copy(
    name: Annotated[str, typer.Argument(help="The detector whose recipe it is.")],
    out: Annotated[
        Path | None, typer.Option(help="Where to write it; default: NAME.toml, here.")
    ] = None,
    json: Json = False,
) -> None:
    """Copy a detector's recipe, with its comments, to a file that you can change.

    Then: unmask train --recipe FILE. A file that is there is not written over.
    """
    from unmask.outputs import write

    source = recipe_file(name)
    path = out or Path(f"{name}.toml")
    path = path / f"{name}.toml" if path.is_dir() else path
    if path.exists():
        raise OutputError(f"{path} is there already. Name another place with --out.")
    write(path, source.read_bytes())
    text = f"{path}\nTrain by it with: unmask train --recipe {path} --data DATA --out RUN"
    emit({"recipe": name, "path": str(path)}, as_json=json, text=text)
