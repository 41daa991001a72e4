"""Curves of signs that whole files cannot give, from what was measured elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from unmask import registry
from unmask.cards.card import read_card
from unmask.decision.evidence import PARTS, THUMBNAIL
from unmask.decision.rule import Level
from unmask.errors import DataError
from unmask.types import Claim


def curves_given(results: Path) -> dict[str, list[Level]]:
    """Replaced speech by the thresholds of its card, thumbnails by the table of found facts.

    Few whole recordings of the study have stretches enough to be asked for replaced ones.
    Raises DataError when the stored facts are missing.
    """
    row = read_card(registry.detector_card("unmask_voice")).for_claim(Claim.VOICE_EDITED)
    parts = [Level(rate=one.fpr, score=one.score) for one in row.thresholds]
    return {
        PARTS: sorted(parts, key=lambda level: -level.rate),
        THUMBNAIL: _thumbnail(results / "facts" / "metadata.json"),
    }


def _thumbnail(path: Path) -> list[Level]:
    """Every false alarm of the metadata counts against it, whatever it was about."""
    if not path.exists():
        raise DataError(f"There is no {path}. Run: python benchmarks/metadata_facts.py")
    rows = json.loads(path.read_text(encoding="utf-8"))
    alarms = [row["found"] for row in rows if not row["present"]]
    rate = (sum(alarms) + 0.5) / (len(alarms) + 1)
    return [Level(rate=0.99, score=0.0), Level(rate=round(rate, 6), score=1.0)]
