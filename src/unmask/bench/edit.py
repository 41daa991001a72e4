"""Writing the fitted part of a card without touching what a person wrote in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unmask.detectors.card import Operating, read_card

_BLOCK = re.compile(r"^\[\[operating(\.thresholds)?\]\]\n(?:(?!^\[).*\n?)*", re.MULTILINE)


def write_operating(path: Path, rows: Sequence[Operating]) -> None:
    """Put ``rows`` in place of all ``[[operating]]`` tables of a card, at its end.

    Raises ModelError when the result is not a card; the file is then as before.
    """
    before = path.read_text(encoding="utf-8")
    kept = _BLOCK.sub("", before).rstrip() + "\n"
    path.write_text(kept + "".join(_toml(row) for row in rows), encoding="utf-8")
    try:
        read_card(path)
    except Exception:
        path.write_text(before, encoding="utf-8")
        raise


def _toml(row: Operating) -> str:
    values = row.model_dump()
    thresholds = values.pop("thresholds")
    lines = ["", "[[operating]]", *[f"{key} = {_value(value)}" for key, value in values.items()]]
    pairs = ", ".join(f"{{ fpr = {t['fpr']}, score = {t['score']} }}" for t in thresholds)
    lines.append(f"thresholds = [{pairs}]")
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}"'
    return str(value)
