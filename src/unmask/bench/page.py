"""A protocol's tables in Markdown."""

from __future__ import annotations

import math
from collections.abc import Sequence

from unmask.bench.attack_table import attack_tables
from unmask.bench.budget import form, told
from unmask.bench.fairness import Fairness
from unmask.bench.markdown import grid
from unmask.bench.perturb import CLEAN, perturbed
from unmask.bench.protocol import Protocol
from unmask.bench.table import Cell, Line
from unmask.metrics.named import measure
from unmask.metrics.outcomes import Outcomes


def number(cell: Cell) -> str:
    """A figure with its interval where it has one; a dash where it does not exist."""
    if math.isnan(cell.value):
        return "–"
    if math.isnan(cell.low):
        return f"{cell.value:.3f}"
    return f"{cell.value:.3f} ({cell.low:.3f}–{cell.high:.3f})"


def _rows(protocol: Protocol, lines: Sequence[Line], parted: bool) -> list[str]:
    if not lines:
        return []
    measures = [measure(spec) for spec in protocol.metrics]
    head = ["test", *(["part"] if parted else []), "detector", "reals", "fakes"]
    head += [what.title for what in measures]
    rows = []
    for line in lines:
        words = [line.test, *([line.part] if parted else []), line.detector]
        gone = f" (+{line.left_out} not judged)" if line.left_out else ""
        figures = [number(line.cells[what.spec]) for what in measures]
        rows.append([*words, str(line.reals), f"{line.fakes}{gone}", *figures])
    return grid(head, rows, 3 if parted else 2)


def tables(protocol: Protocol, lines: Sequence[Line], by: str = "") -> list[str]:
    """Held-out tests, known sources and perturbed tests, worst first in each.

    ``by``: what the lines are split by, to be said in the headings.
    """
    parted = any(line.part for line in lines)
    clean = [line for line in lines if line.condition == CLEAN]
    parts = (
        ("Held out", "Nothing of these sources is in the protocol's training.", True),
        ("Known sources", "Other items of these sources are in the protocol's training.", False),
    )
    out: list[str] = []
    for title, note, held in parts:
        rows = _rows(protocol, [line for line in clean if line.held_out is held], parted)
        head = f"### {title}, by {by}" if by else f"### {title}"
        out += [head, "", note, "", *rows] if rows else []
    if not parted:
        out += _perturbed(protocol, lines)
    return out


def _perturbed(protocol: Protocol, lines: Sequence[Line]) -> list[str]:
    """One figure a test, detector and condition: the one that ranks."""
    changed = [line for line in lines if perturbed(line.condition)]
    if not changed:
        return []
    conditions = sorted({line.condition for line in changed})
    spec = measure(protocol.primary).spec
    figures = {(line.test, line.detector, line.condition): line for line in changed}
    rows = []
    for test, detector in dict.fromkeys((line.test, line.detector) for line in changed):
        found = [figures.get((test, detector, name)) for name in conditions]
        rows.append([test, detector, *(_moved(line, spec) for line in found)])
    note = (
        f"{measure(protocol.primary).title} after a perturbation, with its severity of 1 to 5, "
        "and in brackets how far it moved from that of the very same items when clean."
    )
    return ["### Perturbed", "", note, "", *grid(["test", "detector", *conditions], rows, 2)]


def _moved(line: Line | None, spec: str) -> str:
    if line is None or math.isnan(line.cells[spec].value):
        return "–"
    value = line.cells[spec].value
    if math.isnan(line.unperturbed):
        return f"{value:.3f}"
    return f"{value:.3f} ({value - line.unperturbed:+.3f})"


def origin(outcomes: Outcomes) -> str:
    """One line on a detector's weights."""
    about = outcomes.about
    how = about.get("origin")
    if how == "trained":
        departs = told(about)
        text = (
            f"trained under this protocol, **{form(about)}**, seed {about['seed']}, "
            f"{about['train_seconds'] / 60:.0f} min{f'; {departs}' if departs else ''}"
        )
    elif how == "shipped":
        text = "comes with unmask: its weights may have seen these sources"
    else:
        text = f"given weights ({about.get('file', 'a file')}): they may have seen these sources"
    variant = about.get("variant", "default")
    shown = f", variant {variant}" if variant != "default" else ""
    left = sum(about.get("left_out", {}).values())
    gone = f"; {left} items could not be judged" if left else ""
    return f"- `{outcomes.detector}`{shown}: {text}; sha256 `{about['weights'][:12]}`{gone}"


def footer(protocol: Protocol, everything: Sequence[Outcomes]) -> list[str]:
    """How the figures were computed and what the weights are."""
    threshold = (
        "the logit 0" if protocol.threshold == "fixed" else "where validation is balanced best"
    )
    aggregate = (
        "each item counts by itself"
        if protocol.aggregate == "none"
        else f"one score a recording by its media id, mode *{protocol.aggregate}*"
    )
    notes = [*protocol.notes, *{note for o in everything for note in o.about.get("notes", ())}]
    what = measure(protocol.primary).title
    return [
        f"Worst first by {what}, with 95 % intervals by bootstrap over groups; {aggregate}; "
        f"decisions at {threshold}.",
        "",
        *(origin(outcomes) for outcomes in everything),
        "",
        *(f"- {note}" for note in notes),
        *(f"- {test.name}: {test.note}" for test in protocol.test if test.note),
        "",
    ]


def page(protocol: Protocol, everything: Sequence[Outcomes], lines: Sequence[Line]) -> list[str]:
    """The whole page of a protocol."""
    return [
        f"## {protocol.title}",
        "",
        f"`{protocol.name}`; {protocol.source}.",
        "",
        *tables(protocol, lines),
        *attack_tables(everything, protocol),
        *footer(protocol, everything),
    ]


def gaps(detector: str, attribute: str, found: Fairness) -> list[str]:
    """A fairness table: groups worst first, then the gaps between them."""
    rows = [
        [g.name, str(g.reals), str(g.fakes), *(f"{v:.3f}" for v in (g.auc, g.fpr, g.tpr))]
        for g in found.groups
    ]
    out = [f"### {detector} by {attribute}", ""]
    out += grid([attribute, "reals", "fakes", "AUC", "FPR", "TPR"], rows)
    values = (found.auc_gap, found.fpr_gap, found.tpr_gap, found.odds)
    if math.isnan(found.odds):
        out.append("No gaps: fewer than two groups have enough items of both classes.")
    else:
        out.append(
            "Largest gaps: AUC {:.3f}, FPR {:.3f}, TPR {:.3f}; "
            "equalised odds difference {:.3f}.".format(*values)
        )
    if found.small:
        out.append(f"Too few items of both classes: {', '.join(found.small)}.")
    return [*out, ""]
