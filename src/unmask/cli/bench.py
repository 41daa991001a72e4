"""``unmask bench``: protocols; predictions, calibration and tables of the model cards."""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Annotated

import typer

from unmask.cli import bench_answers, bench_faces, bench_protocol, bench_run, bench_whole
from unmask.cli.console import Progressing, emit

app = typer.Typer(help="Predict, calibrate, and compute every number from predictions.")
for verb in (
    bench_protocol.protocols,
    bench_run.run,
    bench_protocol.table,
    bench_protocol.plot,
    bench_protocol.compare,
    bench_protocol.fairness,
    bench_protocol.leaderboard,
    bench_faces.faces,
    bench_answers.answers,
):
    app.command()(verb)

app.add_typer(bench_whole.app, name="whole")

RESULTS = Path("results")
Results = Annotated[Path, typer.Option(help="Folder of stored predictions.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


@app.command()
def predict(
    detector: Annotated[str, typer.Argument(help="Name of a detector with a recipe.")],
    data: Annotated[Path, typer.Option(help="Folder that holds manifest.jsonl.")],
    protocol: Annotated[
        str, typer.Option(help="calibration, dev, control, localization or loso:SOURCE.")
    ] = "dev",
    weights: Annotated[Path | None, typer.Option(help="ONNX file; default: the shipped.")] = None,
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Score a protocol's items and store one Parquet file of predictions."""
    from unmask import registry
    from unmask.errors import DataError, MissingExtra, UnknownName
    from unmask.metrics.predictions import write_predictions
    from unmask.train.recipe import read_recipe, resolve

    known = registry.recipes()
    if detector not in known:
        raise UnknownName("recipe", detector, known)
    if protocol.startswith("loso:") and weights is None:
        raise DataError(
            "A held-out source needs weights that were trained without it. "
            "Train with --leave-out SOURCE and give the result as --weights."
        )
    recipe = read_recipe(known[detector])
    if not recipe.evaluation:
        raise DataError(
            f"{detector!r} is scored by: unmask bench run PROTOCOL --detector {detector}"
        )
    onnx = weights or known[detector].parent / "weights.onnx"
    try:
        predictions = resolve(recipe.evaluation)
    except ModuleNotFoundError as error:
        raise MissingExtra(f"Evaluation (the package {error.name!r})", "train") from error
    with Progressing(f"predicting {protocol}", unit="items", quiet=json) as bar:
        rows = []
        for row in predictions(recipe, data, onnx, protocol):
            rows.append(row)
            bar.update(len(rows), None)
    name = protocol.replace(":", "-").replace("/", "_")
    path = results / detector / f"{name}.parquet"
    count = write_predictions(path, rows)
    emit({"path": str(path), "rows": count}, as_json=json, text=f"{path}: {count} predictions")


@app.command()
def calibrate(
    detector: Annotated[str, typer.Argument(help="Name of a detector with a card.")],
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Fit likelihood ratios and thresholds on the stored calibration rows; write the card."""
    from unmask import registry
    from unmask.bench.own.calibrate import fit_operating
    from unmask.bench.own.cards import stored
    from unmask.bench.own.edit import write_operating
    from unmask.cards.card import read_card

    path = registry.detector_card(detector)
    card = read_card(path)
    rows = stored(results / detector)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    fitted = [
        fit_operating(rows, old.output, old.claim, today, old.worst_source)
        for old in card.operating
    ]
    write_operating(path, fitted)
    emit(
        [row.model_dump() for row in fitted],
        as_json=json,
        text="\n".join(
            f"{row.claim}: llr = {row.slope:.3f} · score {row.offset:+.3f}; flagged over "
            f"{row.threshold(0.01):.3f} (1 %), clear under {row.clear:.3f}"
            for row in fitted
        ),
    )


@app.command()
def cards(
    results: Results = RESULTS,
    check: Annotated[bool, typer.Option(help="Only say whether the pages are up to date.")] = False,
    json: Json = False,
) -> None:
    """Compute every model card's tables from the stored predictions."""
    from unmask import registry
    from unmask.bench.own.cards import render, stored
    from unmask.bench.whole.power import stored_power
    from unmask.cards.card import read_card
    from unmask.errors import DataError

    written = []
    for name in registry.shipped():
        if not (results / name).is_dir():
            continue
        page = results / name / "card.md"
        card = read_card(registry.detector_card(name))
        if card.power != stored_power(results / "verdicts", name):
            raise DataError(
                f"The power tables of {name!r} are not what the stored findings say. "
                "Run: unmask bench whole fit"
            )
        text = render(card, stored(results / name))
        if check:
            if not page.exists() or page.read_text(encoding="utf-8") != text:
                raise DataError(f"{page} is not what its predictions say. Run: unmask bench cards")
        else:
            page.write_text(text, encoding="utf-8")
        written.append(str(page))
    if not written:
        raise DataError(f"There are no results in {results}. Run: unmask bench predict")
    emit(written, as_json=json, text="\n".join(written))
