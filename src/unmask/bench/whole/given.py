"""Terms of signs that whole files cannot give, from what was measured elsewhere."""

from __future__ import annotations

import json
from pathlib import Path

from unmask import registry
from unmask.bench.whole.terms import fact_term
from unmask.cards.card import read_card
from unmask.decision.evidence import PARTS, THUMBNAIL
from unmask.decision.rule import SignTerm
from unmask.errors import DataError
from unmask.types import Claim


def terms_given(results: Path) -> dict[str, SignTerm]:
    """Replaced speech by the calibration of its card, thumbnails by the table of found facts.

    Raises DataError when the stored facts are missing.
    """
    row = read_card(registry.detector_card("unmask_voice")).for_claim(Claim.VOICE_EDITED)
    parts = SignTerm(
        slope=row.slope,
        offset=row.offset,
        lowest=-row.llr_limit,
        highest=row.llr_limit,
    )
    return {PARTS: parts, THUMBNAIL: _thumbnail(results / "facts" / "metadata.json")}


def _thumbnail(path: Path) -> SignTerm:
    """Every false alarm of the metadata counts against it, whatever it was about."""
    if not path.exists():
        raise DataError(f"There is no {path}. Run: python benchmarks/metadata_facts.py")
    rows = json.loads(path.read_text(encoding="utf-8"))
    cases = [row["found"] for row in rows if row["present"] and "thumbnail" in row["kind"]]
    alarms = [row["found"] for row in rows if not row["present"]]
    return fact_term((sum(cases), len(cases)), (sum(alarms), len(alarms)))
