"""What a person meets: the verdicts of whole scans on a split that no model was trained on.

Every file of a split goes through the command line as it would at anybody's: all analyzers, the
fusion, the operating point. The table counts the verdicts by source::

    python benchmarks/verdicts.py --data DATA                 # the split dev, at --fpr 0.01
    python benchmarks/verdicts.py --data DATA --write         # and store it as results/verdicts.md

``flagged`` of a real row is the false-positive rate of the verdict, with the Wilson interval over
groups: files of one person or utterance count as one, flagged if any of them is.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scipy.stats import binomtest

from unmask.types import FLAGGED, Label

PAGE = Path(__file__).resolve().parents[1] / "results" / "verdicts.md"
HEAD = """# Verdicts of whole scans

{what}, written by
`benchmarks/verdicts.py --data DATA --split {split} --fpr {fpr} --write`; the data are those of the
model cards. No model was trained or calibrated on the development split, but other files of its
sources were there. *Flagged* of the real rows has the 95 % Wilson interval over groups.

"""


@dataclass(frozen=True, slots=True)
class Said:
    """The verdict on one file (empty: it could not be judged)."""

    kind: str
    source: str
    label: str
    group: str
    verdict: str


def scanned(folder: Path, rows: Sequence[dict[str, str]], fpr: float, jobs: int) -> list[Said]:
    """Scan the files of some rows of a manifest with the command line."""
    wanted = {str((folder / row["path"]).resolve()): row for row in rows}
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "rows.jsonl"
        command = [sys.executable, "-m", "unmask", "scan", "--jsonl", str(out), "--jobs", str(jobs)]
        command += ["--fpr", str(fpr), *wanted]
        subprocess.run(command, check=False)
        records = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    found = []
    for record in records:
        failed = "error" in record
        path = record["path"] if failed else record["media"]["path"]
        row = wanted[str(Path(path).resolve())]
        verdict = "" if failed else record["verdict"]["label"]
        names = row["kind"], row["source"], row["label"], row.get("group") or row["path"]
        found.append(Said(*names, verdict))
    return found


def table(found: Sequence[Said]) -> str:
    """Counts by kind, label and source; of the reals the worst row first, of the fakes too."""
    rows: dict[tuple[str, str, str], list[Said]] = defaultdict(list)
    for one in found:
        rows[one.label, one.kind, one.source].append(one)
        rows[one.label, one.kind, f"**all {one.kind}s**"].append(one)
    lines = [
        "| kind | label | source | files | flagged | inconclusive | clear | not judged |",
        "|---|---|---|---:|---:|---:|---:|---:|",
    ]

    def flagged(some: Sequence[Said]) -> float:
        return sum(one.verdict in FLAGGED for one in some) / len(some)

    def order(item: tuple[tuple[str, str, str], list[Said]]) -> tuple[bool, str, bool, float]:
        (label, kind, source), some = item
        real = label == "real"
        return not real, kind, source.startswith("**"), -flagged(some) if real else flagged(some)

    for (label, kind, source), some in sorted(rows.items(), key=order):
        share = f"{flagged(some):.1%}"
        if label == "real":
            groups: dict[str, bool] = defaultdict(bool)
            for one in some:
                groups[one.group] |= one.verdict in FLAGGED
            tested = binomtest(sum(groups.values()), len(groups))
            share += " ({:.1%}–{:.1%})".format(*tested.proportion_ci(method="wilson"))
        rest = [
            sum(one.verdict == verdict for one in some)
            for verdict in (Label.INCONCLUSIVE, Label.NO_SIGN, "")
        ]
        cells = [kind, label, source, str(len(some)), share, *map(str, rest)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    """Scan, count, print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--fpr", type=float, default=0.01)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"store the table as {PAGE.name}")
    chosen = parser.parse_args()
    manifest = (chosen.data / "manifest.jsonl").read_text(encoding="utf-8")
    rows = [json.loads(line) for line in manifest.splitlines()]
    rows = [row for row in rows if row["split"] == chosen.split]
    found = scanned(chosen.data, rows, chosen.fpr, chosen.jobs)
    said = table(found)
    print(said)
    if chosen.write:
        what = f"{len(found)} files of the split {chosen.split!r} at `--fpr {chosen.fpr:g}`"
        head = HEAD.format(what=what, split=chosen.split, fpr=f"{chosen.fpr:g}")
        PAGE.write_text(f"{head}{said}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
