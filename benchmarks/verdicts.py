"""What a person meets: the verdicts on whole files, by the small models and with the encoder.

Everything is computed from the stored findings of whole scans (``unmask bench whole scan``)::

    python benchmarks/verdicts.py            # the tables
    python benchmarks/verdicts.py --write    # and store them as results/verdicts.md

*Alone*: the small models that come with unmask; else with the encoder as well, where it looks at
all (pictures and clips). The development split is judged by the shipped rule, which was fitted
without it; every source besides by a rule that was fitted without that source. What the head of
the encoder says of a file is said by one that met nothing of its source (``bench whole encode``).
"""

from __future__ import annotations

import argparse
import math
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import binomtest

from unmask.bench.whole.encoded import NAME, read_signs, with_encoder
from unmask.bench.whole.evaluation import LeftOut, answer, read_left_out
from unmask.bench.whole.fitting import encoded, judged
from unmask.bench.whole.rows import FileRow, read_rows
from unmask.decision.rule import MARKED, shipped_rule
from unmask.metrics.calibration import cllr
from unmask.types import FLAGGED, Label

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "results" / "verdicts.md"
STORED = ROOT / "results" / "verdicts"
FPR = 0.01
KINDS = ("image", "video", "audio")
MANY = 100
"""Authentic files from which on a source is told of by itself."""
SHOWN = 4
"""Such sources that are named."""
HEAD = """# Verdicts on whole files

{files:,} files ({encoded:,} of them seen by the encoder), scanned as a person would; written by
`python benchmarks/verdicts.py --write` from the findings in `results/verdicts` (`unmask bench whole
make`, `scan`, `encode`, `fit`). Operating point {fpr:.0%}. *Alone*: the small models that come with
unmask, without the encoder; of recordings both are the same. The encoder's head met nothing of the
source that it judges. Intervals: Wilson, 95 %, over groups (people, photographs, utterances). Worst
row first. `made` rows: photographs scaled and saved by us, both classes alike; `filmed`: portraits
before a made camera.

"""


@dataclass(frozen=True, slots=True)
class Said:
    """One file, its verdict under a rule, and the likelihood ratio (``None``: not judged)."""

    row: FileRow
    label: str
    llr: float | None


def now(row: FileRow, result: LeftOut | None) -> Said:
    """The verdict as the decision gives it."""
    if row.settled:
        return Said(row, row.settled, None)
    if result is None:
        return Said(row, Label.INCONCLUSIVE, None)
    if result.surprise > -math.log(FPR):
        return Said(row, Label.MANIPULATED, result.llr)
    look = result.surprise > -math.log(MARKED) or row.doubt or bool(row.withheld)
    return Said(row, Label.INCONCLUSIVE if look else Label.NO_SIGN, result.llr)


