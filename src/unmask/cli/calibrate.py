"""``unmask calibrate``: thresholds from one's own material, and whether they still hold."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit
from unmask.cli.scan import option
from unmask.cli.settings import chosen, variable
from unmask.settings import SETTINGS, Settings

if TYPE_CHECKING:
    from unmask.calibrate.checking import Checked
    from unmask.calibrate.material import Side, Specimen
    from unmask.calibrate.scoring import ScoreFile
    from unmask.decision.certificate import Certificate
    from unmask.decision.rows import Row

app = typer.Typer(help="Thresholds from your own authentic files; do they still hold?")
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Jobs = Annotated[int, typer.Option(min=0, help="Files judged at the same time; 0: one a core.")]
With = Annotated[
    list[str] | None,
    typer.Option(
        "--with",
        envvar=variable("with"),
        help="Join this detector (a name or its card); may be repeated.",
    ),
]
Set = Annotated[
    str,
    typer.Option(
        "--set", envvar=variable("set"), help="Join all detectors of this set that are here."
    ),
]
Made = Annotated[Path, typer.Argument(help="The calibration (.toml).")]
Out = Annotated[Path | None, typer.Option(help="The calibration to write (.toml).")]
Worst = Annotated[
    float, typer.Option(min=1, help="Times the rate that a large group may have by itself.")
]
WORST = 2.0


@app.callback(invoke_without_command=True)
def calibrate(
    context: typer.Context,
    real: Annotated[
        list[Path] | None,
        typer.Option(help="Authentic files: a folder (its subfolders are groups) or a manifest."),
    ] = None,
    fake: Annotated[
        list[Path] | None, typer.Option(help="Forged files, for likelihood ratios; the same.")
    ] = None,
    out: Out = None,
    with_: With = None,
    set: Set = "",
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Run this analyzer; may be repeated.")
    ] = None,
    worst: Worst = WORST,
    fps: Annotated[float, option("fps")] = SETTINGS["fps"].default,
    threads: Annotated[int, option("threads")] = int(SETTINGS["threads"].default),
    timeout: Annotated[float, option("timeout")] = SETTINGS["timeout"].default,
    jobs: Jobs = 0,
    json: Json = False,
) -> None:
    """Fit thresholds on your own authentic files: calibrate --real FOLDER --out newsroom.toml.

    Every file is scanned once; the same command goes on where it was stopped. Then:
    scan --calibration newsroom.toml.
    """
    if context.invoked_subcommand:
        return
    if not real or out is None:
        raise typer.BadParameter("Give --real FOLDER and --out FILE.toml.")
    from unmask.calibrate.birth import birth_of
    from unmask.calibrate.fitting import Origin, material, write_calibration
    from unmask.calibrate.material import check_apart, manifests
    from unmask.outputs import guard
    from unmask.scanning import versions

    settings = _alone(chosen(context))
    _ready(out, settings)
    guard({"--out": out.with_suffix(".parquet")}, manifests([*real, *(fake or ())]))
    scores_at = out.with_suffix(".scores.jsonl")
    own = (out, out.with_suffix(".parquet"), scores_at)
    sides = [_gathered(real, 0, own, json)]
    if fake:
        sides.append(_gathered(fake, 1, own, json))
        check_apart(*sides)
    specimens = [one for side in sides for one in side.specimens]
    rows, scores = _scored(scores_at, specimens, settings, jobs, json)
    reals, fakes = ([row for row in rows if row.label == label] for label in (0, 1))
    origin = Origin(
        scores.date,
        birth_of(settings),
        versions(),
        material(sides[0], reals),
        material(sides[1], fakes) if fake else None,
    )
    made = write_calibration(out, rows, origin, worst)
    _say(made, out, _errors(sides, rows), json)


@app.command()
def recompute(
    calibration: Made,
    out: Out = None,
    worst: Worst = WORST,
    leave_out: Annotated[
        list[str] | None, typer.Option(help="A group to leave out; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Fit again from the stored scores, with other options; nothing is scanned."""
    from unmask.calibrate.fitting import Origin, write_calibration
    from unmask.decision.calibration import stored
    from unmask.errors import UnknownName

    target = out or calibration
    _ready(target, None)
    old, rows = stored(calibration)
    groups = {row.group for row in rows}
    for name in leave_out or ():
        if name not in groups:
            raise UnknownName("group", name, groups)
    rows = [row for row in rows if row.group not in (leave_out or ())]
    kept = [old.real, old.fake]
    real, fake = (
        one and one.model_copy(update={"files": sum(row.label == label for row in rows)})
        for label, one in enumerate(kept)
    )
    assert real is not None
    origin = Origin(old.date, old.birth, old.versions, real, fake)
    _say(write_calibration(target, rows, origin, worst), target, [], json)


