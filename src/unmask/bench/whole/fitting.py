"""Fitting the decision rule on what scans found in whole files.

The terms of the signs are fitted over all situations that share a kind of medium, because some
situations have few forged files; shares, levels and the likelihood ratio belong to one situation.
No file of the part ``dev`` is looked at.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from unmask.bench.whole.ratio import SOME, Numbers, logistic, ratios, weights
from unmask.bench.whole.rows import FileRow
from unmask.decision.conformal import Grouped, needed
from unmask.decision.evidence import (
    COPIED,
    EDITED,
    ENCODED,
    ENCODED_FACE,
    FACE,
    FACTS,
    GENERATED,
    LAID,
    OF_ENCODER,
    PARTS,
    SAVED,
    THUMBNAIL,
    VOICE,
    Situation,
)
from unmask.decision.rule import Level, Ratio, Rule, SignTerm, SituationRule
from unmask.errors import DataError

RATES = (
    0.9, 0.8, 0.65, 0.5, 0.35, 0.2, 0.1, 0.05, 0.03, 0.02, 0.01,
    0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001,
)  # fmt: skip
TAIL = 0.05
"""From this rate on the excesses give the exponential tail that goes on under the floor."""
WORST = 2.0
"""How much the rate of a source with ``HELD`` authentic files may exceed the promised one."""
HELD = 100
"""With fewer, and many such sources, their single highest scores would be the threshold."""
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
OF_PICTURES = (SAVED, LAID, THUMBNAIL, COPIED)
"""The facts that stills can have."""
SIGNS: dict[Situation, tuple[str, ...]] = {
    Situation.PICTURE: (EDITED, GENERATED, ENCODED, SAVED, LAID, THUMBNAIL, COPIED),
    Situation.ONE_FACE: (
        FACE,
        EDITED,
        GENERATED,
        ENCODED,
        ENCODED_FACE,
        SAVED,
        LAID,
        THUMBNAIL,
        COPIED,
    ),
    Situation.FACES: (
        FACE,
        EDITED,
        GENERATED,
        ENCODED,
        ENCODED_FACE,
        SAVED,
        LAID,
        THUMBNAIL,
        COPIED,
    ),
    Situation.MUTE_CLIP: (FACE, EDITED, GENERATED, ENCODED, ENCODED_FACE),
    Situation.CLIP: (FACE, EDITED, GENERATED, ENCODED, ENCODED_FACE, VOICE, PARTS),
    Situation.RECORDING: (VOICE, PARTS),
}
"""The signs of each situation. Without an encoder those of ``OF_ENCODER`` are left out."""
VOICES = 3
"""Authentic recordings whose speech is laid beside the pictures of each clip."""
TOGETHER = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How much weak signs may add up: the least of these with the best share found."""


def judged(rows: Iterable[FileRow]) -> list[FileRow]:
    """The rows with a score that counts."""
    known = {sign for signs in SIGNS.values() for sign in signs} - set(FACTS)
    return [row for row in rows if row.situation and known & set(row.evidence().signs)]


def fit(rows: Sequence[FileRow], date: str, given: Mapping[str, SignTerm]) -> Rule:
    """The rule of all situations. ``given``: terms that were measured elsewhere (``terms_given``).

    Of a file that is there twice, the row with the sign of the encoder counts for scans with it.

    Raises DataError where a situation has no authentic or no forged file.
    """
    known = [row for row in judged(rows) if row.part != "dev"]
    alone = composed([row for row in known if not encoded(row)])
    terms = dict(given)
    for sign in (FACE, EDITED, GENERATED, VOICE):
        terms[sign] = _sign_term(alone, sign)
    terms[SAVED] = _fact_term(alone, SAVED)
    terms |= {sign: _degree_term(alone, sign) for sign in (LAID, COPIED)}
    rules = [_situation(alone, situation, terms, date) for situation in SIGNS]
    if not any(encoded(row) for row in known):
        return Rule(rule=rules)
    looked = composed([row for row in known if encoded(row) or row.kind == "audio"])
    for sign in OF_ENCODER:
        terms[sign] = _sign_term(looked, sign)
    seen = [situation for situation, signs in SIGNS.items() if ENCODED in signs]
    rules += [_situation(looked, situation, terms, date, encoder=True) for situation in seen]
    return Rule(rule=rules)


def encoded(row: FileRow) -> bool:
    """Whether the encoder looked at the file as well."""
    return ENCODED in row.evidence().signs


def composed(rows: Sequence[FileRow]) -> list[FileRow]:
    """The rows, with clips of both kinds made of all clips.

    Authentic clips with speech are rare, and so are forged ones without. Of each clip the pictures
    alone make a mute one; its pictures beside the speech of ``VOICES`` authentic recordings make
    clips with sound, for what saving leaves in pictures and in sound is independent. A clip that is
    forged has its own sound as well.
    """
    out = [row for row in rows if row.kind != "video"]
    clips = [row for row in rows if row.kind == "video"]
    speech = [row for row in rows if row.kind == "audio" and not row.forged]
    draw = np.random.default_rng(0)
    for row in sorted(clips, key=lambda one: one.item):
        if row.situation == Situation.CLIP:
            out.append(row)
        signs = {k: v for k, v in json.loads(row.signs).items() if k not in (VOICE, PARTS)}
        if not signs:
            continue
        mute = replace(row, situation=Situation.MUTE_CLIP.value, signs=json.dumps(signs))
        out.append(mute)
        for number in draw.integers(len(speech), size=VOICES) if speech else ():
            heard = speech[number]
            out.append(
                replace(
                    row,
                    situation=Situation.CLIP.value,
                    signs=_joined(mute.signs, heard.signs),
                    quality=_joined(mute.quality, heard.quality),
                )
            )
    return out


