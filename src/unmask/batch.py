"""Thousands of files in one call: worker processes, results as they come, nothing lost.

Every finished file is one line of JSON that is flushed before the next is taken, so a run that
was killed can be resumed. A file that crashes or hangs its worker costs that worker only.
"""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from pathlib import Path
from typing import Any

from unmask.errors import MediaError, OutputError, UnmaskError
from unmask.media._source import plain
from unmask.outputs import unwritten, write, written_before
from unmask.report.json import dumps, error_dict, to_dict
from unmask.settings import Settings

Record = dict[str, Any]
Work = Callable[[str, Settings, str], Record]
"""Makes the record of a file, by its path, the settings, and the path of its page or ""."""
UNWRITTEN = "unwritten"
"""In a record from a worker: why the page of this file could not be written; no part of results."""
STRANGER = "stranger"
"""In an error's record from a worker: why the file is no medium, or ""; no part of results."""


def find_files(paths: Iterable[Path]) -> Iterator[Path]:
    """Files as given, and all files below folders in a stable order.

    Hidden files and folders below a folder are passed over; a link is followed to a file and not
    to a folder, so that a loop cannot trap the walk.
    """
    for path in paths:
        if not os.path.isdir(path):  # noqa: PTH112  a name that is too long is no folder
            yield path
            continue
        for root, folders, names in os.walk(path, followlinks=False):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            yield from (Path(root) / name for name in sorted(names) if not name.startswith("."))


def key_of(path: str | Path) -> str:
    """How a file is named in results: its path as text, undecodable bytes kept readable."""
    return plain(path)


class ResultFile:
    """A JSONL file that survives a kill: torn last lines are cut off when it is opened again."""

    def __init__(self, path: Path, resume: bool, settings: Settings) -> None:
        self.path = path
        self.done: set[str] = set()
        if path.exists() and not resume:
            raise OutputError(f"{path} exists. Add --resume to go on with it, or name another.")
        try:
            if path.exists():
                self._recover(settings)
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise unwritten(path, error) from error

    def _recover(self, settings: Settings) -> None:
        if not written_before(self.path):
            raise OutputError(f"{self.path} holds no results of a scan. Name another file.")
        kept = 0
        wanted = json.loads(json.dumps(settings.public()))
        with self.path.open("rb") as file:
            for line in file:
                try:
                    record = json.loads(line)
                    if not line.endswith(b"\n"):
                        break
                    name = record["path"]
                except (ValueError, KeyError, TypeError):
                    break
                if record.get("settings", wanted) != wanted:
                    raise OutputError(
                        f"{self.path} was begun with other settings. "
                        "Resume with the same ones, or name another file."
                    )
                self.done.add(name)
                kept += len(line)
            rest = file.read()
        if b"\n" in rest:
            raise OutputError(
                f"{self.path} is damaged after byte {kept}. Move it away, or name another file."
            )
        with self.path.open("r+b") as file:
            file.truncate(kept)

    def add(self, record: Record) -> None:
        """Append one record and flush it to the disk. Raises OutputError, as for a full disk."""
        try:
            self._file.write(dumps(record) + "\n")
            self._file.flush()
        except OSError as error:
            raise self._full(error) from error

    def close(self) -> None:
        """Close the file; all that was added is on the disk. Raises OutputError."""
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._full(error) from error

    def _full(self, error: OSError) -> OutputError:
        """What is on the disk stays; the buffer is let go, so that nothing tries to write again."""
        with contextlib.suppress(OSError):
            self._file.close()
        return OutputError(
            f"{self.path} cannot be written: {error.strerror}. What it holds is kept; make room "
            "and go on with --resume."
        )

    def records(self) -> Iterator[Record]:
        """All records, read back from the disk."""
        with self.path.open(encoding="utf-8") as file:
            yield from map(json.loads, file)


def scan_record(path: str, settings: Settings, pages: str = "", name: str = "") -> Record:
    """Scan one file into its JSON record; an error of the file becomes an error record.

    With ``pages``, the HTML page of the file is written to that path; where that fails, the record
    says so under ``UNWRITTEN``. ``name``: what the file is called in results, if not by its path.
    """
    from unmask.report.html import to_html
    from unmask.scanning import scan

    try:
        report = scan(path, settings)
        if name:
            report = replace(report, media=replace(report.media, path=name))
        record = to_dict(report)
        if pages:
            try:
                write(Path(pages), to_html(report).encode())
            except OutputError as error:
                record[UNWRITTEN] = str(error)
        return record
    except UnmaskError as error:
        if not isinstance(error, MediaError):
            raise
        return error_dict(name or key_of(path), error)


def run_batch(
    paths: Iterable[Path],
    settings: Settings,
    jobs: int,
    on_record: Callable[[Record], None],
    page_of: Callable[[Path], Path | None] = lambda _: None,
    work: Work = scan_record,
) -> None:
    """Scan files in ``jobs`` worker processes and hand over each record as it is ready.

    Only a bounded number of files is under way, however many there are. ``work`` makes the record
    of one file; workers import it by its name.
    """
    from pebble import ProcessPool

    per_worker = replace(settings, threads=settings.threads or threads_per_job(jobs))
    waiting: dict[Any, Path] = {}
    names = iter(paths)
    with ProcessPool(jobs, context=multiprocessing.get_context("spawn")) as pool:
        try:
            while True:
                while len(waiting) < 4 * jobs and (path := next(names, None)) is not None:
                    page = page_of(path)
                    arguments = (str(path), per_worker, str(page) if page else "")
                    future = pool.schedule(work, arguments, timeout=settings.timeout)
                    waiting[future] = path
                if not waiting:
                    return
                ready, _ = wait(waiting, return_when=FIRST_COMPLETED)
                for done in ready:
                    on_record(record_of(done, waiting.pop(done), settings))
        except BaseException:
            pool.stop()  # type: ignore[no-untyped-call]
            raise


def record_of(future: Any, path: str | Path, settings: Settings) -> Record:
    """What became of a file in its process: a record, also where it crashed or took too long."""
    from pebble import ProcessExpired

    name = key_of(path)
    try:
        record: Record = future.result()
        return record
    except TimeoutError:
        line = f"{name}: not finished in {settings.timeout:g} s. Allow more with --timeout."
    except ProcessExpired as error:
        line = (
            f"{name}: a decoder crashed on it (exit code {error.exitcode}); "
            "the file is damaged or hostile. Convert it with another program and scan the copy."
        )
    except UnmaskError:
        raise
    except Exception as error:
        text = " ".join(str(error).split())
        line = f"{name}: a fault in unmask: {type(error).__name__}: {text}. Please report it."
        return error_dict(name, RuntimeError(line))
    return error_dict(name, MediaError(line))


def threads_per_job(jobs: int) -> int:
    """Processor threads of one file, when ``jobs`` are judged at the same time."""
    return max(1, (os.cpu_count() or 1) // jobs)