@app.command()
def check(
    context: typer.Context,
    calibration: Made,
    real: Annotated[list[Path], typer.Option(help="New authentic files: folders or manifests.")],
    fpr: Annotated[
        float, typer.Option(help="The promised rate to test; a small one needs many files.")
    ] = 0.05,
    with_: With = None,
    set: Set = "",
    threads: Annotated[int, option("threads")] = int(SETTINGS["threads"].default),
    timeout: Annotated[float, option("timeout")] = SETTINGS["timeout"].default,
    jobs: Jobs = 0,
    json: Json = False,
) -> None:
    """Does the promised rate still hold on new authentic files, and since when not?

    Exit code 0: it holds as far as so many files can tell; 3: it does not. Scores are kept beside
    the calibration, so a file is scanned once however often it is checked.
    """
    from unmask.calibrate.birth import calibration_for
    from unmask.calibrate.checking import check as compare
    from unmask.cli.app import ExitCode
    from unmask.decision.calibration import stored

    old, known = stored(calibration)
    given = _alone(chosen(context))
    settings = replace(
        given,
        fps=old.birth.fps,
        analyzers=tuple(old.birth.analyzers),
        joined=given.joined if given.joined or given.set else tuple(old.birth.joined),
        fpr=fpr,
        calibration=str(calibration),
    )
    made = calibration_for(settings)
    assert made is not None
    scores_at = calibration.with_suffix(".check.jsonl")
    side = _gathered(real, 0, (scores_at,), json)
    seen = {row.sha256 for row in known}
    new = [one for one in side.specimens if one.sha256 not in seen]
    rows, _ = _scored(scores_at, new, replace(settings, calibration=""), jobs, json)
    found = compare(made, rows, fpr)
    _tell(found, len(side.specimens) - len(new), _errors([side], rows), json)
    if any(_broken(one) for one in found):
        raise typer.Exit(ExitCode.INCONCLUSIVE)


def _alone(settings: Settings) -> Settings:
    """Without what the user compares with: that is no part of a calibration."""
    return replace(settings, reference="", trust="", index="", calibration="")


def _ready(out: Path, settings: Settings | None) -> None:
    """Look, before any work, whether it can be done: packages, name, detectors."""
    from unmask.calibrate.birth import birth_of
    from unmask.decision.rows import need_parquet
    from unmask.errors import SettingError

    need_parquet()
    if out.suffix != ".toml":
        raise SettingError(f"--out is {out.name!r}; it must end in .toml.")
    if settings is not None:
        birth_of(settings)


def _gathered(places: list[Path], label: int, own: tuple[Path, ...], json: bool) -> Side:
    from unmask.calibrate.material import gather

    with Progressing("reading", unit="files", quiet=json) as bar:
        return gather(places, label, own, bar.update)


def _scored(
    at: Path, specimens: list[Specimen], settings: Settings, jobs: int, json: bool
) -> tuple[list[Row], ScoreFile]:
    from unmask.calibrate.scoring import ScoreFile, score_all

    scores = ScoreFile(at, settings)
    with Progressing("scoring", unit="files", quiet=json) as bar:
        rows = score_all(specimens, settings, jobs or os.cpu_count() or 1, scores, bar.update)
    scores.close()
    return rows, scores


def _errors(sides: list[Side], rows: list[Row]) -> list[dict[str, str]]:
    from unmask.calibrate.scoring import errors_of

    unread = [{"path": path, "error": why} for side in sides for path, why in side.unreadable]
    return unread + errors_of(rows)


def _say(made: Certificate, out: Path, errors: list[dict[str, str]], json: bool) -> None:
    from unmask.cli.calibrate_words import certificate_text

    value: dict[str, Any] = made.model_dump(mode="json") | {"path": str(out), "failed": errors}
    emit(value, as_json=json, text=certificate_text(made, out, errors))


def _tell(found: list[Checked], known: int, errors: list[dict[str, str]], json: bool) -> None:
    from dataclasses import asdict

    from unmask.cli.calibrate_words import check_text

    kinds = [asdict(one) | {"holds": not _broken(one)} for one in found]
    value = {"kinds": kinds, "known": known, "failed": errors}
    emit(value, as_json=json, text=check_text(found, known, errors))


def _broken(one: Checked) -> bool:
    return one.overall.broken or any(group.broken for group in one.groups) or bool(one.since)
