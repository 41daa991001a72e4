"""``unmask bench whole``: the decision on whole files, from gathering to the tables."""

from __future__ import annotations

import datetime
import json as json_
from dataclasses import asdict, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmask.cli.console import Progressing, emit

if TYPE_CHECKING:
    from unmask.datasets.whole_files.listing import Whole

app = typer.Typer(help="Whole files: scan them, fit the decision rule, count what is found.")

RESULTS = Path("results/verdicts")
Results = Annotated[Path, typer.Option(help="Folder of stored findings.")]
Data = Annotated[Path, typer.Option(help="Folder that holds manifest.jsonl.")]
More = Annotated[
    Path | None, typer.Option(help="Folder of the further sources (see sources.toml).")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
_LIST = "made.jsonl"


@app.command()
def gather(
    more: Annotated[Path, typer.Option(help="Folder of the further sources.")],
    base: Annotated[str, typer.Option(help="Where repositories' files lie.")] = "",
    json: Json = False,
) -> None:
    """Bring the single files of the study from their public repositories, under MORE.

    Some licences are not stated: for measuring on your own machine, not for distribution.
    """
    from unmask.datasets.whole_files.gathering import FROM
    from unmask.datasets.whole_files.gathering import gather as bring

    with Progressing("gathering", unit="files", quiet=json) as bar:
        lost = bring(more, bar.update, base or FROM)
    text = "\n".join([*lost, f"{len(lost)} files did not come." if lost else "All are there."])
    emit({"lost": lost}, as_json=json, text=text)


@app.command()
def make(data: Data, more: More, out: Annotated[Path, typer.Option()], json: Json = False) -> None:
    """Make forged files of the photographs, and save both classes alike, under OUT."""
    from unmask.bench.whole.making import made
    from unmask.bench.whole.resaving import resaved
    from unmask.datasets.whole_files.listing import listed

    files = list(listed(data, more))
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with (
        (out / _LIST).open("w", encoding="utf-8") as file,
        Progressing("making", unit="files", quiet=json) as bar,
    ):
        for one in chain(made(files, out, bar.update), resaved(files, out, bar.update)):
            row = asdict(one) | {"path": one.path.relative_to(out).as_posix()}
            file.write(json_.dumps(row) + "\n")
            count += 1
    emit({"files": count}, as_json=json, text=f"{count} files under {out}")


def _made(out: Path) -> list[Whole]:
    from unmask.datasets.whole_files.listing import Whole

    lines = (out / _LIST).read_text(encoding="utf-8").splitlines()
    rows = [Whole(**json_.loads(line)) for line in lines]
    return [replace(row, path=out / row.path) for row in rows]


@app.command()
def scan(
    data: Data,
    more: More = None,
    made: Annotated[Path | None, typer.Option(help="What `make` has made.")] = None,
    kind: Annotated[str, typer.Option(help="Only image, video or audio.")] = "",
    new: Annotated[bool, typer.Option("--new", help="Only files without a row yet.")] = False,
    jobs: Annotated[int, typer.Option(min=1)] = 2,
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Scan all of them as a person would, and store what was found in each.

    Without the encoder, whose head met many of these files: see `encode`.
    """
    from unmask.bench.whole.rows import read_rows, scanned, write_rows
    from unmask.datasets.whole_files.listing import listed

    files = [*listed(data, more), *(_made(made) if made else [])]
    files = [one for one in files if kind in ("", one.kind)]
    path = results / "files.parquet"
    rows = read_rows(path) if (kind or new) and path.exists() else []
    if new:
        known = {row.item for row in rows}
        files = [one for one in files if one.item not in known]
    else:
        rows = [row for row in rows if row.kind != kind]
    with Progressing("scanning", unit="files", quiet=json) as bar:
        for number, row in enumerate(scanned(files, jobs), 1):
            rows.append(row)
            bar.update(number, len(files))
    count = write_rows(path, rows)
    emit({"path": str(path), "rows": count}, as_json=json, text=f"{path}: {count} files")


@app.command()
def encode(
    data: Data,
    more: More = None,
    made: Annotated[Path | None, typer.Option(help="What `make` has made.")] = None,
    cache: Annotated[
        Path, typer.Option(help="Where the encoder's numbers of files are kept.")
    ] = Path("runs/clip-features.sqlite"),
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Judge pictures and clips by a head on the encoder that met nothing of their sources.

    What `fit` fits the rule with an encoder on.
    """
    from unmask import registry
    from unmask.bench.whole.encoded import NAME, write_signs
    from unmask.datasets.whole_files.listing import listed
    from unmask.detectors.image.unmask_clip.training import ClipHead
    from unmask.train.recipe import changed, read_recipe

    recipe = read_recipe(registry.recipes()["unmask_clip"])
    places = {"more": str(more or ""), "cache": str(cache)}
    recipe = changed(recipe, settings=recipe.settings | places)
    files = [*listed(data, more), *(_made(made) if made else [])]
    files = [one for one in files if one.kind != "audio"]
    with Progressing("encoding", unit="files", quiet=json) as bar:
        signs = ClipHead(recipe, data).cross_fitted(files, bar.update)
    write_signs(results / NAME, signs)
    emit({"files": len(signs)}, as_json=json, text=f"{results / NAME}: {len(signs)} files")


@app.command()
def fit(
    results: Results = RESULTS,
    jobs: Annotated[int, typer.Option(min=1, help="Processes.")] = 1,
    json: Json = False,
) -> None:
    """Fit the decision rule, and again without each source; write it and the power tables."""
    from unmask import registry
    from unmask.bench.own.edit import write_power, write_tables
    from unmask.bench.whole.encoded import with_encoder
    from unmask.bench.whole.evaluation import left_out, write_left_out
    from unmask.bench.whole.fitting import fit as fitted
    from unmask.bench.whole.given import curves_given
    from unmask.bench.whole.power import stored_power
    from unmask.bench.whole.rows import read_rows
    from unmask.decision.evidence import DETECTORS
    from unmask.decision.rule import PATH, read_rule

    rows = with_encoder(read_rows(results / "files.parquet"), results)
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    given = curves_given(results.parent)
    rule = fitted(rows, today, given)
    write_tables(PATH, "rule", rule.rule, read_rule)
    with Progressing("leaving out", unit="sources", quiet=json) as bar:
        apart = left_out(rows, today, given, rule, bar.update, jobs)
    write_left_out(results / "left_out.parquet", apart)
    for name in DETECTORS:
        write_power(registry.detector_card(name), stored_power(results, name))
    lines = [
        f"{one.situation}{' with the encoder' if one.encoder else ''}: {one.reals} authentic "
        f"files of {one.sources} sources, {one.fakes} forged"
        for one in rule.rule
    ]
    emit(rule.model_dump(mode="json"), as_json=json, text="\n".join(lines))
