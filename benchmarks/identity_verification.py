"""The tables of docs/identity.md, section "Verification", from the stored pairs and nothing else.

python benchmarks/identity_verification.py               # write the tables again
python benchmarks/identity_verification.py --calibrate   # fit the cards' operating rows first
"""

from __future__ import annotations

import argparse
import datetime
import math
from collections.abc import Sequence
from pathlib import Path

from unmask.bench.identity import figures
from unmask.bench.identity.page import fill
from unmask.bench.identity.pairs import CALIBRATION, Pair, as_predictions
from unmask.bench.identity.roc import roc
from unmask.bench.identity.rows import read_rows
from unmask.bench.own.calibrate import fit_operating
from unmask.bench.own.edit import write_operating
from unmask.cards.card import Operating, read_card
from unmask.identity.cards import MEAN, PAIR, card_path

HOME = Path(__file__).resolve().parents[1]
STORED = HOME / "results" / "identity"
CLAIMS = {"face_identity": "face-identity", "voice_identity": "voice-identity"}
TITLES = {"face_identity": "Faces", "voice_identity": "Voices"}
WITHIN = {
    "face_identity": ("clean", "jpeg:50", "small:64", "blur:2"),
    "voice_identity": ("clean", "mp3:32", "opus:16"),
}
"""Conditions that the gates let through: calibration sees these."""
WHAT = {
    PAIR: "One against one",
    MEAN: "One against the mean of four recordings",
}


def calibrate(name: str, rows: Sequence[Pair]) -> None:
    """Fit and write the operating rows of a card on the calibration half."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    fitted = []
    for output in (PAIR, MEAN):
        own = [
            row
            for row in rows
            if row.output == output and row.half == CALIBRATION and row.condition in WITHIN[name]
        ]
        if own:
            predictions = as_predictions(own, CLAIMS[name])
            row = fit_operating(predictions, output, CLAIMS[name], today)
            # Strangers are many; what vouches for a ratio is people compared with themselves.
            people = len({pair.identity for pair in own if not pair.label})
            fitted.append(row.model_copy(update={"llr_limit": round(math.log(people), 3)}))
    write_operating(card_path(name), fitted)


def section(name: str, rows: Sequence[Pair], table: Sequence[Operating]) -> str:
    """The part of the page for faces or voices."""
    parts = [f"### {TITLES[name]}"]
    for operating in table:
        own = figures.tested(rows, operating.output)
        parts += [
            f"**{WHAT[operating.output]}** (test half, threshold of 1 %: distance "
            f"{operating.threshold(0.01):.3f}; llr = {operating.slope:.2f} × distance "
            f"{operating.offset:+.2f}, held within ± {operating.llr_limit:.2f})",
            figures.overall(own, operating),
            f"Together under {', '.join(WITHIN[name])}, at other thresholds:",
            figures.by_rate([row for row in own if row.condition in WITHIN[name]], operating),
        ]
        if operating.output == PAIR:
            parts += [
                f"![Verification ROC of {TITLES[name].lower()}](../results/identity/{_plot(name)})",
                "By group, clean:",
                figures.by_group(own, operating),
            ]
    return "\n\n".join(parts)


def draw(name: str, rows: Sequence[Pair]) -> None:
    """Write the ROC of a card."""
    text = roc(figures.tested(rows, PAIR), _plot(name))
    (STORED / _plot(name)).write_text(text, encoding="utf-8")


def _plot(name: str) -> str:
    return f"{name}_roc.svg"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibrate", action="store_true")
    given = parser.parse_args()
    parts = []
    for name in CLAIMS:
        rows = read_rows(STORED / f"{name}.parquet", Pair)
        if given.calibrate:
            calibrate(name, rows)
        draw(name, rows)
        parts.append(section(name, rows, read_card(card_path(name)).operating))
    fill("verification", "\n\n".join(parts))


if __name__ == "__main__":
    main()
