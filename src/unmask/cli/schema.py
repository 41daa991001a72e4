"""``unmask schema``: the JSON schema of a report."""

from __future__ import annotations

import json as _json
import sys
from typing import Annotated

import typer


def schema(
    json: Annotated[bool, typer.Option("--json", help="On one line.")] = False,
) -> None:
    """Print the JSON schema (2020-12) of what ``scan --json`` and ``--jsonl`` write."""
    from unmask.report.schema import json_schema

    indent = None if json else 2
    sys.stdout.write(_json.dumps(json_schema(), indent=indent, ensure_ascii=False) + "\n")
