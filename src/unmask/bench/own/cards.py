"""The tables of a model card, computed from stored predictions and nothing else."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unmask import metrics
from unmask.bench import statistics
from unmask.cards.card import Card, Operating
from unmask.errors import DataError
from unmask.metrics.predictions import Prediction, read_predictions

FPR = 0.01
"""The operating point that the tables speak about."""
GOOD_IOU = 0.5
GOOD_EDGE = 0.3
"""Seconds."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table."""

    name: str
    reals: int
    fakes: int
    auc: float
    eer: float
    tpr: float
    ece: float
    fpr: float
    low: float
    high: float

    @property
    def worst_first(self) -> float:
        """Rank: the lowest AUC first; without one, the highest false-positive rate."""
        if not math.isnan(self.auc):
            return self.auc
        return 2 - self.fpr if not math.isnan(self.fpr) else 3


def measure(name: str, rows: Sequence[Prediction], operating: Operating) -> Row:
    """All figures of one set of rows at the shipped operating point."""
    labels = np.array([row.label for row in rows])
    scores = np.array([row.score for row in rows], dtype=float)
    reals = [row for row in rows if row.label == 0]
    llrs = np.array([operating.llr(row.score) for row in rows])
    flagged = np.array([row.score > operating.threshold(FPR) for row in reals], dtype=float)
    low, high = statistics.mean_interval(flagged, [row.group for row in reals])
    return Row(
        name,
        len(reals),
        len(rows) - len(reals),
        metrics.auc(labels, scores),
        metrics.eer(labels, scores),
        metrics.tpr_at_fpr(labels, scores, FPR),
        metrics.ece(labels, llrs),
        float(flagged.mean()) if len(flagged) else float("nan"),
        low,
        high,
    )


def table(
    rows: Iterable[Prediction], operating: Operating, by: Callable[[Prediction], str]
) -> list[Row]:
    """One line a value of ``by``, worst first. Rows for which ``by`` is empty are left out.

    A set of fakes without reals of its own is measured against all reals that are given, and its
    name says so: such a figure may be the source and not the forgery.
    """
    rows = list(rows)
    parts: dict[str, list[Prediction]] = defaultdict(list)
    for row in rows:
        if key := by(row):
            parts[key].append(row)
    reals = [row for row in rows if row.label == 0]
    lines = []
    for name, part in parts.items():
        if all(row.label == 1 for row in part) and reals:
            lines.append(measure(f"{name} (against all reals)", part + reals, operating))
        else:
            lines.append(measure(name, part, operating))
    return sorted(lines, key=lambda line: line.worst_first)


def _band(age: str) -> str:
    """An age in years as its band; a band as it is."""
    if not age.isdigit():
        return age
    for last, band in ((17, "0-17"), (34, "18-34"), (59, "35-59")):
        if int(age) <= last:
            return band
    return "60+"


def _number(value: float, digits: int = 3) -> str:
    return "–" if math.isnan(value) else f"{value:.{digits}f}"


