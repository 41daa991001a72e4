"""What each way of training does where it should help, and where it should not.

    python benchmarks/strategies.py run FOLDER --out results/strategies.parquet
    python benchmarks/strategies.py table results/strategies.parquet > results/strategies.md

Each row of ``ROWS`` trains a small method with and without a strategy on a made set that breaks
what the strategy is against, and on a control, with several seeds; pictures are drawn anew for each
seed. Scores of every test item are kept; the table is computed from them. A run that was stopped
goes on when the same command is given again.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from strategies_cells import SIZES, Cell, trained

from unmask.metrics import auc

SEEDS = 3


@dataclass(frozen=True, slots=True)
class Row:
    """A strategy, the set and part where it should help, and those where it should not.

    ``worst``: what counts is the AUC of the group that is judged worst. ``first``: its run comes
    before a plain one. ``teachers``: two networks of other seeds that learned the plain set.
    """

    strategy: str
    made: str
    what: str
    part: str = "plain"
    control: tuple[str, str] = ("plain", "plain")
    settings: Mapping[str, Any] = field(default_factory=dict)
    worst: bool = False
    first: bool = False
    teachers: bool = False

    def cells(self, method: str, seed: int, seeds: int) -> Iterator[tuple[str, str, Cell]]:
        """Name of the set, strategy ("" for none) and training of all four."""
        for made in dict.fromkeys((self.made, self.control[0])):
            plain = Cell(method, "plain", seed)
            own = Cell(method, "plain", seed, self.strategy, self.settings)
            if made == "later":
                yield made, "", Cell(method, made, seed, after=plain)
                yield made, self.strategy, Cell(method, made, seed, self.strategy, self.settings,
                                                after=own, memory=True)  # fmt: skip
                continue
            yield made, "", Cell(method, made, seed)
            if self.first:
                yield made, self.strategy, Cell(method, made, seed, after=own)
                continue
            others = sorted({(seed + 1) % seeds, (seed + 2) % seeds} - {seed})
            taught = tuple(Cell(method, "plain", n) for n in others) if self.teachers else ()
            yield made, self.strategy, Cell(method, made, seed, self.strategy, self.settings,
                                            teachers=taught)  # fmt: skip


ROWS = (
    Row("identity-adversarial", "identity", "each person of the training is of one class"),
    Row("ed4", "background", "nine of ten backgrounds tell the class in training alone"),
    Row("rfm", "occlusion", "a loud mark beside a faint one; in the test the loud one is hidden",
        part="hidden"),
    Row("fair-dag", "groups", "one person of eight is dark, with a fainter mark", worst=True),
    Row("fair-daw", "groups", "one person of eight is dark, with a fainter mark", worst=True),
    Row("momentum-difficulty", "quality", "one picture of eight is poor; in the test all are",
        part="poor"),
    Row("meal-distillation", "wrong", "one label of three is wrong; two teachers had right ones",
        teachers=True),
    Row("fsfm", "few", "twelve labels, after all faces without labels", first=True,
        settings={"grid": 7, "width": 32, "depth": 2, "heads": 1, "rate": 0.016}),
    Row("dataless", "plain", "the forgeries of the test are blends, those of the training are not",
        part="blend"),
    Row("object-jitter", "plain", "the forgeries of the test are faces changed where they stand",
        part="jitter", settings={"strength": 2.0}),
    Row("fsts", "pages", "the forgeries of the test are pages with an edited line of text",
        part="edited"),
    Row("replay", "later", "after another task with a rule against it, the first is tested",
        control=("later", "later")),
    Row("csam", "corpora", "one picture of eight is of a corpus with another mark", part="second"),
)  # fmt: skip
COLUMNS = ("method", "set", "strategy", "seed", "part", "item", "group", "label", "score")


def run(folder: Path, out: Path, methods: list[str], seeds: int, scale: float) -> None:
    """Train whatever is not kept in ``folder``, and write all scores to ``out``."""
    torch.set_num_threads(1)
    logging.getLogger("lightning.fabric").setLevel(logging.ERROR)
    rows: dict[tuple[str, str, str, int], list[dict[str, Any]]] = {}
    for method in methods:
        for seed in range(seeds):
            for row in ROWS:
                for made, strategy, cell in row.cells(method, seed, seeds):
                    begun = time.monotonic()
                    rows[method, made, strategy, seed] = trained(cell, folder, scale)
                    took = time.monotonic() - begun
                    print(f"{cell.key}: {took:.0f} s", file=sys.stderr, flush=True)
        _write(rows, out)


def _write(rows: Mapping[tuple[str, str, str, int], list[dict[str, Any]]], out: Path) -> None:
    flat = [
        (*key, one["part"], one["item"], one["group"], one["label"], round(one["score"], 4))
        for key, many in rows.items()
        for one in many
    ]
    columns = dict(zip(COLUMNS, map(list, zip(*flat, strict=True)), strict=True))
    pq.write_table(pa.table(columns), out, compression="zstd")


def figures(stored: Path) -> Iterator[tuple[str, Row, dict[str, list[float]]]]:
    """Method, row, and for ``help`` and ``control`` the figures without and with, one for each
    seed of which all four are there."""
    scores: dict[tuple[str, str, str, str, int], list[tuple[str, int, float]]] = {}
    for one in pq.read_table(stored).to_pylist():
        key = (one["method"], one["set"], one["strategy"], one["part"], one["seed"])
        scores.setdefault(key, []).append((one["group"], one["label"], one["score"]))
    for method in dict.fromkeys(key[0] for key in scores):
        for row in ROWS:
            wanted = {
                f"{role} {'with' if how else 'without'}": (method, made, how, part)
                for role, made, part in (("help", row.made, row.part), ("control", *row.control))
                for how in ("", row.strategy)
            }
            seeds = sorted({key[4] for key in scores})
            seeds = [n for n in seeds if all((*key, n) in scores for key in wanted.values())]
            if seeds:
                yield (
                    method,
                    row,
                    {
                        name: [_figure(scores[(*key, n)], row.worst) for n in seeds]
                        for name, key in wanted.items()
                    },
                )


def _figure(rows: list[tuple[str, int, float]], worst: bool) -> float:
    """AUC of all, or of the group where it is lowest."""
    groups = sorted({group for group, _, _ in rows}) if worst else [""]
    return min(
        auc(np.array([label for name, label, _ in rows if not worst or name == group]),
            np.array([score for name, _, score in rows if not worst or name == group]))
        for group in groups
    )  # fmt: skip


def table(stored: Path) -> str:
    """The page: a table a method, computed from the scores."""
    lines = [_HEAD]
    last = ""
    for method, row, found in figures(stored):
        if method != last:
            lines += [
                "",
                f"## Around `{method}`",
                "",
                _COLUMNS,
                "|---|---|---|---|---|---|---|---|",
            ]
            last = method
        cells = [f"`{row.strategy}`", row.what + (" (worst group)" if row.worst else "")]
        for role in ("help", "control"):
            without, given = (np.array(found[f"{role} {how}"]) for how in ("without", "with"))
            cells += [_spread(without), _spread(given), _verdict(given - without)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


_COLUMNS = (
    "| strategy | where it should help | without | with | difference | control: without | with "
    "| difference |"
)


def _spread(values: np.ndarray) -> str:
    return f"{values.mean():.3f} ± {values.std(ddof=1) if len(values) > 1 else 0:.3f}"


def _verdict(apart: np.ndarray) -> str:
    """Mean difference, and in how many seeds it is above nothing."""
    return f"{apart.mean():+.3f} ({int((apart > 0).sum())} of {len(apart)})"


_HEAD = """# Strategies: where they help, and where not

