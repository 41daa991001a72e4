"""``unmask data comply``: whether recordings of a challenge did what the caller was asked to do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from unmask.cli.console import Progressing, emit


def comply(
    manifest: Annotated[Path, typer.Argument(help="A manifest of recordings by challenge.")],
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Check recordings of the protocol 'pitch': did the caller do what was asked?

    The column condition names the challenge. Ends with 1 when some did not; which of a call's
    answers are cloned is what a detector is asked, and not this.
    """
    import numpy as np

    from unmask.cli.app import ExitCode
    from unmask.datasets.manifest import read_manifest
    from unmask.errors import DataError
    from unmask.media import blocks, probe
    from unmask.voices.challenges import CHALLENGES, complied, hear

    data = read_manifest(manifest)
    if unknown := sorted({item.condition for item in data} - {*CHALLENGES}):
        raise DataError(
            f"{unknown[0]!r} is no challenge. The column condition is one of: "
            f"{', '.join(CHALLENGES)}."
        )
    rows: list[dict[str, Any]] = []
    rate = 16_000
    with Progressing("listening", unit="recordings", quiet=json) as bar:
        for number, item in enumerate(data, 1):
            path = data.file(item)
            parts = [block.samples for block in blocks(path, probe(path), rate=rate)]
            heard = hear(np.concatenate(parts) if parts else np.zeros(0, np.float32), rate)
            rows.append(
                {"item_id": item.item_id, "challenge": item.condition, "label": item.label,
                 "done": complied(item.condition, heard), "voiced": round(heard.voiced, 3),
                 "semitones": round(heard.semitones, 2), "claps": heard.claps,
                 "high": round(heard.high, 4)}
            )  # fmt: skip
            bar.update(number, len(data))
    missed = [row for row in rows if row["done"] is False]
    unsure = sum(row["done"] is None for row in rows)
    lines = [f"{row['item_id']}: asked for {row['challenge']}, and did not" for row in missed]
    head = f"{len(rows) - len(missed) - unsure} did what was asked, {len(missed)} did not"
    tail = f"; of {unsure} sound alone cannot tell" if unsure else ""
    emit(rows, as_json=json, text="\n".join([head + tail, *lines]))
    raise typer.Exit(ExitCode.FLAGGED if missed else ExitCode.CLEAN)
