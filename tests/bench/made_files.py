"""Whole files as stored scans would have left them, their scores drawn from normal laws."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping

import numpy as np

from unmask.bench.whole.rows import FileRow
from unmask.decision.evidence import (
    EDITED,
    FACE,
    GENERATED,
    PARTS,
    THUMBNAIL,
    VOICE,
    Situation,
)
from unmask.decision.rule import Level

GIVEN = {
    PARTS: [Level(rate=math.exp(-rise), score=rise) for rise in (0.1, 1.0, 7.0)],
    THUMBNAIL: [Level(rate=0.99, score=0.0), Level(rate=0.4, score=1.0)],
}
SOURCES = ("agency", "phones", "archive")
KINDS: Mapping[Situation, tuple[str, tuple[str, ...], Mapping[str, str]]] = {
    Situation.PICTURE: (
        "image",
        (EDITED, GENERATED),
        {"copied parts": EDITED, "pictures by generators": GENERATED},
    ),
    Situation.ONE_FACE: ("image", (FACE, EDITED, GENERATED), {"blended faces": FACE}),
    Situation.FACES: ("image", (FACE, EDITED, GENERATED), {"blended faces": FACE}),
    Situation.MUTE_CLIP: ("video", (FACE, EDITED, GENERATED), {"redrawn lips": FACE}),
    Situation.RECORDING: ("audio", (VOICE, PARTS), {"recordings by speech generators": VOICE}),
}
"""Of each situation the kind of file, its signs, and for each kind of forgery the sign it leaves.

Clips with sound are made of the mute ones and the recordings.
"""


def real(situation: Situation, count: int, seed: int, odd: float = 0.0) -> Iterator[FileRow]:
    """Authentic files; those of every sixth come from a source whose scores lie ``odd`` higher."""
    for number in range(count):
        strange = odd and number % 6 == 0
        source = "strange" if strange else SOURCES[number % len(SOURCES)]
        yield drawn(situation, seed, number, source, raised={}, by=odd if strange else 0.0)


def forged(situation: Situation, count: int, seed: int) -> Iterator[FileRow]:
    """Forged files, of each kind ``count``."""
    for family, sign in KINDS[situation][2].items():
        for number in range(count):
            source = SOURCES[number % len(SOURCES)]
            yield drawn(situation, seed, number, source, {sign: 4.0}, family=family)


def drawn(
    situation: Situation,
    seed: int,
    number: int,
    source: str,
    raised: Mapping[str, float],
    by: float = 0.0,
    family: str = "",
) -> FileRow:
    kind, signs, _ = KINDS[situation]
    law = np.random.default_rng([seed, number, len(family), list(Situation).index(situation)])
    values = {sign: round(law.normal(-2 + by + raised.get(sign, 0.0)), 5) for sign in signs}
    item = f"{source}/{situation}/{family or 'real'}/{seed}-{number}"
    return FileRow(
        item=item,
        kind=kind,
        label="fake" if family else "real",
        source=source,
        group=item,
        part="new",
        family=family,
        maker="",
        condition="as found",
        situation=situation.value,
        faces={Situation.FACES: 3, Situation.ONE_FACE: 1}.get(situation, 0),
        signs=json.dumps(values),
    )


def everything(reals: int, fakes: int, seed: int = 0, odd: float = 0.0) -> list[FileRow]:
    """Files of every situation."""
    found: list[FileRow] = []
    for situation in KINDS:
        found += real(situation, reals, seed, odd)
        found += forged(situation, fakes, seed)
    return found