Written by `python benchmarks/strategies.py` from the scores in `strategies.parquet`.
Figures are AUCs (of the group that is judged worst where it says so), mean and deviation over
seeds, each with pictures drawn anew; in brackets, in how many seeds the strategy was better.
The control is a set without the fault, or another test of the same run. Trainings are short
(480 samples for MesoNet, else 960; made faces of 64 pixels, for `fsts` pages of text of 112; 64
test items) and settings the usual ones but for `fsfm` and `object-jitter`, so that small
differences say nothing, and a strategy that does not help here may help elsewhere. How loud marks
are and how long is trained was chosen by runs without any strategy."""


def main() -> None:
    """Run, or print the table."""
    asked = argparse.ArgumentParser(description=__doc__)
    verbs = asked.add_subparsers(dest="verb", required=True)
    one = verbs.add_parser("run")
    one.add_argument("folder", type=Path)
    one.add_argument("--out", type=Path, required=True)
    one.add_argument("--methods", nargs="+", choices=sorted(SIZES), default=list(SIZES)[::-1])
    one.add_argument("--seeds", type=int, default=SEEDS)
    one.add_argument("--scale", type=float, default=1.0, help="of pictures and samples")
    verbs.add_parser("table").add_argument("stored", type=Path)
    given = asked.parse_args()
    if given.verb == "table":
        print(table(given.stored))
    else:
        run(given.folder, given.out, given.methods, given.seeds, given.scale)


if __name__ == "__main__":
    main()
