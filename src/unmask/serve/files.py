"""The files of jobs: what was uploaded and what was made of it, one folder a job."""

from __future__ import annotations

import errno
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from unmask.errors import MediaError, OutputError, UnsupportedMedia
from unmask.media._source import open_regular
from unmask.media.sniff import sniff
from unmask.report.plain import unicode_text, visible

_LONGEST_NAME = 150
_FORGOTTEN = 3600.0


class NoSpace(OutputError):
    """The disk is full, or nearly."""


class Files:
    """The folders of a service. ``spare``: bytes of the disk that uploads must leave free."""

    def __init__(self, data: Path, spare: int = 0) -> None:
        self.jobs, self.incoming = data / "jobs", data / "incoming"
        self._spare = spare
        try:
            for folder in (self.jobs, self.incoming):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(
                f"{data} cannot be written: {error.strerror}. Name another folder with --data."
            ) from error

    def room(self, wanted: int = 0) -> None:
        """Raise NoSpace where the disk has no room for ``wanted`` bytes more."""
        free = shutil.disk_usage(self.incoming).free
        if free - wanted < self._spare:
            raise NoSpace(
                f"The disk of this service is full ({free:,} bytes are free). Delete jobs, or ask "
                "its operator for room."
            )

    def new(self) -> Path:
        """A place for an upload that nobody else has."""
        return self.incoming / uuid.uuid4().hex

    def keep(self, job: str, received: Path, name: str, folder: str = "input") -> None:
        """Make an upload the input of a job, or a file of its ``folder``."""
        place = self.jobs / job / folder
        with told():
            place.mkdir(parents=True, exist_ok=True)
            received.rename(place / name)

    def input(self, job: str) -> Path:
        """The file that was uploaded for a job. Raises OutputError when it is gone."""
        folder = self.jobs / job / "input"
        found = next(iter(sorted(folder.iterdir())), None) if folder.is_dir() else None
        if found is None:
            raise OutputError("The file of this job is gone.")
        return found

    def references(self, job: str) -> Path:
        """Where the authentic material of a comparison lies."""
        return self.jobs / job / "references"

    def results(self, job: str, attempt: int) -> Path:
        """Where one try to judge a job writes."""
        return self.jobs / job / str(attempt)

    def forget(self, job: str) -> None:
        """Delete the upload of a job and everything that was made of it."""
        shutil.rmtree(self.jobs / job, ignore_errors=True)

    def forget_other_tries(self, job: str, attempt: int) -> None:
        """Delete what tries left behind that did not end the job."""
        for folder in (self.jobs / job).glob("[0-9]*"):
            if folder.name != str(attempt):
                shutil.rmtree(folder, ignore_errors=True)

    def old(self) -> Iterator[str]:
        """Folders of jobs that are at least an hour old, and forgotten uploads deleted."""
        limit = time.time() - _FORGOTTEN
        for path in self.incoming.iterdir():
            if _changed(path) < limit:
                path.unlink(missing_ok=True)
        yield from (path.name for path in self.jobs.iterdir() if _changed(path) < limit)


def _changed(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return time.time()


class told:  # noqa: N801  reads as a word where it is used
    """Turns errors of the disk into one line; ``NoSpace`` when it is full."""

    def __enter__(self) -> None:
        """Nothing to prepare."""

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        """Raise NoSpace or OutputError in place of an OSError."""
        if isinstance(error, OSError):
            full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
            what = NoSpace if full else OutputError
            raise what(
                f"This service cannot keep files: {error.strerror or error}. Tell its operator."
            ) from error


def safe_name(given: str) -> str:
    """A name without folders, invisible characters and tricks, whatever a client called a file."""
    last = unicode_text(given).replace("\\", "/").rpartition("/")[2]
    name = visible(last).replace("\\", "_").replace(":", "_").strip(" .")
    while len(name.encode()) > _LONGEST_NAME:  # the ending says what the file claims to be
        stem, dot, suffix = name.rpartition(".")
        name = stem[:-1] + dot + suffix if dot and len(stem) > 1 and len(suffix) < 10 else name[:-1]
    return name or "file"


def medium(path: Path, name: str) -> str:
    """The container that a file is by its bytes. Raises UnsupportedMedia for anything else."""
    try:
        with open_regular(path) as file:
            return sniff(file, Path(name)).title
    except MediaError as error:
        raise UnsupportedMedia(str(error)) from error


def allowed(given: str, roots: tuple[Path, ...]) -> Path:
    """The file or folder that a path names, if it lies under an allowed root, links followed.

    Raises UnsupportedMedia otherwise, the same for what there is and is not.
    """
    refused = UnsupportedMedia(
        f"{visible(given, 200)!r} names nothing under the folders that this service may read."
    )
    for root in roots:
        try:
            base = Path(os.path.realpath(root))
            path = Path(os.path.realpath(base / given))
            if path.is_relative_to(base) and path.exists():
                return path
        except (OSError, ValueError):
            continue
    raise refused
