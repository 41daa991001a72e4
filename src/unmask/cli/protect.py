"""``unmask protect``: marks, cloaks, audits and defences for what is the user's own."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmask.cli.console import Progressing, emit
from unmask.plugin_files import listed

if TYPE_CHECKING:
    from unmask.protect._model import Model
    from unmask.protect.base import Given, Protection, Settings

_LONGEST_KEY = 1 << 16


def protect(
    name: Annotated[str, typer.Argument(help=f"Which: {listed('protect')}.")],
    file: Annotated[Path | None, typer.Argument(help="A picture or latent of your own.")] = None,
    key: Annotated[Path | None, typer.Option(help="A file with your secret; keep it.")] = None,
    detector: Annotated[str, typer.Option(help="A published method, to ask about.")] = "",
    weights: Annotated[Path | None, typer.Option(help="Its checkpoint.")] = None,
    variant: Annotated[str, typer.Option(help="Variant of the method.")] = "",
    data: Annotated[Path | None, typer.Option(help="A manifest of clean items.")] = None,
    set: Annotated[
        list[str] | None, typer.Option("--set", help="A setting of it (keys=64); may be repeated.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder for what it makes.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Mark or cloak a picture of your own, ask a model what was done to it, or harden it.

    What each needs, and what it does not do, stands in docs/protect.md and ends every answer.
    """
    from unmask.datasets.manifest import read_manifest
    from unmask.outputs import guard, write
    from unmask.plugin_files import made
    from unmask.protect.base import Given, Protection

    inputs = [path for path in (file, key, weights, data) if path is not None]
    guard({"--out": out}, inputs)
    table = {k: v for k, _, v in (text.partition("=") for text in set or ())}
    one = made("protect", name, Protection, table)  # type: ignore[type-abstract]
    with Progressing(name, unit="steps", quiet=json) as bar:
        given = Given(
            file=file,
            key=_secret(key) if key else b"",
            model=_model(detector, weights, variant) if detector or weights else None,
            data=read_manifest(data) if data else None,
            said=lambda done, of: bar.update(done, of),
        )
        check(name, one, given)
        done = one.protect(given)
    written = []
    for place, content in done.files.items() if out is not None else ():
        assert out is not None
        write(out / place, content)
        written.append(str(out / place))
    unsaid = "" if out or not done.files else f"Nothing was written: {len(done.files)} files, --out"
    lines = [done.text, *([unsaid] if unsaid else []), f"Limits: {one.limits}"]
    emit(
        {"protection": name, "kind": one.kind, **done.values, "files": written,
         "limits": one.limits},
        as_json=json,
        text="\n".join(lines),
    )  # fmt: skip


def check(name: str, one: Protection[Settings], given: Given) -> None:
    """Raise SettingError unless just what a protection needs and takes was handed over."""
    from unmask.errors import SettingError
    from unmask.protect.base import PARTS

    if lacking := sorted(one.needs - given.parts):
        raise SettingError(f"{name} needs {' and '.join(PARTS[part] for part in lacking)}.")
    if beside := sorted(given.parts - one.needs - one.takes):
        raise SettingError(f"{name} does not take {' or '.join(PARTS[part] for part in beside)}.")


def _secret(path: Path) -> bytes:
    from unmask.errors import DataError

    try:
        with path.open("rb") as file:
            found = file.read(_LONGEST_KEY)
    except OSError as error:
        raise DataError(f"The key {path} cannot be read: {error.strerror or error}.") from None
    if len(found.strip()) < 8:
        raise DataError(f"The key {path} is too short to be a secret: give at least 8 characters.")
    return found


def _model(detector: str, weights: Path | None, variant: str) -> Model:
    from unmask import registry
    from unmask.cli.models_export import method_of
    from unmask.errors import SettingError
    from unmask.protect._model import Model
    from unmask.train.method import loaded
    from unmask.train.recipe import read_recipe

    if not detector or weights is None:
        raise SettingError("A model is named by both --detector NAME and --weights FILE.")
    method = method_of(detector, variant)
    return Model(method, loaded(method, weights), read_recipe(registry.recipes()[detector]))
