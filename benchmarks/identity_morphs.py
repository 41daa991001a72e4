"""The morph checks of docs/identity.md, section "Morphs".

python benchmarks/identity_morphs.py --data DIR --london london_info.csv   # make, measure, fit
python benchmarks/identity_morphs.py                            # tables from the stored rows
"""

from __future__ import annotations

import argparse
import csv
import datetime
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from unmask.bench.identity.morphs import (
    CONDITIONS,
    HONEST,
    SPLICED,
    WHOLE,
    Suspect,
    fit_differential,
    people,
    suspects,
)
from unmask.bench.identity.page import fill
from unmask.bench.identity.rows import read_rows, write_rows
from unmask.bench.own.calibrate import fit_operating
from unmask.bench.own.edit import write_operating
from unmask.bench.statistics import mean_interval
from unmask.cards.card import Operating, read_card
from unmask.identity.cards import card_path
from unmask.identity.morph import CARD, FILE, LIVE, TWO, two_score
from unmask.metrics.detection import auc, eer
from unmask.metrics.predictions import Prediction

HOME = Path(__file__).resolve().parents[1]
ROWS = HOME / "results" / "identity" / "face_morphs.parquet"
CLAIM = "face-manipulated"
TITLES = {TWO: "Two people match", LIVE: "Against a live picture"}


def scores(rows: Sequence[Suspect], output: str) -> np.ndarray:
    """What a shipped check says of rows."""
    if output == TWO:
        return np.array([two_score(row.second) for row in rows])
    with np.load(card_path(CARD).with_name(FILE), allow_pickle=False) as file:
        return np.array([row.seen for row in rows]) @ file["weight"] + float(file["bias"])


def calibrate(rows: Sequence[Suspect]) -> None:
    """Fit the differential check and the operating rows of both on the calibration half."""
    own = [row for row in rows if row.half == "calibration"]
    weight, bias, unseen = fit_differential(rows)
    np.savez(card_path(CARD).with_name(FILE), weight=weight, bias=np.float32(bias))
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    fitted = []
    for output, values in ((TWO, scores(own, TWO)), (LIVE, unseen)):
        predictions = [
            Prediction(
                item_id=f"{row.first}|{row.second_person}|{row.kind}",
                media_id=row.first,
                group=row.first,
                source="London",
                label=row.label,
                family=row.kind,
                claim=CLAIM,
                protocol="calibration",
                condition=row.condition,
                score=float(value),
            )
            for row, value in zip(own, values, strict=True)
        ]
        fitted.append(fit_operating(predictions, output, CLAIM, today))
    write_operating(card_path(CARD), fitted)


def table(rows: Sequence[Suspect], operating: Operating) -> str:
    """One check on the test half."""
    said = scores(rows, operating.output)
    kinds = np.array([row.kind for row in rows])
    condition = np.array([row.condition for row in rows])
    labels = np.array([row.label for row in rows])
    who = np.array([row.first for row in rows])
    lines = [
        f"**{TITLES[operating.output]}** (test half)",
        "",
        "| morph | condition | morphs / honest | AUC | EER | honest flagged at 5 % | morphs missed "
        "at 5 % | honest flagged at 1 % | morphs missed at 1 % |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for kind in (WHOLE, SPLICED):
        for one in CONDITIONS:
            here = np.isin(kinds, (kind, HONEST)) & (condition == one)
            own, value, group = labels[here], said[here], who[here]
            cells = []
            for rate in (0.05, 0.01):
                over = value > operating.threshold(rate)
                cells.append(_rate(over[own == 0], group[own == 0]))
                cells.append(_rate(~over[own == 1], group[own == 1]))
            lines.append(
                f"| {kind} | {one} | {(own == 1).sum()} / {(own == 0).sum()} | "
                f"{auc(own, value):.3f} | {100 * eer(own, value):.1f} % | {' | '.join(cells)} |"
            )
    return "\n".join(lines)


def plain_distance(rows: Sequence[Suspect]) -> str:
    """How the classifier compares with the distance alone, and with more references."""
    labels = np.array([row.label for row in rows])
    with_distance = auc(labels, np.array([row.seen[0] for row in rows]))
    learnt = auc(labels, scores(rows, LIVE))
    two = auc(labels, scores(rows, TWO))
    among = auc(labels, np.array([two_score(row.among) for row in rows]))
    return (
        f"Over all conditions and both kinds: against a live picture AUC {learnt:.3f} (the "
        f"distance alone {with_distance:.3f}); two people {two:.3f}, and {among:.3f} when the "
        "references are all people of the half instead of the pair."
    )


def _rate(values: np.ndarray, groups: np.ndarray) -> str:
    low, high = mean_interval(values.astype(float), groups.tolist())
    return f"{100 * values.mean():.1f} % ({100 * low:.1f}–{100 * high:.1f})"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, help="make morphs anew from the set in this folder")
    parser.add_argument("--london", type=Path, help="london_info.csv: for pairs of one gender")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--fit", action="store_true", help="fit again on the stored rows")
    given = parser.parse_args()
    if given.data:
        genders = {}
        if given.london:
            with given.london.open(encoding="utf-8", newline="") as file:
                genders = {
                    f"frll:{int(row['face_id']):03d}": row["face_gender"]
                    for row in csv.DictReader(file)
                }
        everybody = people(given.data, genders)
        write_rows(ROWS, suspects(everybody, processes=given.processes))
    rows = read_rows(ROWS, Suspect)
    if given.data or given.fit:
        calibrate(rows)
    test = [row for row in rows if row.half == "test"]
    parts = [table(test, row) for row in read_card(card_path(CARD)).operating]
    fill("morphs", "\n\n".join([*parts, plain_distance(test)]))


if __name__ == "__main__":
    main()