def counted(pairs: Sequence[tuple[Said, Said]]) -> str:
    """Counts by kind, label and source or kind of forgery, alone and with the encoder."""
    parts: dict[tuple[str, str, str], list[tuple[Said, Said]]] = defaultdict(list)
    for pair in pairs:
        row = pair[0].row
        made = " (made)" if row.condition not in ("as found", "filmed") else ""
        name = row.family if row.forged else row.source
        parts[row.label, row.kind, f"{name}{made}"].append(pair)
        parts[row.label, row.kind, f"**all {row.kind}s**"].append(pair)
    lines = [
        "| kind | label | source or kind of forgery | files | judged | flagged alone | flagged "
        "| look here alone | look here | no sign alone | no sign | over one half |",
        "|---|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]

    def order(item: tuple[tuple[str, str, str], list[tuple[Said, Said]]]) -> tuple[object, ...]:
        (label, kind, name), some = item
        share = flagged([new for _, new in some])
        return label == "fake", kind, name.startswith("**"), -share if label == "real" else share

    for (label, kind, name), some in sorted(parts.items(), key=order):
        able = [pair for pair in some if pair[1].llr is not None or pair[1].row.settled]
        cells = [kind, label, name, str(len(some)), str(len(able))]
        if able:
            old, new = [pair[0] for pair in able], [pair[1] for pair in able]
            cells += [f"{flagged(old):.1%}", f"{flagged(new):.1%}{interval(new)}"]
            for label_ in (Label.INCONCLUSIVE, Label.NO_SIGN):
                cells += [f"{share(rows, label_):.1%}" for rows in (old, new)]
            over = np.mean([(one.llr or 0.0) > 0 for one in new])
            cells.append(f"{over:.0%}")
        else:
            cells += ["–"] * 7
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def flagged(some: Sequence[Said]) -> float:
    """The share flagged."""
    return sum(one.label in FLAGGED for one in some) / max(1, len(some))


def share(some: Sequence[Said], label: Label) -> float:
    """The share with a label."""
    return sum(one.label == label for one in some) / len(some)


def interval(some: Sequence[Said]) -> str:
    """The Wilson interval over groups; a group counts as flagged if any file of it is."""
    groups: dict[str, bool] = defaultdict(bool)
    for one in some:
        groups[one.row.group] |= one.label in FLAGGED
    low, high = binomtest(sum(groups.values()), len(groups)).proportion_ci(method="wilson")
    return f" ({low:.1%}–{high:.1%})"


def cost(pairs: Sequence[tuple[Said, Said]], which: int) -> float:
    """Cllr in bits alone (0) or with the encoder (1); 1 says nothing."""
    labels = np.array([int(pair[0].row.forged) for pair in pairs])
    return cllr(labels, np.array([pair[which].llr or 0.0 for pair in pairs]))


def costs(pairs: Sequence[tuple[Said, Said]]) -> str:
    """Cllr of each kind of forgery against all authentic files of its medium."""
    lines = ["| kind | forgery | files | Cllr alone | Cllr |", "|---|---|---:|---:|---:|"]
    rows = []
    for kind in KINDS:
        mine = [p for p in pairs if p[0].row.kind == kind and None not in (p[0].llr, p[1].llr)]
        reals = [p for p in mine if not p[0].row.forged]
        for family in sorted({p[0].row.family for p in mine if p[0].row.forged}):
            fakes = [p for p in mine if p[0].row.family == family]
            if not reals:
                continue
            both = [cost([*reals, *fakes], which) for which in (0, 1)]
            rows.append(
                (both[1], f"| {kind} | {family} | {len(fakes)} | {both[0]:.3f} | {both[1]:.3f} |")
            )
    return "\n".join(lines + [line for _, line in sorted(rows, reverse=True)])


def short(pairs: Sequence[tuple[Said, Said]]) -> str:
    """What of the files that no fact settled is flagged, by kind of forgery and how it was made."""
    able = [p for p in pairs if p[0].row.part != "dev" and not p[0].row.settled]
    known = [p for p in able if p[1].llr is not None]
    reals = [p[1] for p in known if not p[0].row.forged]
    heard = [one for one in reals if one.row.kind == "audio"]
    by_source: dict[str, list[Said]] = defaultdict(list)
    for one in reals:
        by_source[one.row.source].append(one)
    worst = sorted(
        ((flagged(some), source, some) for source, some in by_source.items() if len(some) >= MANY),
        key=lambda one: -one[0],
    )
    lines = [
        "Every source by a rule fitted without it; the development split and files that a fact",
        "settled are left out.\n",
        f"Of {len(reals):,} authentic files that could be judged {flagged(reals):.1%} are flagged "
        f"and {share(reals, Label.INCONCLUSIVE):.1%} inconclusive; of {len(heard)} recordings "
        f"{flagged(heard):.1%} are flagged. Sources with {MANY} files and more, worst first:\n",
    ]
    for rate, source, some in worst[:SHOWN]:
        hits = sum(one.label in FLAGGED for one in some)
        mute = sum(p[1].llr is None and p[0].row.source == source for p in able)
        beside = f", and {mute} could not be judged" if mute else ""
        lines.append(f"- {source}: {rate:.1%} ({hits} of {len(some)}{beside})")
    lines += ["", "| kind | forgery | made how | files | flagged alone | flagged |"]
    lines += ["|---|---|---|---:|---:|---:|"]
    parts: dict[tuple[str, str, str], list[tuple[Said, Said]]] = defaultdict(list)
    for pair in known:
        if (row := pair[0].row).forged:
            parts[row.kind, row.family, made_how(row)].append(pair)
    for name, some in sorted(parts.items()):
        cells = [flagged([pair[which] for pair in some]) for which in (0, 1)]
        lines.append(f"| {' | '.join(name)} | {len(some)} | {cells[0]:.1%} | {cells[1]:.1%} |")
    return "\n".join(lines)


def made_how(row: FileRow) -> str:
    """How a forged file came to be what it is."""
    if row.kind == "audio":
        return "all"
    if row.condition.startswith("own size"):
        return "a JPEG edited and saved again"
    return row.condition if row.condition in ("as found", "filmed") else "scaled and saved once"


def page() -> str:
    """All tables."""
    rows = [row for row in read_rows(STORED / "files.parquet") if not row.error]
    signs = read_signs(STORED / NAME)
    looked = {row.item: row for row in with_encoder(rows, STORED)[len(rows) :]}
    rule, apart = shipped_rule(), read_left_out(STORED / "left_out.parquet")
    able = set(judged([*rows, *looked.values()]))

    def shipped(row: FileRow) -> LeftOut | None:
        return answer(row, rule) if row in able else None

    def without(row: FileRow) -> LeftOut | None:
        return apart.get((row.item, encoded(row)))

    def both(
        mine: list[FileRow], by: Callable[[FileRow], LeftOut | None]
    ) -> list[tuple[Said, Said]]:
        seen = ((row, looked.get(row.item, row)) for row in mine)
        return [(now(row, by(row)), now(with_, by(with_))) for row, with_ in seen]

    dev = both([row for row in rows if row.part == "dev"], shipped)
    every = both(rows, without)
    text = [HEAD.format(files=len(rows), encoded=len(signs), fpr=FPR)]
    text += [f"## In short\n\n{short(every)}\n"]
    for title, pairs in (
        ("Development split, by the shipped rule", dev),
        ("Every source, by a rule fitted without it", every),
    ):
        text += [f"## {title}\n", counted(pairs), "\n### What the likelihood ratios cost\n"]
        text += [costs(pairs), ""]
    return "\n".join(text)


def main() -> None:
    """Compute, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help=f"store them as {PAGE.name}")
    chosen = parser.parse_args()
    said = page()
    print(said)
    if chosen.write:
        PAGE.write_text(f"{said.rstrip()}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
