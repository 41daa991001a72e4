"""Writing the fitted part of a card or rule without touching what a person wrote in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from unmask.cards.card import Operating, PowerRow, read_card


def write_operating(path: Path, rows: Sequence[Operating]) -> None:
    """Put ``rows`` in place of all ``[[operating]]`` tables of a card, at its end.

    Raises ModelError when the result is not a card; the file is then as before.
    """
    write_tables(path, "operating", rows, read_card)


def write_power(path: Path, rows: Sequence[PowerRow]) -> None:
    """The same for the ``[[power]]`` tables."""
    write_tables(path, "power", rows, read_card)


def write_tables(
    path: Path, name: str, rows: Sequence[BaseModel], check: Callable[[Path], object]
) -> None:
    """Put ``rows`` in place of all tables ``[[name]]`` of a TOML file, at its end.

    ``check`` reads the result; where it raises, the file is as before.
    """
    block = re.compile(rf"^\[\[{name}(\.[a-z_]+)?\]\]\n(?:(?!^\[).*\n?)*", re.MULTILINE)
    before = path.read_text(encoding="utf-8")
    kept = block.sub("", before).rstrip() + "\n"
    path.write_text(kept + "".join(_table(name, row) for row in rows), encoding="utf-8")
    try:
        check(path)
    except Exception:
        path.write_text(before, encoding="utf-8")
        raise


def _table(name: str, row: BaseModel) -> str:
    values = row.model_dump(mode="json")
    lines = ["", f"[[{name}]]", *[f"{key} = {_value(value)}" for key, value in values.items()]]
    return "\n".join(lines) + "\n"


def _value(value: Any) -> str:
    if isinstance(value, dict):
        inside = ", ".join(f"{_key(key)} = {_value(one)}" for key, one in value.items())
        return f"{{ {inside} }}" if inside else "{}"
    if isinstance(value, list):
        return f"[{', '.join(_value(one) for one in value)}]"
    if isinstance(value, bool):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False) if isinstance(value, str) else str(value)


def _key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else json.dumps(key)
