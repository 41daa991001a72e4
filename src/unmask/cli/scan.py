"""``unmask scan``: judge files and folders."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit, err, out
from unmask.cli.settings import chosen, variable
from unmask.settings import PATHS, SETTINGS, Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from unmask.types import Report


def option(name: str) -> Any:
    """The option of a setting or path, with its help and environment variable."""
    help_ = SETTINGS[name].help if name in SETTINGS else PATHS[name]
    return typer.Option(f"--{name}", help=help_, envvar=variable(name))


def device_option() -> Any:
    """The option of the device that models run on; it is told to worker processes as well."""
    return typer.Option(
        "--device",
        help="What models run on: auto, cpu (the reference), cuda, coreml or openvino.",
        callback=_choose_device,
        show_default="cpu",
    )


def _choose_device(name: str) -> str:
    from unmask.runtime.session import DEVICE

    if name:
        os.environ[DEVICE] = name
    return name


def scan(
    context: typer.Context,
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
    with_: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            envvar=variable("with"),
            help="Let this detector join: a model's name or its card's path; may be repeated.",
        ),
    ] = None,
    set: Annotated[
        str,
        typer.Option(
            "--set",
            envvar=variable("set"),
            help="Let all detectors of this set join that are here (unmask models sets).",
        ),
    ] = "",
    sign: Annotated[
        Path | None, typer.Option(help="Sign the results in JSON with this key (unmask key FILE).")
    ] = None,
    reference: Annotated[str, option("reference")] = "",
    trust: Annotated[str, option("trust")] = "",
    index: Annotated[str, option("index")] = "",
    calibration: Annotated[str, option("calibration")] = "",
    fpr: Annotated[float, option("fpr")] = SETTINGS["fpr"].default,
    prior: Annotated[float, option("prior")] = SETTINGS["prior"].default,
    fps: Annotated[float, option("fps")] = SETTINGS["fps"].default,
    threads: Annotated[int, option("threads")] = int(SETTINGS["threads"].default),
    timeout: Annotated[float, option("timeout")] = SETTINGS["timeout"].default,
    device: Annotated[str, device_option()] = "",
) -> None:
    """Judge files and folders: forged or not, where, how sure, why.

    Exit code: 0 no sign of forgery, 1 something was flagged, 3 inconclusive, 4 a file could not
    be judged or a result not be written, 2 a mistake in the command. For several files the first
    of 1, 4, 3, 0 that occurred.
    """
    from unmask import registry
    from unmask.cli.passphrase import unlock
    from unmask.outputs import guard, read_by
    from unmask.scanning import prepare

    for name in only or ():
        registry.analyzer(name)
    if detector:
        if only:
            raise typer.BadParameter("--only and --detector exclude each other.")
        if with_ or set:
            raise typer.BadParameter("--detector runs alone; --with and --set join a scan.")
        registry.weighted_card(detector)
    if sign and not (json or jsonl):
        raise typer.BadParameter("--sign signs results in JSON: add --json or --jsonl FILE.")
    signer = None
    if sign:
        from unmask.signing import read_key

        signer = read_key(sign)
    settings = chosen(context)
    unlock((settings.reference, settings.index))
    outputs = {"--html": html, "--pdf": pdf, "--jsonl": jsonl, "--parquet": parquet}
    guard(outputs | ({"--json": "-"} if json else {}), (*paths, *read_by(settings)))
    prepare(settings)
    single = len(paths) == 1 and jsonl is None and not os.path.isdir(paths[0])  # noqa: PTH112
    if single:
        if parquet is not None or resume:
            raise typer.BadParameter("--parquet and --resume need --jsonl FILE.")
        raise typer.Exit(_one(paths[0], settings, html, pdf, json, signer))
    if pdf is not None:
        raise typer.BadParameter("--pdf takes one file at a time.")
    if (parquet is not None or resume) and jsonl is None:
        raise typer.BadParameter("--parquet and --resume need --jsonl FILE.")
    from unmask.cli.scan_many import Wanted, scan_many

    wanted = Wanted(html, json, jsonl, parquet, resume, jobs, signer)
    raise typer.Exit(scan_many(paths, settings, wanted))


def _one(
    path: Path,
    settings: Settings,
    html: Path | None,
    pdf: Path | None,
    json: bool,
    signer: Ed25519PrivateKey | None,
) -> int:
    from unmask.cli.console import told_as_json
    from unmask.scanning import scan as judge

    with told_as_json(path, json), Progressing("scanning", "s of media", json) as bar:
        report = judge(path, settings, progress=bar.update)
    return shown(report, html, pdf, json, signer)


def shown(
    report: Report,
    html: Path | None,
    pdf: Path | None,
    json: bool,
    signer: Ed25519PrivateKey | None = None,
) -> int:
    """Print one report and write it in the forms asked for; the exit code of its verdict.

    It is printed first, so that a page that cannot be written costs the page and not the result.
    """
    from unmask.cli.scan_many import code_of
    from unmask.outputs import write

    if json:
        from unmask.report.json import to_dict

        record = to_dict(report)
        if signer is not None:
            from unmask.signing import sign

            record = sign(record, signer)
        emit(record, as_json=True, text="")
    elif "-" not in (str(html), str(pdf)):
        from unmask.report.terminal import show

        show(report, out)
    if html is not None:
        from unmask.media._source import plain
        from unmask.report.html import to_html

        write(html, to_html(report).encode())
        if not json:
            err.print(f"Page: {plain(html)}", markup=False, soft_wrap=True)
    if pdf is not None:
        from unmask.report.pdf import to_pdf

        write(pdf, to_pdf(report))
    return code_of(report.verdict.label)
