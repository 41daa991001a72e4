"""Files that a command writes: never over one that it reads, nor two over each other.

Evidence that is overwritten is gone, so every command that writes a file asks ``guard`` before it
writes or judges anything. What cannot be written ends in one line.
"""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from unmask.errors import OutputError
from unmask.settings import PATHS, Settings

STDOUT = "-"
_OWN = (b'{"', b"PAR1", b"%PDF", b"<!DOCTYPE html", b"<!doctype html")
"""How files begin that unmask writes; in a folder that is read they may be written again."""
Identity = tuple[int, int] | str


def guard(outputs: Mapping[str, str | Path | None], inputs: Iterable[str | Path]) -> None:
    """Refuse outputs that are inputs, or each other, under any spelling of their paths.

    ``outputs``: by the name of their option; None and "" are none. ``inputs``: files, and folders
    with all that is below them; what is no path is passed over. Links of both kinds are followed.
    Raises OutputError before anything was written.
    """
    wanted = {name: Path(path) for name, path in outputs.items() if path and str(path)}
    owners: dict[Identity, str] = {}
    for name, path in wanted.items():
        mark = STDOUT if str(path) == STDOUT else _identity(path)
        if mark in owners:
            raise OutputError(f"{owners[mark]} and {name} name the same file. Name two files.")
        if mark is not None:
            owners[mark] = name
    for given in map(Path, inputs):
        if os.path.isdir(given):  # noqa: PTH112  a name that is too long is no folder
            _guard_folder(given, owners, wanted)
        elif (mark := _identity(given)) in owners and mark is not None:
            raise _refused(owners[mark], given)


def read_by(settings: Settings) -> Iterator[str]:
    """The files and folders that a scan reads beside what it judges: an index, references, …."""
    for name in PATHS:
        yield from filter(None, str(getattr(settings, name)).split(os.pathsep))
    if Path(settings.detector).suffix == ".toml":
        yield settings.detector


def written_before(path: Path) -> bool:
    """True if a file begins as those do that unmask writes, or is empty."""
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    return not head or head.startswith(_OWN)


def write(path: Path, data: bytes) -> None:
    """Write a whole file, or to the standard output for "-". Raises OutputError.

    A file that was begun and could not be finished is removed again.
    """
    if str(path) == STDOUT:
        sys.stdout.buffer.write(data)
        return
    before = os.path.lexists(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        if not before and os.path.isfile(path):  # noqa: PTH113
            path.unlink(missing_ok=True)
        raise unwritten(path, error) from error


def make_folder(path: Path) -> None:
    """Make a folder for results. Raises OutputError where a file stands in its place."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritten(path, error) from error


def unwritten(path: Path, error: OSError) -> OutputError:
    """What the user reads when a result could not be written."""
    why = error.strerror or str(error) or type(error).__name__
    return OutputError(f"{path} cannot be written: {why}. Name another place, or make room.")


def _identity(path: Path) -> Identity | None:
    """The file behind a path; None for devices and pipes, which lose nothing when written to."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return os.path.realpath(path)
    if not (stat.S_ISREG(found.st_mode) or stat.S_ISDIR(found.st_mode)):
        return None
    return found.st_dev, found.st_ino


def _guard_folder(folder: Path, owners: Mapping[Identity, str], wanted: Mapping[str, Path]) -> None:
    there = {mark: name for mark, name in owners.items() if wanted[name].is_file()}
    if not there:
        return
    for root, _, names in os.walk(folder):
        for path in (Path(root) / name for name in names):
            mark = _identity(path)
            if mark in there and mark is not None and not written_before(path):
                raise _refused(there[mark], path)


def _refused(name: str, path: Path) -> OutputError:
    return OutputError(
        f"{name} would overwrite {path}, which is read here. Nothing was written. "
        "Name another file."
    )
