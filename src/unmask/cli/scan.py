"""``unmask scan``: judge files and folders."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.app import ExitCode
from unmask.cli.console import Progressing, emit, err, out
from unmask.settings import PATHS, SETTINGS, Settings, make_settings

if TYPE_CHECKING:
    from unmask.report.terminal import Tally
    from unmask.types import Report


def option(name: str) -> Any:
    """The option of a setting or path, with its help and environment variable."""
    help_ = SETTINGS[name].help if name in SETTINGS else PATHS[name]
    return typer.Option(f"--{name}", help=help_, envvar=f"UNMASK_{name.upper()}")


def scan(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    html: Annotated[
        Path | None, typer.Option(help="Write the page here (many files: a folder).")
    ] = None,
    pdf: Annotated[Path | None, typer.Option(help="Write the page as PDF (one file).")] = None,
    json: Annotated[
        bool, typer.Option("--json", help="Print the report as JSON (many files: one a line).")
    ] = False,
    jsonl: Annotated[
        Path | None, typer.Option(help="Append one JSON report a line, as they are ready.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option(help="Write a table of all results (needs --jsonl).")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a --jsonl file that was cut off.")
    ] = False,
    jobs: Annotated[
        int, typer.Option(min=0, help="Files judged at the same time; 0: one a core.")
    ] = 0,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run this analyzer; may be repeated.")
    ] = None,
    detector: Annotated[
        str,
        typer.Option(help="Run this detector alone: a model's name, or the path of its card."),
    ] = "",
    reference: Annotated[str, option("reference")] = "",
    trust: Annotated[str, option("trust")] = "",
    index: Annotated[str, option("index")] = "",
    calibration: Annotated[str, option("calibration")] = "",
    fpr: Annotated[float, option("fpr")] = SETTINGS["fpr"].default,
    prior: Annotated[float, option("prior")] = SETTINGS["prior"].default,
    fps: Annotated[float, option("fps")] = SETTINGS["fps"].default,
    threads: Annotated[int, option("threads")] = int(SETTINGS["threads"].default),
    timeout: Annotated[float, option("timeout")] = SETTINGS["timeout"].default,
) -> None:
    """Judge files and folders: forged or not, where, how sure, why.

    Exit code: 0 no sign of forgery, 1 something was flagged, 3 inconclusive, 4 a file could not
    be judged, 2 a mistake in the command. For several files the first of 1, 4, 3, 0 that occurred.
    """
    from unmask import registry
    from unmask.cli.passphrase import unlock
    from unmask.scanning import prepare

    for name in only or ():
        registry.analyzer(name)
    if detector:
        if only:
            raise typer.BadParameter("--only and --detector exclude each other.")
        registry.weighted_card(detector)
    settings = make_settings(
        fpr=fpr,
        prior=prior,
        fps=fps,
        threads=threads,
        timeout=timeout,
        analyzers=tuple(only or ()),
        detector=detector,
        reference=reference,
        trust=trust,
        index=index,
        calibration=calibration,
    )
    unlock((reference, index))
    prepare(settings)
    single = len(paths) == 1 and not paths[0].is_dir() and jsonl is None
    if single:
        if parquet is not None or resume:
            raise typer.BadParameter("--parquet and --resume need --jsonl FILE.")
        raise typer.Exit(_one(paths[0], settings, html, pdf, json))
    if pdf is not None:
        raise typer.BadParameter("--pdf takes one file at a time.")
    if (parquet is not None or resume) and jsonl is None:
        raise typer.BadParameter("--parquet and --resume need --jsonl FILE.")
    raise typer.Exit(_many(paths, settings, html, json, jsonl, parquet, resume, jobs))


def _one(path: Path, settings: Settings, html: Path | None, pdf: Path | None, json: bool) -> int:
    from unmask.scanning import scan as judge

    with Progressing("scanning", unit="s of media", quiet=json) as bar:
        report = judge(path, settings, progress=bar.update)
    return shown(report, html, pdf, json)


def shown(report: Report, html: Path | None, pdf: Path | None, json: bool) -> int:
    """Write and print one report in the forms asked for; the exit code of its verdict."""
    from unmask.report.json import to_dict

    if html is not None:
        from unmask.report.html import to_html

        _write(html, to_html(report).encode())
    if pdf is not None:
        from unmask.report.pdf import to_pdf

        _write(pdf, to_pdf(report))
    if json:
        emit(to_dict(report), as_json=True, text="")
    else:
        from unmask.report.terminal import show

        show(report, out)
        if html is not None:
            err.print(f"Page: {html}", markup=False, soft_wrap=True)
    return _code(report.verdict.label)


def _many(
    paths: list[Path],
    settings: Settings,
    html: Path | None,
    json: bool,
    jsonl: Path | None,
    parquet: Path | None,
    resume: bool,
    jobs: int,
) -> int:
    from unmask.batch import ResultFile, find_files, key_of, run_batch
    from unmask.report.terminal import Tally

    results = ResultFile(jsonl, resume, settings) if jsonl else None
    done = results.done if results else set()
    own = {path.resolve() for path in (jsonl, parquet) if path}
    files = [path for path in find_files(paths) if path.resolve() not in own]
    left = list(dict.fromkeys(path for path in files if key_of(path) not in done))
    if html is not None:
        html.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    if results:
        for record in results.records():
            _count(tally, record)
    begun = time.monotonic()

    def page_of(path: Path) -> Path | None:
        return None if html is None else html / _page_name(path)

    with Progressing("scanning", unit="files", quiet=json) as bar:
        counted = 0

        def take(record: dict[str, Any]) -> None:
            nonlocal counted
            if results:
                results.add(record)
            if json:
                emit(record, as_json=True, text="")
            _count(tally, record)
            counted += 1
            bar.update(counted, len(left))

        run_batch(left, settings, jobs or os.cpu_count() or 1, take, page_of)
    if results:
        results.close()
        if parquet is not None:
            from unmask.report.table import write_table

            write_table(results.records(), parquet)
    if not json:
        tally.show(out, time.monotonic() - begun)
    if any(_code(label) == ExitCode.FLAGGED for label in tally.labels):
        return ExitCode.FLAGGED
    if tally.errors:
        return ExitCode.ERROR
    return max((_code(label) for label in tally.labels), default=ExitCode.CLEAN)


def _count(tally: Tally, record: dict[str, Any]) -> None:
    from unmask.types import Label

    if "error" in record:
        tally.fail(record["path"], record["error"]["message"])
    else:
        tally.add(Label(record["verdict"]["label"]))


def _code(label: str) -> int:
    if label in ("manipulated", "synthetic"):
        return ExitCode.FLAGGED
    return ExitCode.INCONCLUSIVE if label == "inconclusive" else ExitCode.CLEAN


def _page_name(path: Path) -> str:
    """A page name that two files of the same name in different folders do not share."""
    import hashlib

    mark = hashlib.sha256(os.fsencode(path.absolute())).hexdigest()[:8]
    stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in path.name)[:80]
    return f"{stem}.{mark}.html"


def _write(path: Path, data: bytes) -> None:
    from unmask.errors import OutputError

    try:
        if str(path) == "-":
            sys.stdout.buffer.write(data)
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error
