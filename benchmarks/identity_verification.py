"""The tables of docs/identity.md, section "Verification", from the stored pairs and nothing else.

python benchmarks/identity_verification.py               # write the tables again
python benchmarks/identity_verification.py --calibrate   # fit the cards' operating rows first
"""

from __future__ import annotations

import argparse
import datetime
from collections.abc import Sequence
from pathlib import Path

from unmask.bench import identity_figures as figures
from unmask.bench.calibrate import fit_operating
from unmask.bench.edit import write_operating
from unmask.bench.identity_pairs import CALIBRATION, Pair, as_predictions, read_pairs
from unmask.bench.identity_roc import roc
from unmask.detectors.card import Operating, read_card
from unmask.identity.cards import MEAN, NAMES, PAIR, card_path

HOME = Path(__file__).resolve().parents[1]
STORED, PAGE = HOME / "results" / "identity", HOME / "docs" / "identity.md"
CLAIMS = {"face_identity": "face-identity", "voice_identity": "voice-identity"}
TITLES = {"face_identity": "Faces", "voice_identity": "Voices"}
WHAT = {
    PAIR: "One against one",
    MEAN: "One against the mean of four recordings",
}


def calibrate(name: str, rows: Sequence[Pair]) -> None:
    """Fit and write the operating rows of a card on the calibration half."""
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    fitted = []
    for output in (PAIR, MEAN):
        own = [row for row in rows if row.output == output and row.half == CALIBRATION]
        if own:
            predictions = as_predictions(own, CLAIMS[name])
            fitted.append(fit_operating(predictions, output, CLAIMS[name], today))
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
            "All of these together, at other thresholds:",
            figures.by_rate(own, operating),
        ]
        if operating.output == PAIR:
            picture = f"{name}_roc.svg"
            (STORED / picture).write_text(roc(own, picture), encoding="utf-8")
            parts += [
                f"![Verification ROC of {TITLES[name].lower()}](../results/identity/{picture})",
                "By group, clean:",
                figures.by_group(own, operating),
            ]
    return "\n\n".join(parts)


def fill(mark: str, text: str) -> None:
    """Put text between the two marks of a section of the page."""
    begin, end = f"<!-- {mark} -->", f"<!-- end of {mark} -->"
    before, rest = PAGE.read_text(encoding="utf-8").split(begin, 1)
    _, after = rest.split(end, 1)
    PAGE.write_text(f"{before}{begin}\n\n{text}\n\n{end}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calibrate", action="store_true")
    given = parser.parse_args()
    parts = []
    for name in NAMES:
        rows = read_pairs(STORED / f"{name}.parquet")
        if given.calibrate:
            calibrate(name, rows)
        parts.append(section(name, rows, read_card(card_path(name)).operating))
    fill("verification", "\n\n".join(parts))


if __name__ == "__main__":
    main()
