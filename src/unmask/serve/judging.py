"""One job judged, in a process of its own that may be killed at any moment.

What it makes goes into the folder of this try; nothing counts before the worker ends the job.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unmask.errors import MediaError, MediaTooLarge

if TYPE_CHECKING:
    from unmask.types import Report

RESULT, PAGE, PART, PDF, SNAPSHOTS = (
    "result.json", "report.html", "part.html", "report.pdf", "snapshots",
)  # fmt: skip
PROGRESS = "progress"
_SAY_EVERY = 0.5
_LOOK_EVERY = 1.0


@dataclass(frozen=True, slots=True)
class Task:
    """A file to judge. ``path``: it; ``name``: what its owner calls it; ``place``: for results.

    ``references``: of a comparison, else "". ``sign``: a key, or "".
    """

    path: str
    name: str
    place: str
    options: Mapping[str, Any]
    references: str = ""
    pdf: bool = False
    sign: str = ""
    memory: int = 0


def begin(parent: int, memory: int) -> None:
    """Prepare a process: it ends when its parent is gone, and takes no more than ``memory``."""
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()
    if memory:
        with contextlib.suppress(ImportError, ValueError, OSError):  # not every system has it
            import resource

            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def judge(task: Task) -> dict[str, Any]:
    """Judge a file and write its results; the columns of the job that say how it ended.

    A file that cannot be judged is an answer too. Raises what ``scan`` raises else, and OSError
    when results cannot be written.
    """
    from unmask.report.json import error_dict

    place = Path(task.place)
    place.mkdir(parents=True, exist_ok=True)
    try:
        report = _report(task)
    except MediaError as error:
        told = type(error)(str(error).replace(task.path, task.name))
        _write(place / RESULT, _json(error_dict(task.name, told), task.sign))
        return {"state": "failed", "error_kind": type(error).__name__, "error": str(told)}
    except MemoryError:
        raise MediaTooLarge(_too_much(task)) from None
    _write_all(report, place, task)
    return {
        "state": "done",
        "error_kind": "",
        "error": "",
        "media": report.media.kind.value,
        "label": report.verdict.label.value,
        "probability": report.verdict.probability,
        "sha256": report.media.sha256,
        "bytes": report.media.bytes,
    }


def _report(task: Task) -> Report:
    from unmask.scanning import prepare, scan
    from unmask.settings import make_settings

    progress = _Progress(Path(task.place) / PROGRESS)
    if task.references:
        from unmask.identity.comparing import compare

        return compare(task.path, task.references, progress=progress, **task.options)
    settings = make_settings(**task.options)
    prepare(settings)
    return scan(task.path, settings, progress=progress)


def _write_all(report: Report, place: Path, task: Task) -> None:
    from unmask.report.html import to_html, to_part
    from unmask.report.json import to_dict
    from unmask.report.pictures import whole_picture

    pictures = whole_picture(report)
    media = replace(report.media, path=task.name, opened_as="")
    settings = {n: v for n, v in report.settings.items() if n != "reference"}
    named = replace(report, media=media, settings=settings)
    _write(place / PAGE, to_html(named, pictures=pictures).encode())
    _write(place / PART, to_part(named, pictures=pictures).encode())
    _write_snapshots(report, place / SNAPSHOTS)
    if task.pdf:
        from unmask.report.pdf import to_pdf

        _write(place / PDF, to_pdf(named, pictures=pictures))
    _write(place / RESULT, _json(to_dict(named), task.sign))


def _write_snapshots(report: Report, folder: Path) -> None:
    from unmask.report.json import jpeg_bytes

    for number, finding in enumerate(report.findings):
        for index, snapshot in enumerate(finding.snapshots):
            folder.mkdir(exist_ok=True)
            data = jpeg_bytes(snapshot.pixels, longest=1400, quality=85)
            _write(folder / snapshot_name(number, index), data)


def snapshot_name(finding: int, index: int) -> str:
    """The file of an evidence picture."""
    return f"{finding}-{index}.jpg"


def _json(record: dict[str, Any], sign: str) -> bytes:
    from unmask.report.json import dumps

    if sign:
        from unmask.signing import read_key
        from unmask.signing import sign as signed

        record = signed(record, read_key(Path(sign)))
    return dumps(record).encode("ascii")


def _write(path: Path, data: bytes) -> None:
    """Write a file so that it is whole on the disk when this returns."""
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _too_much(task: Task) -> str:
    return (
        f"{task.name} needs more memory than one file may use here ({task.memory:,} bytes). "
        "Scan a part of it, or ask the operator for more (--memory)."
    )


class _Progress:
    """Writes how far a scan is, now and then; a disk that takes nothing does not stop it."""

    def __init__(self, path: Path) -> None:
        self._path, self._said = path, 0.0

    def __call__(self, done: float, total: float | None) -> None:
        now = time.monotonic()
        if now - self._said >= _SAY_EVERY:
            self._said = now
            with contextlib.suppress(OSError):
                self._path.write_text(f"{done:.3f} {total or 0:.3f}")


def progress(place: Path) -> tuple[float, float | None]:
    """How far a try is: seconds of media done, and in all where that is known."""
    try:
        done, total = map(float, (place / PROGRESS).read_text().split())
    except (OSError, ValueError):
        return 0.0, None
    return done, total or None


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY)
    os._exit(0)