def _joined(first: str, second: str) -> str:
    """Two JSON objects as one."""
    return json.dumps(json.loads(first) | json.loads(second))


def _sign_term(rows: Sequence[FileRow], sign: str) -> SignTerm:
    """Logistic calibration of one sign: its kinds of forgery against all authentic files."""
    having = [row for row in rows if sign in row.evidence().signs]
    reals = [row for row in having if not row.forged]
    fakes = [row for row in having if row.family in TELLS[sign]]
    if min(len(reals), len(fakes)) < 20:
        raise DataError(f"The sign {sign!r} needs at least 20 authentic and 20 forged files.")
    return _calibrated(reals, fakes, [row.family for row in fakes], sign)


def _fact_term(rows: Sequence[FileRow], sign: str) -> SignTerm:
    """A fact counts by how much more often edited pictures have it."""
    counts = []
    for families in (TELLS[sign], ("",)):
        some = [row for row in rows if row.kind == "image" and row.family in families]
        counts.append((sum(sign in row.evidence().signs for row in some), len(some)))
    return fact_term(*counts)


def _degree_term(rows: Sequence[FileRow], sign: str) -> SignTerm:
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


def _situation(
    rows: Sequence[FileRow],
    situation: Situation,
    terms: dict[str, SignTerm],
    date: str,
    encoder: bool = False,
) -> SituationRule:
    mine = [row for row in rows if row.situation == situation]
    reals = [row for row in mine if not row.forged]
    fakes = [row for row in mine if row.forged]
    if not reals or not fakes:
        raise DataError(f"There is no authentic or no forged file of the situation {situation}.")
    names = [name for name in SIGNS[situation] if encoder or name not in OF_ENCODER]
    plain = {name: terms[name] for name in names}
    best: tuple[float, SituationRule] | None = None
    for together in TOGETHER:
        rule = _levelled(reals, fakes, situation, plain, together, date)
        rule = rule.model_copy(update={"encoder": encoder})
        found = found_share(fakes, rule, 0.02)
        if best is None or found > best[0] + 0.01:
            best = found, rule
    assert best is not None
    return best[1]


def found_share(fakes: Sequence[FileRow], rule: SituationRule, rate: float) -> float:
    """The share of forged files flagged at a rate, every kind weighing alike."""
    level = -math.log(rate)
    hit = np.array([rule.surprise(scored(row, rule)) > level for row in fakes], float)
    return float((weights([row.family for row in fakes]) * hit).sum())


def scored(row: FileRow, rule: SituationRule) -> float:
    """The fused score of a file."""
    return rule.score(rule.terms(row.evidence()))


def _levelled(
    reals: Sequence[FileRow],
    fakes: Sequence[FileRow],
    situation: Situation,
    terms: dict[str, SignTerm],
    together: float,
    date: str,
) -> SituationRule:
    sources = sorted({row.source for row in reals})
    files = len({row.item for row in reals})  # a clip beside several voices is one file
    bare = SituationRule(
        situation=situation,
        signs=terms,
        together=together,
        levels=[Level(rate=0.5, score=0.0), Level(rate=0.1, score=1.0)],
        ratios=[Ratio(surprise=0.0, llr=0.0), Ratio(surprise=1.0, llr=0.0)],
        floor=round(1 / (files + 1), 6),
        worst_source=WORST,
        fitted_on=", ".join(sources),
        date=date,
        reals=files,
        fakes=len({row.item for row in fakes}),
        sources=len(sources),
    )
    real = np.array([scored(row, bare) for row in reals])
    fake = np.array([scored(row, bare) for row in fakes])
    origin = [row.source for row in reals]
    levelled = bare.model_copy(update={"levels": _levels(real, origin, files)})
    apart = [np.array([levelled.surprise(value) for value in some]) for some in (real, fake)]
    makers = [f"{row.family} {row.source}" for row in fakes]
    return levelled.model_copy(update={"ratios": ratios(apart[0], origin, apart[1], makers)})


def _over_sources(real: Numbers, origin: Sequence[str], rate: float) -> float:
    """The score that ``rate`` of a mixture exceeds in which every source weighs alike.

    A file of a source that nobody knows is a draw from such a mixture, and not from one in which
    the largest source has most of the say. Sources of fewer than ``SOME`` files are one together.
    """
    counts = Counter(origin)
    names = np.array([name if counts[name] >= SOME else "" for name in origin])
    sizes = Counter(names.tolist())
    order = np.argsort(real)[::-1]
    over = np.cumsum([1 / sizes[str(names[place])] for place in order]) / len(sizes)
    place = int(np.searchsorted(over, rate, side="right"))
    return float(real[order[min(place, len(order) - 1)]])


def _levels(real: Numbers, origin: Sequence[str], files: int) -> list[Level]:
    """Conformal thresholds down to what ``files`` can vouch for; an exponential tail beyond."""
    held = Grouped.of(real, origin, WORST, HELD)
    start = float(np.quantile(real, 1 - TAIL))
    scale = max(float((real[real > start] - start).mean()) if (real > start).any() else 0.0, 1e-3)
    levels: list[Level] = []
    for rate in RATES:
        if files >= needed(rate):
            score = max(held.threshold(rate), _over_sources(real, origin, rate))
        else:
            score = levels[-1].score + scale * math.log(levels[-1].rate / rate)
        last = levels[-1].score + 1e-4 if levels else -math.inf
        levels.append(Level(rate=rate, score=round(max(score, last), 5)))
    return levels
