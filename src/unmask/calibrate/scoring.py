"""Scoring the user's files, a line of JSON each, so that a run that was killed goes on."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from unmask import __version__
from unmask.batch import Record, key_of, run_batch
from unmask.calibrate.birth import birth_of
from unmask.calibrate.material import Specimen
from unmask.decision.apply import joined_scores
from unmask.decision.features import features
from unmask.decision.rows import Row
from unmask.errors import MediaError, OutputError, UnmaskError
from unmask.metadata.dates import when
from unmask.metadata.facts import TAKEN
from unmask.metadata.reading import read_metadata
from unmask.settings import Settings
from unmask.types import Report

_FORMAT = 1


def score(path: str, settings: Settings, _: str = "") -> Record:
    """Scan one file and keep what a calibration needs; an unreadable file becomes an error.

    Nothing in the record depends on when or how fast it was made.
    """
    from unmask.scanning import scan

    try:
        return kept(scan(path, settings), birth_of(settings).joined)
    except UnmaskError as error:
        if not isinstance(error, MediaError):
            raise
        return {"path": key_of(Path(path)), "error": {"message": " ".join(str(error).split())}}


def kept(report: Report, joined: Sequence[str]) -> Record:
    """What a calibration keeps of a report."""
    numbers, words = features(report.media, report.findings)
    return {
        "path": report.media.path,
        "kind": report.media.kind.value,
        "surprise": report.verdict.surprise,
        "joined": dict(sorted(joined_scores(report.findings, joined).items())),
        "numbers": numbers,
        "words": words,
        "taken": taken(Path(report.media.path)),
    }


def taken(path: Path) -> str:
    """When the picture or recording was made, by its tags, else the date of the file (ISO)."""
    try:
        said = when(read_metadata(path).text(*TAKEN))
    except MediaError:
        said = None
    if said is None:
        changed = path.stat().st_mtime
        said = datetime.datetime.fromtimestamp(changed, datetime.UTC).replace(tzinfo=None)
    return said.isoformat(timespec="seconds")


class ScoreFile:
    """The scores so far: a first line that says what made them, then a line a file."""

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self.done: dict[str, Record] = {}
        birth = birth_of(settings).model_dump()
        today = datetime.datetime.now(datetime.UTC).date().isoformat()
        made = {"format": _FORMAT, "unmask": __version__, "birth": birth}
        self._head: dict[str, Any] = {"date": today, "made by": made}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            good = self._recover() if path.exists() else 0
            self._file = path.open("a", encoding="utf-8")
            self._file.truncate(good)
        except OSError as error:
            raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
        if not good:
            self._write(self._head)

    @property
    def date(self) -> str:
        """The day on which the scoring was begun."""
        return str(self._head["date"])

    def _recover(self) -> int:
        """Read what is there; how many bytes of it are whole lines."""
        good = 0
        with self.path.open("rb") as file:
            for line in file:
                try:
                    record = json.loads(line)
                    if not line.endswith(b"\n"):
                        break
                    if good == 0:
                        self._check(record)
                    else:
                        self.done[record["sha256"]] = record
                except (ValueError, KeyError, TypeError):
                    break
                good += len(line)
            rest = file.read()
        if b"\n" in rest:
            raise OutputError(
                f"{self.path} is damaged after byte {good}. Remove it, or name another --out."
            )
        return good

    def _check(self, head: Record) -> None:
        """Raises OutputError when the scores there were made by something else."""
        if head["made by"] != self._head["made by"]:
            raise OutputError(
                f"{self.path} holds scores of other settings, models or versions. Calibrate with "
                "the same ones, remove that file, or name another --out."
            )
        self._head = head

    def add(self, record: Record) -> None:
        """Append the record of one file and flush it."""
        self._write(record)
        self.done[record["sha256"]] = record

    def _write(self, record: Record) -> None:
        self._file.write(json.dumps(record) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file; all that was added is on the disk."""
        os.fsync(self._file.fileno())
        self._file.close()


def score_all(
    specimens: Sequence[Specimen],
    settings: Settings,
    jobs: int,
    scores: ScoreFile,
    on_done: Callable[[int, int], None],
) -> list[Row]:
    """The row of each file: those that are in ``scores`` already, and the rest scanned.

    ``on_done`` is called with how many of how many were scanned in this run.
    """
    by_path = {key_of(one.path): one for one in specimens}
    left = [one.path for one in specimens if one.sha256 not in scores.done]
    counted = 0

    def take(record: Record) -> None:
        nonlocal counted
        scores.add({"sha256": by_path[record["path"]].sha256} | record)
        counted += 1
        on_done(counted, len(left))

    one = replace(settings, calibration="")
    run_batch(left, one, jobs, take, work=score)
    return [_row(one, scores.done[one.sha256]) for one in specimens]


def _row(specimen: Specimen, record: Record) -> Row:
    """A row says where the file lies now; what was read from it is that of the record."""
    own: dict[str, Any] = {
        "path": key_of(specimen.path),
        "sha256": specimen.sha256,
        "group": specimen.group,
        "label": specimen.label,
    }
    if "error" in record:
        return Row(**own, error=str(record["error"]["message"]))
    names = ("kind", "surprise", "joined", "numbers", "words", "taken")
    return Row(**own, **{name: record[name] for name in names})


def errors_of(rows: Sequence[Row]) -> list[dict[str, str]]:
    """The files that could not be scanned, and why."""
    return [{"path": row.path, "error": row.error} for row in rows if row.error]
