"""``unmask key``: a key to sign results with."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.console import emit


def key(
    file: Annotated[Path, typer.Argument(help="Where the key goes; only you may read it.")],
    json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """Make a key for `unmask scan --sign` and `unmask serve --sign`.

    Give others its public half, so that `unmask verify --key` knows that a result is yours.
    """
    from unmask.signing import make_key

    public = make_key(file)
    emit({"file": str(file), "public_key": public}, as_json=json, text=f"public key: {public}")
