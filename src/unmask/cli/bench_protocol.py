"""``unmask bench run``, ``table``, ``plot``, ``compare``, ``fairness``, ``leaderboard``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from unmask.cli.console import Progressing, emit
from unmask.plugin_files import listed

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


def _protocol(name: str) -> Protocol:
    from unmask.errors import MissingExtra

    try:
        from unmask.bench.protocol import read_protocol
    except ModuleNotFoundError as error:
        raise MissingExtra(f"A protocol (the package {error.name!r})", "train") from error
    return read_protocol(name)


def _verifier(path: Path | None) -> Verifier | None:
    from unmask.metrics.costs import read_verifier

    return read_verifier(path) if path else None


def _severities(text: str) -> list[int]:
    """``3``, ``1-5`` or ``1,3,5``."""
    from unmask.errors import SettingError

    try:
        found: list[int] = []
        for part in text.split(","):
            first, dash, last = part.partition("-")
            found += range(int(first), int(last) + 1) if dash else [int(first)]
    except ValueError:
        raise SettingError(f"Severity is {text!r}; use 3, 1-5 or 1,3,5.") from None
    return found


def _budgets(text: str) -> tuple[float, ...]:
    """``1,2,4``."""
    from unmask.errors import SettingError

    try:
        found = tuple(float(part) for part in text.split(","))
    except ValueError:
        found = ()
    if not found or not all(0 < value <= 255 for value in found):
        raise SettingError(f"Budget is {text!r}; use numbers over 0 and up to 255, as in 1,2,4,8.")
    return found


def run(
    protocol: Name,
    detector: Annotated[
        list[str],
        typer.Option(help="A published method or a shipped detector; may be repeated."),
    ],
    data: Annotated[list[Path], typer.Option(help="Manifests; may be repeated.")],
    weights: Annotated[
        Path | None, typer.Option(help="ONNX file or checkpoint, ours or the authors'.")
    ] = None,
    train: Annotated[bool, typer.Option("--train", help="Train under the protocol first.")] = False,
    samples: Annotated[int, typer.Option(help="Training samples; 0: as the protocol says.")] = 0,
    seed: Annotated[int, typer.Option(help="Seed; 0: as the recipe says.")] = 0,
    variant: Annotated[str, typer.Option(help="Variant of the method.")] = "",
    claim: Annotated[str, typer.Option(help="Claim of a shipped detector.")] = "",
    perturb: Annotated[
        str, typer.Option(help="Perturbations besides, for example jpeg,blur,mp3.")
    ] = "",
    severity: Annotated[str, typer.Option(help="Their severities: 3, 1-5 or 1,3,5.")] = "3",
    restorer: Annotated[
        Path | None, typer.Option(help="The network (ONNX) that the perturbation restore runs.")
    ] = None,
    enhancer: Annotated[
        Path | None, typer.Option(help="The network (ONNX) that the perturbation enhance runs.")
    ] = None,
    enhancer_rate: Annotated[
        int, typer.Option(min=8000, help="Rate of the sound that it takes, in Hz.")
    ] = 48_000,
    perturb_most: Annotated[
        int, typer.Option(help="Real and forged items of a test to perturb at most; 0: all.")
    ] = 0,
    only_perturbed: Annotated[
        bool, typer.Option("--only-perturbed", help="Keep the clean rows that are stored.")
    ] = False,
    attack: Annotated[
        str, typer.Option(help=f"Attack the items as well: {listed('attacks')}.")
    ] = "",
    budget: Annotated[
        str, typer.Option(help="Its budgets: largest change of a value, in 255ths of full scale.")
    ] = "1,2,4,8",
    attack_most: Annotated[
        int, typer.Option(help="Real and forged items of a test to attack at most; 0: all.")
    ] = 25,
    attack_set: Annotated[
        list[str] | None, typer.Option(help="A setting of the attack (steps=40); may be repeated.")
    ] = None,
    against: Annotated[
        str, typer.Option(help="Change the items for this detector (transfer); default: itself.")
    ] = "",
    against_weights: Annotated[
        Path | None, typer.Option(help="Weights of that detector, a checkpoint; else the shelf's.")
    ] = None,
    name: Annotated[str, typer.Option(help="File the outcomes under another name.")] = "",
    results: Results = RESULTS,
    runs: Annotated[Path, typer.Option(help="Folder of training runs.")] = Path("runs"),
    json: Json = False,
) -> None:
    """Score the tests of a protocol and store what the detector said of every item.

    With --train a method is first trained on the protocol's items alone; a run that was stopped
    goes on. Detectors that come with their weights are not trained. Rows that are stored for the
    same weights stay where they are not scored again.
    """
    from unmask import registry
    from unmask.errors import SettingError

    if len(detector) > 1 and (weights or name or variant or claim):
        raise SettingError(
            "--weights, --name, --variant and --claim belong to one detector; give one --detector."
        )
    chosen = _protocol(protocol)
    from unmask.bench.attacked import Ordered
    from unmask.bench.perturb import conditions
    from unmask.bench.run import Order
    from unmask.bench.run import run as run_protocol
    from unmask.forge.by_network import OPTIONS

    attacking = None
    if attack:
        pairs = (text.partition("=") for text in attack_set or ())
        attacking = Ordered(
            attack,
            _budgets(budget),
            attack_most,
            {key: value for key, _, value in pairs},
            against,
            against_weights,
        )
    elif against or against_weights or attack_set:
        raise SettingError("--against, --against-weights and --attack-set go with --attack NAME.")
    kinds = [part for part in perturb.split(",") if part]
    for condition, given in (("restore", restorer), ("enhance", enhancer)):
        if condition in kinds and given is None:
            raise SettingError(
                f"The perturbation {condition!r} runs a network of yours. "
                f"Name it: {OPTIONS[condition]} FILE.onnx"
            )
    found = []
    for one in detector:
        order = Order(
            one,
            data,
            results,
            runs,
            name=name,
            weights=weights,
            train=train and (len(detector) == 1 or one not in registry.shipped()),
            samples=samples,
            seed=seed,
            claim=claim,
            conditions=conditions(kinds, _severities(severity)) if kinds else (),
            perturbed_most=perturb_most,
            clean=not only_perturbed,
            settings={"variant": variant} if variant else {},
            attack=attacking,
            restorer=restorer,
            enhancer=enhancer,
            enhancer_rate=enhancer_rate,
        )
        with Progressing(f"{chosen.name}: {one}", unit="items", quiet=json) as bar:
            path, count = run_protocol(chosen, order, partial(_shown, bar))
        found.append({"detector": one, "path": str(path), "rows": count})
    text = "\n".join(f"{row['path']}: {row['rows']} rows" for row in found)
    emit(found, as_json=json, text=text)


def _shown(bar: Progressing, what: str, done: int, of: int) -> None:
    bar.update(done, of, what)


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
    chosen = _protocol(protocol)
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
    chosen = _protocol(protocol)
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
    chosen = _protocol(protocol)
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
    chosen = _protocol(protocol)
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
    for ending, text in zip(("md", "html"), both(results, by), strict=True):
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
        protocol = _protocol(name)
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