def _markdown(title: str, note: str, lines: Sequence[Row]) -> list[str]:
    if not lines:
        return []
    out = [
        f"### {title}",
        "",
        note,
        "",
        "| | reals | fakes | AUC | EER | TPR at 1 % FPR | ECE | FPR at shipped threshold (95 %) |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for line in lines:
        spread = "–" if math.isnan(line.fpr) else f"{line.fpr:.3f} ({line.low:.3f}–{line.high:.3f})"
        figures = [_number(v) for v in (line.auc, line.eer, line.tpr, line.ece)]
        name = line.name.replace("|", " against ")
        out.append(f"| {name} | {line.reals} | {line.fakes} | {' | '.join(figures)} | {spread} |")
    return [*out, ""]


def _localization(rows: Sequence[Prediction]) -> list[str]:
    if not rows:
        return []
    seconds = any(row.claim.startswith("voice") for row in rows)
    what = f"within {GOOD_EDGE} s" if seconds else f"IoU ≥ {GOOD_IOU}"
    out = [
        "### Where",
        "",
        "Made cases with a known place; the detector's README says which ways training has met. A"
        " case that was not marked at all counts as a miss.",
        "",
        f"| family | condition | cases | {what} | median | not marked |",
        "|---|---|---:|---:|---:|---:|",
    ]
    parts: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.label == 1:
            parts[row.family, row.condition].append(row.localization)
    for (family, condition), values in sorted(parts.items()):
        array = np.array(values, dtype=float)
        marked = np.isfinite(array)
        good = array[marked] <= GOOD_EDGE if seconds else array[marked] >= GOOD_IOU
        filled = np.where(marked, array, np.inf if seconds else 0.0)
        median = float(np.median(filled))
        shown = "–" if math.isinf(median) else f"{median:.2f}"
        share = good.sum() / len(array)
        out.append(
            f"| {family} | {condition} | {len(array)} | {share:.2f} | {shown} "
            f"| {1 - marked.mean():.2f} |"
        )
    return [*out, ""]


def sections(card: Card, rows: Sequence[Prediction]) -> list[str]:
    """The measured part of a card in Markdown, a section a claim."""
    out: list[str] = []
    for operating in card.operating:
        mine = [row for row in rows if row.claim == operating.claim]
        dev = [row for row in mine if row.protocol == "dev"]
        clean = [row for row in dev if row.condition == "clean"]
        lone = [row for row in mine if row.protocol.startswith("loso:")]
        control = [row for row in mine if row.protocol.startswith("real-vs-real:")]
        out += [f"## Claim: {operating.claim}", ""]
        out += _markdown(
            "Held-out source",
            "Trained again, on a shorter schedule, without this source.",
            table(lone, operating, lambda row: row.protocol.removeprefix("loso:")),
        )
        unseen = [row for row in mine if row.protocol == "unseen"]
        for title, by in (
            ("Unseen recordings and generators", lambda row: row.condition),
            ("Unseen generators, all conditions", lambda row: row.family if row.label else ""),
        ):
            out += _markdown(
                title, "None of them was met in training.", table(unseen, operating, by)
            )
        foreign = [row for row in mine if row.protocol == "foreign"]
        for title, by in (
            ("Home microphones and voices kept for a test", lambda row: row.source),
            ("Makers kept for a test", lambda row: row.family if row.label else ""),
        ):
            out += _markdown(
                title,
                "Whole recordings of microphones and voices that were never fitted on (of their "
                "generators others were). What has no real ones of its own stands against all of "
                "them.",
                table(foreign, operating, by),
            )
        out += _markdown(
            "Development split, by source",
            "Clean files; the shipped weights have seen other items of these sources.",
            table(clean, operating, lambda row: row.source),
        )
        out += _markdown(
            "Development split, by kind of forgery",
            "Against all reals of the split.",
            table(clean, operating, lambda row: row.family if row.label else ""),
        )
        out += _markdown(
            "Development split, after laundering",
            "Reals and fakes laundered alike.",
            table(dev, operating, lambda row: row.condition),
        )
        apart = table(control, operating, lambda row: row.protocol.removeprefix("real-vs-real:"))
        out += _markdown(
            "Real against real",
            "Two real sources; an AUC far from one half means that the score tells sources apart.",
            sorted(apart, key=lambda line: -abs(line.auc - 0.5)),
        )
        for title, by in (
            ("By gender", lambda row: row.gender),
            ("By age band", lambda row: _band(row.age_band)),
            ("By ethnicity", lambda row: row.ethnicity),
        ):
            out += _markdown(title, "Development split, all conditions.", table(dev, operating, by))
        placed = [row for row in mine if row.protocol == "localization"]
        if operating.claim == "voice-edited":
            out += _markdown(
                "A part laid in, by its making",
                "Against all recordings left alone and dialogues of two speakers, which are listed"
                " too; a scan looks for parts at a stricter threshold, half its rate or less.",
                table(placed, operating, lambda row: row.family),
            )
        out += _localization(placed)
    return out


def _power(card: Card) -> list[str]:
    """What would have been found, the least first."""
    if not card.power:
        return []
    rates = list(card.power[0].found)
    heads = " | ".join(f"found at {float(rate):g}" for rate in rates)
    lines = [
        "## Power: what would have been found",
        "",
        "Forged whole files of makers and sources that no model was trained on, judged with all "
        "that a scan runs by a rule that was fitted without their source (`results/verdicts`). "
        "This is what *no sign found* is worth.",
        "",
        f"| kind of forgery | in | quality | files | {heads} |",
        f"|---|---|---|---:|{'---:|' * len(rates)}",
    ]
    for row in sorted(card.power, key=lambda row: (row.found[rates[1]] / row.files, -row.files)):
        found = " | ".join(f"{row.found[rate] / row.files:.0%}" for rate in rates)
        lines.append(f"| {row.kind} | {row.media}s | {row.bucket} | {row.files} | {found} |")
    return [*lines, ""]


def stored(folder: Path) -> list[Prediction]:
    """All predictions of a detector's results folder. Raises DataError when there are none."""
    rows = [row for path in sorted(folder.glob("*.parquet")) for row in read_predictions(path)]
    if not rows:
        raise DataError(f"There are no predictions in {folder}. Run: unmask bench predict")
    return rows


def render(card: Card, rows: Sequence[Prediction]) -> str:
    """The whole card as Markdown."""
    weights, training = card.file(), card.training
    assert training  # a card with weights has it
    lines = [
        f"# {card.title} (`{card.name}` {card.version})",
        "",
        card.summary,
        "",
        f"- Weights: `{weights.file}`, {weights.bytes / 1e6:.1f} MB, "
        f"{weights.precision}, sha256 `{weights.sha256}`, {weights.licence}",
        f"- Recipe `{training.recipe}`, seed {training.seed}, {training.samples} samples, "
        f"{training.wall_seconds / 60:.0f} min on {training.machine}, {training.date}",
        f"- Data: {'; '.join(training.data)}",
        f"- Fakes: {'; '.join(training.fakes)}",
        "",
        "**Limits**",
        "",
        *[f"- {limit}" for limit in card.limits],
        "",
        "Tables: worst row first. AUC; EER (mode *interpolated*); TPR at 1 % FPR on the row's own "
        "reals; ECE (15 bins, classes weighted alike); FPR at the shipped threshold for 1 %, with "
        "a bootstrap interval over groups. Computed from the Parquet files beside this page by "
        "`unmask bench cards`.",
        "",
        *_power(card),
        *sections(card, rows),
    ]
    return "\n".join(lines).rstrip() + "\n"
