"""``unmask scan``: judge files and folders."""

from __future__ import annotations

import os
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit, err, out
from unmask.cli.settings import chosen, variable
from unmask.settings import PATHS, SETTINGS, Settings

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from unmask.types import Report


class Engine(StrEnum):
    """What judges many files."""

    POOL = "pool"
    RAY = "ray"


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
    places: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PATHS...", help="Files and folders (with --engine ray also s3:// and gs://)."
        ),
    ] = None,
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
    from_: Annotated[
        Path | None,
        typer.Option(
            "--from",
            help="Judge the files that this list names: text with one a line, or a table (CSV, "
            "Parquet, a manifest) with a column path.",
        ),
    ] = None,
    engine: Annotated[
        Engine, typer.Option(help="Judge many files in a pool of processes, or on Ray.")
    ] = Engine.POOL,
    address: Annotated[
        str,
        typer.Option(help="With --engine ray: the cluster, as HOST:PORT; else one is begun here."),
    ] = "",
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
    paths = _places(places or [], from_, engine)
    if address and engine is not Engine.RAY:
        raise typer.BadParameter("--address names a cluster: add --engine ray.")
    if address and html is not None:
        raise typer.BadParameter("--html: pages of a cluster would lie on its machines.")
    unlock((settings.reference, settings.index))
    local = [path for path in (*paths, from_) if isinstance(path, Path)]
    outputs = {"--html": html, "--pdf": pdf, "--jsonl": jsonl, "--parquet": parquet}
    guard(outputs | ({"--json": "-"} if json else {}), (*local, *read_by(settings)))
    prepare(settings)
    one_by_one = from_ is None and engine is Engine.POOL and jsonl is None
    if one_by_one and len(local) == 1 and not os.path.isdir(local[0]):  # noqa: PTH112
        if parquet is not None or resume:
            raise typer.BadParameter("--parquet and --resume need --jsonl FILE.")
        raise typer.Exit(_one(local[0], settings, html, pdf, json, signer))
    if pdf is not None:
        raise typer.BadParameter("--pdf takes one file at a time.")
    if (parquet is not None or resume) and jsonl is None:
        raise typer.BadParameter("--parquet and --resume need --jsonl FILE.")
    from unmask.cli.scan_many import Wanted, scan_many

    wanted = Wanted(html, json, jsonl, parquet, resume, jobs, signer, engine is Engine.RAY, address)
    raise typer.Exit(scan_many(paths, settings, wanted))


def _places(given: list[str], listed: Path | None, engine: Engine) -> list[str | Path]:
    """What to judge: paths, and addresses of object stores as text."""
    from unmask.engines.addresses import is_address

    if listed is not None:
        from unmask.file_list import read_list

        given = [*given, *read_list(listed)]
    if not given:
        raise typer.BadParameter("Name files or folders to judge, or a list of them with --from.")
    remote = next(filter(is_address, given), None)
    if remote and engine is not Engine.RAY:
        raise typer.BadParameter(f"{remote} lies in an object store: add --engine ray.")
    return [place if is_address(place) else Path(place) for place in given]


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
