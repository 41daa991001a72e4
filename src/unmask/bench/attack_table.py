"""What attacks came to, from stored outcomes: how many decisions turned, by budget."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from unmask.bench.markdown import grid
from unmask.bench.perturb import CLEAN, perturbed
from unmask.bench.protocol import Protocol
from unmask.bench.table import threshold_of
from unmask.metrics.outcomes import Outcome, Outcomes


@dataclass(frozen=True, slots=True)
class Success:
    """An attack on a detector in a test at one budget.

    ``against``: the detector for which the items were changed. ``forged`` and ``real``: items that
    were judged rightly when clean; ``passed`` and ``accused``: those of them that no longer are.
    """

    detector: str
    test: str
    attack: str
    against: str
    budget: float
    forged: int
    passed: int
    real: int
    accused: int


def successes(everything: Sequence[Outcomes], protocol: Protocol) -> list[Success]:
    """Every attack that is stored, by detector, test, attack, target and budget."""
    found = []
    for outcomes in everything:
        cut = threshold_of(outcomes, protocol)
        clean = {(r.test, r.item_id): r for r in outcomes.rows if r.condition == CLEAN}
        attacked: dict[tuple[str, str], list[Outcome]] = defaultdict(list)
        for row in outcomes.rows:
            if row.condition != CLEAN and "@" in row.condition and not perturbed(row.condition):
                attacked[row.test, row.condition].append(row)
        for (test, condition), rows in attacked.items():
            attack, _, rest = condition.partition("@")
            budget, _, against = rest.partition(":")
            counts = _counts(rows, clean, cut)
            name = outcomes.detector
            found.append(Success(name, test, attack, against or name, float(budget), *counts))
    return sorted(found, key=lambda s: (s.test, s.detector, s.attack, s.against, s.budget))


def _counts(
    rows: Sequence[Outcome], clean: dict[tuple[str, str], Outcome], cut: float
) -> tuple[int, int, int, int]:
    """Forged items judged rightly before, those of them passed as real; the same for real ones."""
    tally = {(label, turned): 0 for label in (0, 1) for turned in (False, True)}
    for row in rows:
        before = clean.get((row.test, row.item_id))
        if before is not None and (before.score > cut) == bool(row.label):
            tally[row.label, (row.score > cut) != bool(row.label)] += 1
    forged, real = (tally[label, False] + tally[label, True] for label in (1, 0))
    return forged, tally[1, True], real, tally[0, True]


def attack_tables(everything: Sequence[Outcomes], protocol: Protocol) -> list[str]:
    """A table in Markdown: one row an attack, one column a budget; nothing without attacks."""
    found = successes(everything, protocol)
    if not found:
        return []
    budgets = sorted({one.budget for one in found})
    cells: dict[tuple[str, ...], dict[float, Success]] = defaultdict(dict)
    for one in found:
        cells[one.test, one.detector, one.attack, one.against][one.budget] = one
    rows = [[*key, *(_cell(row.get(budget)) for budget in budgets)] for key, row in cells.items()]
    head = [
        "test",
        "detector",
        "attack",
        "made against",
        *(f"{budget:g}/255" for budget in budgets),
    ]
    note = (
        "Of the items that were judged rightly: forged ones that then pass as real, and real ones "
        "that are then called forged, by the largest change of a value. Changed items are rounded "
        "as a file holds them."
    )
    return ["### Attacked", "", note, "", *grid(head, rows, 4)]


def _cell(one: Success | None) -> str:
    if one is None:
        return "–"
    return f"{one.passed} of {one.forged}; {one.accused} of {one.real}"
