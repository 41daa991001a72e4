"""What every verb shares: output, progress and errors."""

from __future__ import annotations

import json as _json
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

err = Console(stderr=True, highlight=False)
out = Console(highlight=False)


def emit(value: Any, *, as_json: bool, text: str) -> None:
    """Print a result: JSON on demand, else a line for a person."""
    if as_json:
        sys.stdout.write(_json.dumps(value) + "\n")
        sys.stdout.flush()
    else:
        out.print(text, markup=False, soft_wrap=True)


@contextmanager
def told_as_json(path: str | Path, wanted: bool) -> Iterator[None]:
    """Where JSON is wanted, print the record of a file that cannot be judged; the error goes on."""
    from unmask.batch import key_of
    from unmask.errors import MediaError
    from unmask.report.json import error_dict

    try:
        yield
    except MediaError as error:
        if wanted:
            emit(error_dict(key_of(path), error), as_json=True, text="")
        raise


def plain(values: Mapping[str, float]) -> str:
    """``a 0.5, b 0.25``."""
    return ", ".join(f"{name} {value:.4g}" for name, value in values.items())


class _Rate(ProgressColumn):
    """Units a second since the start."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text(f"{speed:.1f} {task.fields['unit']}/s" if speed else "")


class Progressing:
    """A progress bar with a rate and the time left; silent when quiet or not on a terminal.

    Off a terminal a line is written every 30 seconds, so that a log shows life.
    """

    def __init__(self, what: str, unit: str, quiet: bool = False) -> None:
        self._quiet = quiet
        self._terminal = err.is_terminal and not quiet
        self._what, self._unit = what, unit
        self._said = self._begun = time.monotonic()
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            _Rate(),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=err,
            disable=not self._terminal,
        )
        self._task = self._bar.add_task(what, total=None, unit=unit, note="")

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def update(self, done: float, total: float | None, note: str = "") -> None:
        """Say how far the work is."""
        self._bar.update(self._task, completed=done, total=total, note=note)
        now = time.monotonic()
        if not self._terminal and not self._quiet and now - self._said > 30:
            self._said = now
            rate = done / (now - self._begun)
            of = f" of {total:g}" if total else ""
            err.print(f"{self._what}: {done:g}{of} {self._unit}, {rate:.1f}/s {note}")
