"""``unmask bench table``, ``plot``, ``compare``, ``fairness``, ``leaderboard``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import emit

if TYPE_CHECKING:
    from unmask.bench.protocol import Protocol
    from unmask.metrics.costs import Verifier

Name = Annotated[str, typer.Argument(help="A protocol's name, or a TOML file.")]
Detectors = Annotated[
    list[str] | None, typer.Option("--detector", help="Only these; may be repeated.")
]
Results = Annotated[Path, typer.Option(help="Folder of stored outcomes.")]
VerifierFile = Annotated[
    Path | None, typer.Option(help="The organisers' scores of the speaker verifier, for t-DCF.")
]
By = Annotated[
    str,
    typer.Option(
        help="Split by generator, family, gender, age, …, or by what is known of the generators: "
        "kind, parent, network, year, or a taxonomy (unmask catalog --only taxonomy:)."
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
RESULTS = Path("results")


def protocol_named(name: str) -> Protocol:
    """A protocol by name or path. Raises MissingExtra, and what reading it raises."""
    from unmask.errors import MissingExtra

    try:
        from unmask.bench.protocol import read_protocol
    except ModuleNotFoundError as error:
        raise MissingExtra(f"A protocol (the package {error.name!r})", "train") from error
    return read_protocol(name)


def _verifier(path: Path | None) -> Verifier | None:
    from unmask.metrics.costs import read_verifier

    return read_verifier(path) if path else None


def table(
    protocol: Name,
    detector: Detectors = None,
    by: By = "",
    verifier: VerifierFile = None,
    out: Annotated[Path | None, typer.Option(help="Write the Markdown here.")] = None,
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Every figure of a protocol from stored outcomes, worst first."""
    chosen = protocol_named(protocol)
    from unmask.bench.page import page
    from unmask.bench.table import lines, stored
    from unmask.outputs import guard

    guard({"--out": out}, (protocol,))
    everything = stored(results, chosen, detector or ())
    found = lines(chosen, everything, by, verifier=_verifier(verifier))
    text = "\n".join(page(chosen, everything, found)).rstrip()
    _write(out, text + "\n")
    emit([_record(line) for line in found], as_json=json, text=str(out) if out else text)


def _record(line: Any) -> dict[str, Any]:
    import math
    from dataclasses import asdict

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: plain(v) for k, v in value.items()}
        return None if isinstance(value, float) and math.isnan(value) else value

    record: dict[str, Any] = plain(asdict(line))
    return record


def _write(path: Path | None, text: str) -> None:
    from unmask.errors import OutputError

    if path is None:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror}.") from error


def plot(
    protocol: Name,
    out: Annotated[Path, typer.Option(help="Folder of the SVG files.")],
    detector: Detectors = None,
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Plots of a protocol as SVG: tests, ROC curves, reliability, robustness."""
    chosen = protocol_named(protocol)
    from unmask.bench.plots import plots
    from unmask.bench.table import lines, stored

    everything = stored(results, chosen, detector or ())
    written = []
    for name, svg in plots(chosen, everything, lines(chosen, everything)).items():
        path = out / f"{chosen.name}-{name}.svg"
        _write(path, svg)
        written.append(str(path))
    emit(written, as_json=json, text="\n".join(written) or "There is nothing to plot.")


def compare(
    protocol: Name,
    first: Annotated[str, typer.Argument(help="A detector with outcomes.")],
    second: Annotated[str, typer.Argument(help="Another one.")],
    condition: Annotated[
        str, typer.Option(help="clean, or a perturbation such as jpeg@3.")
    ] = "clean",
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Whether two detectors differ: paired bootstrap, DeLong and McNemar, a test set each."""
    chosen = protocol_named(protocol)
    from unmask.bench.compare import compare as pairs
    from unmask.bench.table import stored

    one, two = stored(results, chosen, (first, second))
    rows = [
        {
            "set": name,
            "recordings": count,
            "test": found.test,
            first: found.first,
            second: found.second,
            "difference": found.value,
            "p": found.p,
        }
        for name, count, found in pairs(chosen, one, two, condition)
    ]
    text = "\n".join(
        f"{row['set']} ({row['recordings']}), {row['test']}: {row[first]:.3f} against "
        f"{row[second]:.3f}, difference {row['difference']:+.3f}, p {row['p']:.3g}"
        for row in rows
    )
    emit(rows, as_json=json, text=text)


def fairness(
    protocol: Name,
    by: Annotated[str, typer.Option(help="gender, age, ethnicity or language.")],
    detector: Detectors = None,
    least: Annotated[int, typer.Option(help="Items of each class that a group needs.")] = 10,
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Figures by groups of people and the gaps between them, over all clean tests."""
    chosen = protocol_named(protocol)
    from unmask.bench.fairness import fairness as of_groups
    from unmask.bench.page import gaps
    from unmask.bench.perturb import CLEAN
    from unmask.bench.table import OF_PEOPLE, scored, stored, threshold_of
    from unmask.errors import DataError, UnknownName

    if by not in OF_PEOPLE:
        raise UnknownName("attribute", by, OF_PEOPLE)
    records: list[dict[str, Any]] = []
    text: list[str] = []
    for outcomes in stored(results, chosen, detector or ()):
        rows = [r for r in outcomes.rows if r.condition == CLEAN and r.test != "val"]
        part = scored([row for row in rows if getattr(row, by)], chosen)
        if not len(part.labels):
            raise DataError(f"No item of {outcomes.detector!r} says its {by}.")
        names = {row.media_id: getattr(row, by) for row in rows}
        found = of_groups(
            part.labels,
            part.scores,
            threshold_of(outcomes, chosen),
            [names[media] for media in part.media],
            least,
        )
        records.append({"detector": outcomes.detector, **_record(found)})
        text += gaps(outcomes.detector, by, found)
    emit(records, as_json=json, text="\n".join(text).rstrip())


def leaderboard(
    results: Results = RESULTS,
    out: Annotated[
        Path | None, typer.Option(help="Folder of leaderboard.md and .html; default: results.")
    ] = None,
    by: By = "",
    protocol: Annotated[
        list[str] | None,
        typer.Option(help="File of a protocol of yours that is not beside its outcomes."),
    ] = None,
    json: Json = False,
) -> None:
    """All protocols with outcomes on one page, as Markdown and as HTML with its plots."""
    from unmask.errors import MissingExtra

    try:
        from unmask.bench.leaderboard import leaderboard as both
    except ModuleNotFoundError as error:
        raise MissingExtra(f"A leaderboard (the package {error.name!r})", "train") from error
    folder = out or results
    written = []
    for ending, text in zip(("md", "html"), both(results, by, protocol or ()), strict=True):
        path = folder / f"leaderboard.{ending}"
        _write(path, text)
        written.append(str(path))
    emit(written, as_json=json, text="\n".join(written))


def protocols(json: Json = False) -> None:
    """All protocols, with their datasets and the figure that ranks."""
    from unmask.errors import MissingExtra

    try:
        from unmask.bench.protocol import protocols as known
    except ModuleNotFoundError as error:
        raise MissingExtra(f"A protocol (the package {error.name!r})", "train") from error
    rows = []
    for name in known():
        protocol = protocol_named(name)
        rows.append(
            {
                "name": name,
                "title": protocol.title,
                "kinds": protocol.kinds,
                "datasets": protocol.manifests,
                "tests": len(protocol.test),
                "ranked_by": protocol.primary,
            }
        )
    text = "\n".join(
        f"{row['name']}: {row['title']} ({row['tests']} tests, {row['ranked_by']})" for row in rows
    )
    emit(rows, as_json=json, text=text)
