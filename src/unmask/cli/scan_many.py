"""``unmask scan`` on folders and on several files: records as they come, a page each, a summary."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from unmask.cli.app import ExitCode
from unmask.cli.console import Progressing, emit, err, out, told_as_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from unmask.batch import ResultFile
    from unmask.report.terminal import Tally
    from unmask.settings import Settings

_MOST_SAID = 20
_LONGEST_STEM = 100


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was asked for beside the summary. ``html``: a folder for pages; ``signer``: a key.

    ``ray``: judge on Ray, in the cluster at ``address`` ("": one that is begun here).
    """

    html: Path | None
    json: bool
    jsonl: Path | None
    parquet: Path | None
    resume: bool
    jobs: int
    signer: Ed25519PrivateKey | None = None
    ray: bool = False
    address: str = ""


def scan_many(paths: Sequence[str | Path], settings: Settings, wanted: Wanted) -> int:
    """Judge all files; the exit code. Raises OutputError where results cannot be kept.

    ``paths``: files and folders; text is the address of an object store.
    """
    from unmask.batch import ResultFile, key_of
    from unmask.errors import UnreadableMedia
    from unmask.outputs import make_folder
    from unmask.report.terminal import Tally

    own = {path.resolve() for path in (wanted.jsonl, wanted.parquet) if path}
    with told_as_json(paths[0], wanted.json):
        files = [
            path for path in _found(paths) if isinstance(path, str) or path.resolve() not in own
        ]
    if not files:
        with told_as_json(paths[0], wanted.json):
            named = ", ".join(repr(key_of(path)) for path in paths[:3])
            raise UnreadableMedia(
                f"No files in {named}: there is nothing to judge. Name a folder that holds some "
                "(hidden ones are passed over)."
            )
    if wanted.html is not None:
        make_folder(wanted.html)
    results = None
    if wanted.jsonl:
        results = ResultFile(wanted.jsonl, wanted.resume, settings)
    done = results.done if results else set()
    left = {key_of(path): path for path in files if key_of(path) not in done}
    tally = Tally()
    for record in results.records() if results else ():
        _count(tally, record)
    begun = time.monotonic()
    taking = _Taking(results, wanted, tally, left, frozenset(map(key_of, paths)))
    try:
        _run(left, settings, wanted, taking)
        if results:
            results.close()
            if wanted.parquet is not None:
                from unmask.report.table import write_table

                write_table(results.records(), wanted.parquet)
    finally:  # what was judged is told, even where it cannot be kept
        if not wanted.json:
            tally.show(out, time.monotonic() - begun)
        for line in taking.unwritten[:_MOST_SAID]:
            err.print(line, markup=False, soft_wrap=True)
    return _exit_code(tally, bool(taking.unwritten))


@dataclass(slots=True)
class _Taking:
    """Keeps and counts records as they come. ``named``: files that the user named one by one."""

    results: ResultFile | None
    wanted: Wanted
    tally: Tally
    files: dict[str, str | Path]
    named: frozenset[str]
    unwritten: list[str]
    counted: int

    def __init__(
        self,
        results: ResultFile | None,
        wanted: Wanted,
        tally: Tally,
        files: dict[str, str | Path],
        named: frozenset[str],
    ) -> None:
        self.results, self.wanted, self.tally = results, wanted, tally
        self.files, self.named = files, named
        self.unwritten, self.counted = [], 0

    def take(self, record: dict[str, Any]) -> None:
        """The record of one file."""
        from unmask.batch import STRANGER, UNWRITTEN
        from unmask.non_media import no_medium
        from unmask.report.json import skipped_dict

        if line := record.pop(UNWRITTEN, ""):
            self.unwritten.append(line)
        name, why = record["path"], record.pop(STRANGER, "")
        if "error" in record and name not in self.named:
            if isinstance(path := self.files[name], Path):
                why = no_medium(path)
            record = skipped_dict(name, why) if why else record
        if self.wanted.signer is not None:
            from unmask.signing import sign

            record = sign(record, self.wanted.signer)
        if self.wanted.json:
            emit(record, as_json=True, text="")
        _count(self.tally, record)
        self.counted += 1
        if self.results:
            self.results.add(record)


def _found(paths: Sequence[str | Path]) -> Iterator[str | Path]:
    """All files of what was named, in a stable order."""
    from unmask.batch import find_files

    for path in paths:
        if isinstance(path, Path):
            yield from find_files([path])
        else:
            from unmask.engines.addresses import find_addresses

            yield from find_addresses(path)


def _run(left: dict[str, str | Path], settings: Settings, wanted: Wanted, taking: _Taking) -> None:
    page_of: Callable[[Path], Path | None] = lambda path: (  # noqa: E731
        None if wanted.html is None else wanted.html / page_name(path)
    )
    with Progressing("scanning", unit="files", quiet=wanted.json) as bar:

        def take(record: dict[str, Any]) -> None:
            taking.take(record)
            bar.update(taking.counted, len(left))

        places = list(left.values())
        if wanted.ray:
            from unmask.engines.ray import run_on_ray

            run_on_ray(places, settings, wanted.jobs, take, page_of, address=wanted.address)
        else:
            from unmask.batch import run_batch

            jobs = wanted.jobs or os.cpu_count() or 1
            run_batch(map(Path, places), settings, jobs, take, page_of)


def _count(tally: Tally, record: dict[str, Any]) -> None:
    from unmask.types import Label

    if "skipped" in record:
        tally.skip(record["path"], record["skipped"]["why"])
    elif "error" in record:
        tally.fail(record["path"], record["error"]["message"])
    else:
        verdict = record["verdict"]
        powers = {power["kind"]: power["share"] for power in verdict.get("powers", ())}
        tally.add(Label(verdict["label"]), powers)


def _exit_code(tally: Tally, unwritten: bool) -> int:
    codes = {code_of(label) for label in tally.labels}
    if ExitCode.FLAGGED in codes:
        return ExitCode.FLAGGED
    if tally.errors or unwritten or not codes:
        return ExitCode.ERROR
    return max(codes)


def code_of(label: str) -> int:
    """The exit code of a verdict."""
    if label in ("manipulated", "synthetic"):
        return ExitCode.FLAGGED
    return ExitCode.INCONCLUSIVE if label == "inconclusive" else ExitCode.CLEAN


def page_name(path: Path) -> str:
    """A page name that two files of the same name in different folders do not share.

    It fits the 255 bytes that file systems allow, whatever letters the name is made of.
    """
    mark = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:8]
    stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in path.name)
    short = stem.encode()[:_LONGEST_STEM].decode("utf-8", "ignore")
    return f"{short}.{mark}.html"
