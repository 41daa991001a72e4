"""Asking for the passphrase of a user's own file. It is never an option of a command."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

import typer

from unmask.errors import StoreError
from unmask.vault import VARIABLE, locked, passphrase


def unlock(paths: Iterable[str | Path]) -> None:
    """Ask once if one of these files is encrypted and the environment holds no passphrase.

    The answer is put into this process' environment, where worker processes find it. Without a
    terminal nobody is asked, and reading the file says what is missing.
    """
    files = [Path(path) for path in paths if str(path)]
    closed = next((file for file in files if file.is_file() and locked(file)), None)
    if closed is None or passphrase() or not sys.stdin.isatty():
        return
    os.environ[VARIABLE] = typer.prompt(f"Passphrase of {closed.name}", hide_input=True, err=True)


def chosen(encrypt: bool) -> str | None:
    """The passphrase for a new file: of the environment, or asked for twice when ``encrypt``.

    None for a plain file. Raises StoreError when one is wanted and nobody can be asked.
    """
    words = passphrase()
    if words or not encrypt:
        return words
    if not sys.stdin.isatty():
        raise StoreError(f"--encrypt needs a passphrase: set {VARIABLE}, or run in a terminal.")
    os.environ[VARIABLE] = typer.prompt(
        "New passphrase", hide_input=True, confirmation_prompt=True, err=True
    )
    return passphrase()
