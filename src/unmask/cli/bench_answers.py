"""``unmask bench answers``: answers of a model to a question set."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from unmask.cli.console import emit


def answers(
    data: Annotated[Path, typer.Argument(help="A manifest with questions.")],
    given: Annotated[
        Path, typer.Argument(help="CSV or JSONL with the columns item_id and answer.")
    ],
    by: Annotated[
        str, typer.Option(help="Also by family, generator, source, kind, split or language.")
    ] = "",
    split: Annotated[str, typer.Option(help="Only the questions of this split.")] = "",
    mode: Annotated[
        str, typer.Option(help="normalised (case, punctuation and articles aside) or strict.")
    ] = "normalised",
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Count the right answers to a question set: exact match, with its interval."""
    from unmask.bench.answers import BY, count, read_answers
    from unmask.datasets.manifest import SPLITS, read_manifest
    from unmask.errors import UnknownName

    if by and by not in BY:
        raise UnknownName("column", by, BY)
    if split and split not in SPLITS:
        raise UnknownName("split", split, SPLITS)
    asked = read_manifest(data)
    if split:
        asked = asked.select(split=split)
    rows = count(asked, read_answers(given), by, mode)
    text = "\n".join(
        f"{row.part}: {row.right:.3f} right ({row.low:.3f}–{row.high:.3f}) of {row.questions}"
        + (f", {row.questions - row.answered} without an answer" * (row.answered < row.questions))
        for row in rows
    )
    emit({"mode": mode, "rows": [asdict(row) for row in rows]}, as_json=json, text=text)
