"""Curves of signs that whole files cannot give, from what was measured elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from unmask.decision.evidence import THUMBNAIL
from unmask.decision.rule import Level
from unmask.errors import DataError


def curves_given(results: Path) -> dict[str, list[Level]]:
    """Thumbnails by the table of found facts. Raises DataError when it is missing."""
    return {THUMBNAIL: _thumbnail(results / "facts" / "metadata.json")}


def _thumbnail(path: Path) -> list[Level]:
    """Every false alarm of the metadata counts against it, whatever it was about."""
    if not path.exists():
        raise DataError(f"There is no {path}. Run: python benchmarks/metadata_facts.py")
    rows = json.loads(path.read_text(encoding="utf-8"))
    alarms = [row["found"] for row in rows if not row["present"]]
    rate = (sum(alarms) + 0.5) / (len(alarms) + 1)
    return [Level(rate=0.99, score=0.0), Level(rate=round(rate, 6), score=1.0)]
