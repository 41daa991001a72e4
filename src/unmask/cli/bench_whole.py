"""``unmask bench whole``: the decision on whole files, from gathering to the tables."""

from __future__ import annotations

import datetime
import json as json_
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from unmask.cli.console import Progressing, emit

if TYPE_CHECKING:
    from unmask.bench.whole.listing import Whole

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
def make(data: Data, more: More, out: Annotated[Path, typer.Option()], json: Json = False) -> None:
    """Make forged files of the photographs, and save both classes alike, under OUT."""
    from unmask.bench.whole.listing import listed
    from unmask.bench.whole.making import made

    files = list(listed(data, more))
    out.mkdir(parents=True, exist_ok=True)
    count = 0
    with (
        (out / _LIST).open("w", encoding="utf-8") as file,
        Progressing("making", unit="files", quiet=json) as bar,
    ):
        for one in made(files, out, bar.update):
            row = asdict(one) | {"path": one.path.relative_to(out).as_posix()}
            file.write(json_.dumps(row) + "\n")
            count += 1
    emit({"files": count}, as_json=json, text=f"{count} files under {out}")


def _made(out: Path) -> list[Whole]:
    from unmask.bench.whole.listing import Whole

    lines = (out / _LIST).read_text(encoding="utf-8").splitlines()
    rows = [Whole(**json_.loads(line)) for line in lines]
    return [replace(row, path=out / row.path) for row in rows]


@app.command()
def scan(
    data: Data,
    more: More = None,
    made: Annotated[Path | None, typer.Option(help="What `make` has made.")] = None,
    kind: Annotated[str, typer.Option(help="Only image, video or audio.")] = "",
    jobs: Annotated[int, typer.Option(min=1)] = 2,
    results: Results = RESULTS,
    json: Json = False,
) -> None:
    """Scan all of them as a person would, and store what was found in each."""
    from unmask.bench.whole.listing import listed
    from unmask.bench.whole.rows import read_rows, scanned, write_rows

    files = [*listed(data, more), *(_made(made) if made else [])]
    files = [one for one in files if kind in ("", one.kind)]
    path = results / "files.parquet"
    rows = [row for row in read_rows(path) if row.kind != kind] if kind and path.exists() else []
    with Progressing("scanning", unit="files", quiet=json) as bar:
        for number, row in enumerate(scanned(files, jobs), 1):
            rows.append(row)
            bar.update(number, len(files))
    count = write_rows(path, rows)
    emit({"path": str(path), "rows": count}, as_json=json, text=f"{path}: {count} files")


@app.command()
def fit(results: Results = RESULTS, json: Json = False) -> None:
    """Fit the decision rule, and again without each source; write it and the power tables."""
    from unmask import registry
    from unmask.bench.own.edit import write_power, write_tables
    from unmask.bench.whole.evaluation import left_out, write_left_out
    from unmask.bench.whole.fitting import fit as fitted
    from unmask.bench.whole.given import terms_given
    from unmask.bench.whole.power import stored_power
    from unmask.bench.whole.rows import read_rows
    from unmask.decision.evidence import DETECTORS
    from unmask.decision.rule import PATH, read_rule

    rows = read_rows(results / "files.parquet")
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    given = terms_given(results.parent)
    rule = fitted(rows, today, given)
    write_tables(PATH, "rule", rule.rule, read_rule)
    with Progressing("leaving out", unit="sources", quiet=json) as bar:
        apart = left_out(rows, today, given, bar.update)
    write_left_out(results / "left_out.parquet", apart)
    for name in DETECTORS:
        write_power(registry.detector_card(name), stored_power(results, name))
    lines = [
        f"{one.situation}: {one.reals} authentic files of {one.sources} sources, {one.fakes} forged"
        for one in rule.rule
    ]
    emit(rule.model_dump(mode="json"), as_json=json, text="\n".join(lines))
