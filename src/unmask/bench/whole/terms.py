"""The terms of the decision rule: how much each sign says of the forgeries that it is to tell.

A score and a sign by degree are calibrated by logistic regression, a fact by how much oftener
forged files have it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from unmask.bench.whole.ratio import logistic, weights
from unmask.bench.whole.rows import FileRow
from unmask.decision.evidence import (
    COPIED,
    EDITED,
    ENCODED,
    ENCODED_FACE,
    FACE,
    GENERATED,
    LAID,
    SAVED,
    VOICE,
)
from unmask.decision.rule import SignTerm
from unmask.errors import DataError

TELLS = {
    FACE: ("blended faces", "redrawn lips", "portraits by a GAN"),
    EDITED: ("parts from another picture", "copied parts", "filled-in parts"),
    GENERATED: ("pictures by generators", "portraits by a GAN"),
    ENCODED: (
        "pictures by generators",
        "portraits by a GAN",
        "clips by generators",
        "talking heads",
    ),
    ENCODED_FACE: (
        "pictures by generators",
        "portraits by a GAN",
        "swapped faces",
        "talking heads",
    ),
    COPIED: ("copied parts",),
    **dict.fromkeys(
        (SAVED, LAID),
        (
            "parts from another picture",
            "copied parts",
            "filled-in parts",
            "blended faces",
            "swapped faces",
        ),
    ),
    VOICE: ("recordings by speech generators", "recordings by known speech generators"),
}
"""The kinds of forgery that each sign is to tell."""


def sign_term(rows: Sequence[FileRow], sign: str) -> SignTerm:
    """Logistic calibration of one sign: its kinds of forgery against all authentic files."""
    having = [row for row in rows if sign in row.evidence().signs]
    reals = [row for row in having if not row.forged]
    fakes = [row for row in having if row.family in TELLS[sign]]
    if min(len(reals), len(fakes)) < 20:
        raise DataError(f"The sign {sign!r} needs at least 20 authentic and 20 forged files.")
    return _calibrated(reals, fakes, [row.family for row in fakes], sign)


def present_term(rows: Sequence[FileRow], sign: str) -> SignTerm:
    """A fact counts by how much more often edited pictures have it."""
    counts = []
    for families in (TELLS[sign], ("",)):
        some = [row for row in rows if row.kind == "image" and row.family in families]
        counts.append((sum(sign in row.evidence().signs for row in some), len(some)))
    return fact_term(*counts)


def degree_term(rows: Sequence[FileRow], sign: str) -> SignTerm:
    """A fact with degrees counts by a logistic calibration over all pictures; where it is missing
    its degree is 0, and it says nothing."""
    pictures = [row for row in rows if row.kind == "image"]
    reals = [row for row in pictures if not row.forged]
    fakes = [row for row in pictures if row.family in TELLS[sign]]
    if not reals or not fakes:
        raise DataError(f"The sign {sign!r} needs authentic and forged pictures.")
    term = _calibrated(reals, fakes, [sign] * len(fakes), sign)
    return term.model_copy(update={"lowest": 0.0})


def _calibrated(
    reals: Sequence[FileRow], fakes: Sequence[FileRow], kinds: Sequence[str], sign: str
) -> SignTerm:
    """Logistic calibration of a sign, 0 where it is missing; sources weigh alike, and ``kinds``."""
    values = np.array([row.evidence().signs.get(sign, 0.0) for row in (*reals, *fakes)])
    labels = np.array([0] * len(reals) + [1] * len(fakes))
    weight = np.concatenate([weights([row.source for row in reals]), weights(kinds)])
    slope, offset = logistic(values, labels, weight)
    limit = math.log(min(len(reals), len(fakes)))
    return SignTerm(slope=slope, offset=offset, lowest=-limit, highest=limit)


def fact_term(forged: tuple[int, int], authentic: tuple[int, int]) -> SignTerm:
    """The term of a fact from how many of how many forged and authentic files have it."""
    first, second = ((have + 0.5) / (files + 1) for have, files in (forged, authentic))
    ratio = round(max(1e-6, math.log(first / second)), 5)
    return SignTerm(slope=ratio, offset=0.0, lowest=0.0, highest=ratio)
