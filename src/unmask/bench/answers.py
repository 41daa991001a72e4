"""Answers to a question set, counted: how many are right, of all and by group."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from unmask.bench.statistics import mean_interval
from unmask.datasets.manifest import Item, Manifest
from unmask.errors import DataError
from unmask.metrics.answers import exact_match

BY = ("family", "generator", "source", "kind", "split", "language")
"""Columns by which answers can be sorted."""


@dataclass(frozen=True, slots=True)
class Answered:
    """Of a part of the questions: how many there are, have an answer, and have the right one.

    ``right`` is a share of all questions: one without an answer is wrong. ``low``, ``high``: its
    95 % interval, drawing whole groups.
    """

    part: str
    questions: int
    answered: int
    right: float
    low: float
    high: float


def read_answers(path: Path) -> dict[str, str]:
    """Answers by item: a CSV or JSONL file with the columns ``item_id`` and ``answer``.

    Raises DataError for a file without them, a row that is no row, and an item answered twice.
    """
    answers: dict[str, str] = {}
    for number, row in _rows(path):
        if missing := [name for name in ("item_id", "answer") if row.get(name) is None]:
            raise DataError(f"{path.name}, row {number} has no {missing[0]!r}.")
        item = str(row["item_id"])
        if item in answers:
            raise DataError(f"{path.name}, row {number}: {item!r} is answered twice.")
        answers[item] = str(row["answer"])
    return answers


def count(
    data: Manifest, answers: dict[str, str], by: str = "", mode: str = "normalised"
) -> list[Answered]:
    """All questions of a manifest, then those of each value of the column ``by``.

    Raises DataError for a manifest without questions and for answers to items it does not hold.
    """
    asked = [item for item in data if item.question and item.answer]
    if not asked:
        raise DataError("No item of this manifest has a question with an answer.")
    if strange := sorted(set(answers) - {item.item_id for item in asked}):
        raise DataError(
            f"{len(strange)} answers are to no question of this manifest, first {strange[0]!r}."
        )
    parts: dict[str, list[Item]] = {"all": asked}
    if by:
        groups: dict[str, list[Item]] = defaultdict(list)
        for item in asked:
            groups[str(getattr(item, by)) or "none"].append(item)
        parts |= {f"{by} {name}": groups[name] for name in sorted(groups)}
    return [_counted(name, items, answers, mode) for name, items in parts.items()]


def _counted(part: str, items: list[Item], answers: dict[str, str], mode: str) -> Answered:
    right = [
        i.item_id in answers and exact_match(answers[i.item_id], i.answer, i.choices, mode)
        for i in items
    ]
    values = np.array(right, float)
    low, high = mean_interval(values, [i.group or i.item_id for i in items])
    answered = sum(i.item_id in answers for i in items)
    return Answered(part, len(items), answered, float(values.mean()), low, high)


def _rows(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            if path.suffix.lower() == ".csv":
                yield from enumerate(csv.DictReader(file), 2)
                return
            for number, line in enumerate(file, 1):
                row = json.loads(line)
                if not isinstance(row, dict):
                    raise DataError(f"{path.name}, row {number} is no JSON object.")
                yield number, row
    except (OSError, ValueError) as error:
        raise DataError(f"{path} is no readable CSV or JSONL file: {error}") from error
