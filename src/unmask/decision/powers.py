"""What *no sign found* is worth: what would have been found in a file like this one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from unmask.cards.card import Card, PowerRow
from unmask.decision.evidence import ENCODED, SIGNS, Evidence
from unmask.types import Claim, Kind, Power

ENOUGH = 20
"""Forgeries that a bucket needs; with fewer, all files of the kind are looked at instead."""
NEVER_JPEG = 100.0
"""The JPEG quality of what was not saved as JPEG."""


def powers(cards: Iterable[Card], kind: Kind, evidence: Evidence, fpr: float) -> tuple[Power, ...]:
    """For each kind of forgery that was looked for, the share that would have been found.

    ``fpr``: the rate that the rule had. Kinds of which too few are known are left out.
    """
    found = []
    for card in cards:
        mine = [
            row
            for row in card.power
            if row.media == kind.value
            and row.encoder is (ENCODED in evidence.signs)
            and SIGNS[card.name, Claim(row.claim)] in evidence.signs
        ]
        for name in dict.fromkeys(row.kind for row in mine):
            row = _row([row for row in mine if row.kind == name], evidence)
            if row is not None:
                share, rate = row.share(fpr)
                found.append(Power(card.name, name, row.bucket, share, row.files, rate))
    return tuple(found)


def _row(rows: Sequence[PowerRow], evidence: Evidence) -> PowerRow | None:
    """The narrowest bucket that the file lies in and that knows enough forgeries."""
    fit = [row for row in rows if row.files >= ENOUGH and inside(row, evidence)]
    return max(fit, key=lambda row: len(row.within), default=None)


def inside(row: PowerRow, evidence: Evidence) -> bool:
    """Whether the file lies in a bucket. A measure that it lacks puts it outside."""
    known = {"jpeg": NEVER_JPEG, **evidence.quality}
    known["side"] = max(known.get("width", 0.0), known.get("height", 0.0))
    return all(
        name in known and low <= known[name] < high for name, (low, high) in row.within.items()
    )
