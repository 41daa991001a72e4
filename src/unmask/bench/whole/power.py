"""The tables of what would have been found, from stored findings of whole files.

Only forgeries of the part ``new`` count, whose makers and sources no model was trained on, and
each is judged by a rule that was fitted without its source.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from pathlib import Path

from unmask.bench.whole.evaluation import read_left_out
from unmask.bench.whole.rows import FileRow, read_rows
from unmask.cards.card import PowerRow
from unmask.decision.evidence import DETECTORS
from unmask.decision.powers import inside
from unmask.types import Claim

RATES = (0.05, 0.01, 0.001)
CLAIMS: Mapping[str, tuple[str, Claim]] = {
    "blended faces": (DETECTORS[0], Claim.FACE_MANIPULATED),
    "redrawn lips": (DETECTORS[0], Claim.FACE_MANIPULATED),
    "parts from another picture": (DETECTORS[1], Claim.PICTURE_EDITED),
    "copied parts": (DETECTORS[1], Claim.PICTURE_EDITED),
    "filled-in parts": (DETECTORS[1], Claim.PICTURE_EDITED),
    "pictures by generators": (DETECTORS[1], Claim.PICTURE_GENERATED),
    "portraits by a GAN": ("unmask_clip", Claim.PICTURE_GENERATED),
    "swapped faces": ("unmask_clip", Claim.FACE_MANIPULATED),
    "talking heads": ("unmask_clip", Claim.FACE_MANIPULATED),
    "clips by generators": ("unmask_clip", Claim.PICTURE_GENERATED),
    "recordings by speech generators": (DETECTORS[2], Claim.VOICE_SYNTHETIC),
}
"""For each kind of forgery the detector and the claim that are to find it."""
_SAVED = {
    "saved as JPEG under quality 80": ("jpeg", 0.0, 80.0),
    "saved as JPEG at quality 80 to 92": ("jpeg", 80.0, 93.0),
    "saved as JPEG over quality 92 or without loss": ("jpeg", 93.0, 101.0),
}
_SIZED = {
    "under 600 pixels": ("side", 0.0, 600.0),
    "of 600 pixels and more": ("side", 600.0, 1e9),
}
_FACED = {
    "with a face under 128 pixels": ("face", 0.0, 128.0),
    "with a face of 128 pixels and more": ("face", 128.0, 1e9),
}
_SPOKEN = {
    "with under 2.5 s of speech": ("speech", 0.0, 2.5),
    "with 2.5 to 5 s of speech": ("speech", 2.5, 5.0),
    "with 5 s of speech and more": ("speech", 5.0, 1e9),
}
_BANDED = {
    "in telephone band": ("band", 0.0, 4000.0),
    "in full band": ("band", 4000.0, 1e9),
}
_STREAMED = {
    "under 500 kbit/s": ("kbps", 0.0, 500.0),
    "of 500 kbit/s and more": ("kbps", 500.0, 1e9),
}
DECEIVING = 0.1
"""A source whose authentic files are flagged more often says nothing about its forgeries."""
_Buckets = Mapping[str, tuple[str, float, float]]
BUCKETS: Mapping[Claim, tuple[_Buckets, _Buckets]] = {
    Claim.FACE_MANIPULATED: (_SAVED, _FACED),
    Claim.PICTURE_EDITED: (_SAVED, _SIZED),
    Claim.PICTURE_GENERATED: (_SAVED, _SIZED),
    Claim.VOICE_SYNTHETIC: (_SPOKEN, _BANDED),
}


def stored_power(folder: Path, detector: str) -> list[PowerRow]:
    """The power tables from the findings stored in ``folder``. Raises DataError without them."""
    found = read_left_out(folder / "left_out.parquet")
    rows = read_rows(folder / "files.parquet")
    tables = []
    for encoder in sorted({looked for _, looked in found}):
        surprises = {item: one.surprise for (item, as_), one in found.items() if as_ is encoder}
        tables += power_rows(rows, surprises, detector, encoder)
    return tables


def power_rows(
    rows: Sequence[FileRow], surprises: Mapping[str, float], detector: str, encoder: bool = False
) -> list[PowerRow]:
    """The power tables of one detector's card, for scans with the encoder or without.

    ``surprises``: by item, of the rule fitted without the item's source; an item that could not be
    judged has none, and counts as not found.
    """
    found = []
    deceiving = _deceiving(rows, surprises)
    for kind, (name, claim) in CLAIMS.items():
        if name != detector:
            continue
        mine = [row for row in rows if row.part == "new" and row.family == kind and row.situation]
        mine = [row for row in mine if row.source not in deceiving]
        for media in sorted({row.kind for row in mine} - ({"audio"} if encoder else set())):
            some = [row for row in mine if row.kind == media]
            rows_ = _buckets(some, surprises, claim, kind, media)
            found += [row.model_copy(update={"encoder": encoder}) for row in rows_]
    return found


def _deceiving(rows: Sequence[FileRow], surprises: Mapping[str, float]) -> set[str]:
    """Sources of which authentic files themselves are often flagged at the second rate."""
    level = -math.log(RATES[1])
    flagged: dict[str, list[bool]] = {}
    for row in rows:
        if not row.forged and row.item in surprises:
            flagged.setdefault(row.source, []).append(surprises[row.item] > level)
    return {source for source, hits in flagged.items() if sum(hits) > max(1, DECEIVING * len(hits))}


def _buckets(
    rows: Sequence[FileRow],
    surprises: Mapping[str, float],
    claim: Claim,
    kind: str,
    media: str,
) -> Iterator[PowerRow]:
    plain = PowerRow(
        claim=claim.value, kind=kind, media=media, bucket="of any quality", files=1, found={}
    )
    first, second = BUCKETS[claim]
    if media == "video":
        first = _STREAMED
    choices: list[tuple[str, dict[str, tuple[float, float]]]] = [("of any quality", {})]
    for (one, a), (other, b) in product(first.items(), second.items()):
        choices.append((f"{one}, {other}", {a[0]: (a[1], a[2]), b[0]: (b[1], b[2])}))
    for bucket, within in choices:
        row = plain.model_copy(update={"bucket": bucket, "within": within})
        own = [one for one in rows if inside(row, one.evidence())]
        if own:
            yield row.model_copy(update={"files": len(own), "found": _found(own, surprises)})


def _found(rows: Sequence[FileRow], surprises: Mapping[str, float]) -> dict[str, int]:
    return {
        f"{rate:g}": sum(surprises.get(row.item, 0.0) > -math.log(rate) for row in rows)
        for rate in RATES
    }
