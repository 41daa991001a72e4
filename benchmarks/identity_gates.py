"""The gates of docs/identity.md, section "Recognisability".

python benchmarks/identity_gates.py --lfw lfw-deepfunneled   # measure anew and fit
python benchmarks/identity_gates.py                          # tables from the stored rows
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from unmask.bench.identity import media
from unmask.bench.identity.gates import (
    Degraded,
    as_rows,
    centre_of,
    collect,
    fit_forest,
)
from unmask.bench.identity.page import fill
from unmask.bench.identity.rows import read_rows, write_rows
from unmask.bench.statistics import auc_interval
from unmask.faces.recognise import FEATURES, FILE, read_gates
from unmask.identity.cards import card_path, operating
from unmask.metrics.detection import auc

HOME = Path(__file__).resolve().parents[1]
ROWS = HOME / "results" / "identity" / "face_gates.parquet"
CENTRE = ROWS.with_name("face_gates_centre.npy")
GATES = card_path("face_identity").with_name(FILE)
KEPT = 0.95
"""Share of the faces that still match which each gate must let through (calibration half)."""


def fit(rows: list[Degraded], centre: np.ndarray) -> None:
    """Fit the forest and both thresholds on the calibration half and write the gates."""
    limit = operating("face_identity").threshold(0.01)
    forest = fit_forest(rows, limit)
    own = [row for row in rows if row.half == "calibration" and row.score <= limit]
    match = forest.predict(np.array([row.seen for row in own], np.float32))
    index = np.array([row.index for row in own])
    least = np.quantile(match, 1 - KEPT), np.quantile(index, 1 - KEPT)
    np.savez_compressed(
        GATES,
        first=forest.first,
        feature=forest.feature.astype(np.int8),
        threshold=forest.threshold,
        left=forest.left.astype(np.int16),
        right=forest.right.astype(np.int16),
        value=forest.value.astype(np.float16),
        centre=centre,
        least=np.array(least, np.float32),
    )


def tables(rows: list[Degraded]) -> str:
    """What each gate is worth on the test half."""
    limit = operating("face_identity").threshold(0.01)
    gates = read_gates(GATES)
    test = [row for row in rows if row.half == "test"]
    seen = np.array([row.seen for row in test], np.float32)
    wrong = np.array([row.score > limit for row in test])
    who = [row.identity for row in test]
    worth = {
        "forest": gates.forest.predict(seen),
        "index": np.array([row.index for row in test]),
        **{name: seen[:, FEATURES.index(name)] for name in ("height", "sharpness", "confidence")},
        "facing (turn)": -seen[:, FEATURES.index("turn")],
    }
    worth["forest and index"] = _rank(worth["forest"]) + _rank(worth["index"])
    lines = [
        f"{len(test)} degraded photos of {len(set(who))} people of the test half; "
        f"{100 * wrong.mean():.1f} % of them no longer match their person's other photo at the "
        "threshold of 1 %.",
        "",
        "| measure | AUC of predicting a failed match | failed after discarding 10 % | 20 % | 30 % "
        "| 50 % |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    areas = {name: auc(wrong.astype(int), -value) for name, value in worth.items()}
    for name, area in sorted(areas.items(), key=lambda pair: -pair[1]):
        low, high = auc_interval(wrong.astype(int), -worth[name], who)
        cells = " | ".join(_left(worth[name], wrong, share) for share in (0.1, 0.2, 0.3, 0.5))
        lines.append(f"| {name} | {area:.3f} ({low:.3f}–{high:.3f}) | {cells} |")
    passed = (worth["forest"] >= gates.least_match) & (worth["index"] >= gates.least_index)
    lines += [
        "",
        f"At the shipped thresholds (forest {gates.least_match:.2f}, index "
        f"{gates.least_index:.2f}) {100 * passed.mean():.0f} % pass; of these "
        f"{100 * wrong[passed].mean():.1f} % fail to match, of the refused "
        f"{100 * wrong[~passed].mean():.1f} %. Of the faces that would match "
        f"{100 * passed[~wrong].mean():.1f} % pass.",
        "",
        "| face height | photos | no match | refused by the gates |",
        "|---|---:|---:|---:|",
    ]
    height = np.exp2(seen[:, FEATURES.index("height")])
    for low, high in ((0, 16), (16, 24), (24, 32), (32, 48), (48, 64), (64, 400)):
        here = (height >= low) & (height < high)
        if here.any():
            lines.append(
                f"| {low}–{high} px | {here.sum()} | {100 * wrong[here].mean():.1f} % | "
                f"{100 * (~passed)[here].mean():.1f} % |"
            )
    return "\n".join(lines)


def _rank(values: np.ndarray) -> np.ndarray:
    return np.argsort(np.argsort(values)) / len(values)


def _left(quality: np.ndarray, wrong: np.ndarray, share: float) -> str:
    """The share of failed matches left when the worst share of photos is discarded."""
    order = np.argsort(quality, kind="stable")
    return f"{100 * wrong[order[round(share * len(order)) :]].mean():.1f} %"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lfw", type=Path, help="measure anew on this folder of LFW")
    parser.add_argument("--people", type=int, default=500)
    parser.add_argument("--draws", type=int, default=4)
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--fit", action="store_true", help="fit again on the stored rows")
    given = parser.parse_args()
    if given.lfw:
        photos = media.lfw(given.lfw, given.people)
        found = collect(photos, given.draws, given.processes)
        centre = centre_of(found)
        rows = as_rows(found, centre)
        write_rows(ROWS, rows)
        np.save(CENTRE, centre)
        fit(rows, centre)
    elif given.fit:
        fit(read_rows(ROWS, Degraded), np.load(CENTRE))
    fill("recognisability", tables(read_rows(ROWS, Degraded)))


if __name__ == "__main__":
    main()
