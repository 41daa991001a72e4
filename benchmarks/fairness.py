"""Whether training for fairness makes a detector err more alike: by group, before and after.

    python benchmarks/fairness.py make MEDIA FOLDER --faces 1600
    python benchmarks/fairness.py run FOLDER --runs RUNS
    python benchmarks/fairness.py table > results/fairness.md

The set is that of ``fairness_faces.py``. Each way of training is one ``unmask bench run … --train``
with several seeds; what was said of every face is kept in ``results/fairness``, and the page is
computed from it by ``unmask bench fairness``. A run that was stopped goes on when the same command
is given again.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fairness_faces import make
from typer.testing import CliRunner

from unmask.bench.kept import KEPT
from unmask.cli.app import app
from unmask.metrics.outcomes import read_outcomes

WAYS = {"plain": "", "fair-dag": "fair-dag", "fair-daw": "fair-daw"}
"""How runs are filed, and their strategy."""
BY = ("ethnicity", "gender")
RESULTS = Path("results/fairness")
PROTOCOL = "faces"
GAPS = {
    "auc_gap": "AUC, best less worst",
    "fpr_gap": "reals flagged, most less least",
    "tpr_gap": "forged flagged, most less least",
    "odds": "equalised odds difference",
}


def said(*words: str) -> Any:
    """What a command of ours prints as JSON."""
    done = CliRunner().invoke(app, [*words, "--json"])
    if done.exit_code:
        raise SystemExit(done.output) from done.exception
    return json.loads(done.stdout)


def run(
    folder: Path, runs: Path, results: Path, method: str, seeds: Sequence[int], samples: int
) -> None:
    """Train and judge whatever is not filed yet."""
    torch.set_num_threads(1)
    for seed in seeds:
        for way, strategy in WAYS.items():
            name = f"{method}-{way}-{seed}"
            if (results / PROTOCOL / f"{name}.parquet").is_file():
                continue
            begun = time.monotonic()
            said(
                "bench", "run", str(folder / f"{PROTOCOL}.toml"), "--detector", method,
                "--data", str(folder), "--train", "--name", name, "--seed", str(seed),
                "--samples", str(samples), "--results", str(results), "--runs", str(runs),
                *(["--strategy", strategy] if strategy else []),
            )  # fmt: skip
            print(f"{name}: {time.monotonic() - begun:.0f} s", file=sys.stderr, flush=True)


def spread(values: Sequence[float]) -> str:
    """Mean and deviation; of a single value the value."""
    if len(values) == 1:
        return f"{values[0]:.3f}"
    return f"{np.mean(values):.3f} ± {np.std(values, ddof=1):.3f}"


def table(results: Path) -> str:
    """The page, a table an attribute."""
    files = sorted((results / PROTOCOL).glob("*.parquet"))
    if not files:
        raise SystemExit(f"There are no outcomes in {results}. Run: benchmarks/fairness.py run")
    methods = {file.stem.split("-")[0]: read_outcomes(file).about for file in files}
    lines = [_HEAD]
    for method, about in methods.items():
        for by in BY:
            told = said("bench", "fairness", str(results / PROTOCOL / KEPT), "--by", by,
                        "--results", str(results))  # fmt: skip
            found = {one["detector"]: one for one in told}
            lines += ["", f"## `{method}`, by {by}", "", *_groups(method, found)]
        lines += ["", f"Each network had {about['samples']:,} samples."]
    return "\n".join(lines)


def _groups(method: str, found: dict[str, dict[str, Any]]) -> list[str]:
    runs = {
        way: [one for name, one in sorted(found.items()) if name.startswith(f"{method}-{way}-")]
        for way in WAYS
    }
    runs = {way: many for way, many in runs.items() if many}
    seeds = {way: len(many) for way, many in runs.items()}
    head = ["group", "reals", "forged", *(f"{way}: AUC" for way in runs)]
    lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    names = sorted(group["name"] for group in next(iter(runs.values()))[0]["groups"])
    for name in names:
        cells = [name]
        for many in runs.values():
            own = [next(g for g in one["groups"] if g["name"] == name) for one in many]
            cells += [str(own[0]["reals"]), str(own[0]["fakes"])] if len(cells) == 1 else []
            cells.append(spread([group["auc"] for group in own]))
        lines.append(_row(cells))
    worst = [spread([min(g["auc"] for g in one["groups"]) for one in many])
             for many in runs.values()]  # fmt: skip
    lines.append(_row(["**worst group**", "", "", *worst]))
    lines += ["", _row(["gap", *runs]), _row(["---", *["---:"] * len(runs)])]
    for key, text in GAPS.items():
        lines.append(_row([text, *(spread([one[key] for one in many]) for many in runs.values())]))
    counted = ", ".join(f"{way} {count}" for way, count in seeds.items())
    return [*lines, "", f"Seeds: {counted}."]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


_HEAD = """# Training for fairness, by group

Written by `python benchmarks/fairness.py` from the outcomes in `fairness/`, by
`unmask bench fairness`. Photos of faces, labelled by gender and ethnicity, stand in the set as they
are and with the face drawn by a coarse decoder (three in five times that of another person of the
group); both are saved alike. Of every ethnicity but one, training has an eighth of the photos; the
test has all alike. Networks start from random weights; the threshold is where validation is
balanced best.
Figures are means and deviations over seeds of the training on one set (seeds: below each table).
Ages, light and backgrounds differ between groups too; differences within the deviations, or of a
single seed, say little."""


def main() -> None:
    """Make, run, or print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    verbs = asked.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("make")
    one.add_argument("media", type=Path)
    one.add_argument("folder", type=Path)
    one.add_argument("--faces", type=int, default=1600)
    one = verbs.add_parser("run")
    one.add_argument("folder", type=Path)
    one.add_argument("--runs", type=Path, default=Path("runs"))
    one.add_argument("--results", type=Path, default=RESULTS)
    one.add_argument("--method", default="cifake_cnn")
    one.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    one.add_argument("--samples", type=int, default=2400)
    verbs.add_parser("table").add_argument("--results", type=Path, default=RESULTS)
    given = asked.parse_args()
    if given.verb == "make":
        print(dict(make(given.media, given.folder, given.faces)))
    elif given.verb == "run":
        run(given.folder, given.runs, given.results, given.method, given.seeds, given.samples)
    else:
        print(table(given.results))


if __name__ == "__main__":
    main()
