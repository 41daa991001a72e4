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
from dataclasses import dataclass, replace

import numpy as np

from unmask.bench.whole.ratio import SOME, Numbers, ratios, weights
from unmask.bench.whole.rows import FileRow
from unmask.bench.whole.terms import degree_term, present_term, sign_term
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
        terms[sign] = sign_term(alone, sign)
    # Authentic pictures whose part looks laid in have as high degrees as forged ones, but few have
    # one: that it is there is what tells. Of copies the degree tells as well.
    terms |= {sign: present_term(alone, sign) for sign in (SAVED, LAID)}
    terms[COPIED] = degree_term(alone, COPIED)
    rules = [_situation(alone, situation, terms, date) for situation in SIGNS]
    if not any(encoded(row) for row in known):
        return Rule(rule=rules)
    looked = composed([row for row in known if encoded(row) or row.kind == "audio"])
    for sign in OF_ENCODER:
        terms[sign] = sign_term(looked, sign)
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
    sources = sorted({row.source for row in reals})
    files = len({row.item for row in reals})  # a clip beside several voices is one file
    bare = SituationRule(
        situation=situation,
        encoder=encoder,
        signs={name: terms[name] for name in names},
        together=0.0,
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
    real, fake = _Terms.of(reals, bare), _Terms.of(fakes, bare)
    origin = [row.source for row in reals]
    best: tuple[float, SituationRule] | None = None
    for together in TOGETHER:
        levels = _levels(real.scores(together), origin, files)
        rule = bare.model_copy(update={"together": together, "levels": levels})
        found = _found_share(fakes, fake.surprises(rule), 0.02)
        if best is None or found > best[0] + 0.01:
            best = found, rule
    assert best is not None
    rule = best[1]
    makers = [f"{row.family} {row.source}" for row in fakes]
    found_ratios = ratios(real.surprises(rule), origin, fake.surprises(rule), makers)
    return rule.model_copy(update={"ratios": found_ratios})


@dataclass(frozen=True, slots=True)
class _Terms:
    """What the signs of some files say, in the two parts of the fused score."""

    mixed: Numbers
    added: Numbers

    @classmethod
    def of(cls, rows: Sequence[FileRow], bare: SituationRule) -> _Terms:
        terms = [bare.terms(row.evidence()) for row in rows]
        mixed = [bare.score(one) for one in terms]
        added = [sum(max(0.0, value) for value in one.values()) for one in terms]
        return cls(np.array(mixed), np.array(added))

    def scores(self, together: float) -> Numbers:
        return self.mixed + together * self.added

    def surprises(self, rule: SituationRule) -> Numbers:
        return np.array([rule.surprise(float(one)) for one in self.scores(rule.together)])


def _found_share(fakes: Sequence[FileRow], surprises: Numbers, rate: float) -> float:
    """The share of forged files flagged at a rate, every kind weighing alike."""
    hit = (surprises > -math.log(rate)).astype(float)
    return float((weights([row.family for row in fakes]) * hit).sum())


class _OverSources:
    """The scores that shares of a mixture exceed in which every source weighs alike.

    A file of a source that nobody knows is a draw from such a mixture, and not from one in which
    the largest source has most of the say. Sources of fewer than ``SOME`` files are one together.
    """

    def __init__(self, real: Numbers, origin: Sequence[str]) -> None:
        counts = Counter(origin)
        names = [name if counts[name] >= SOME else "" for name in origin]
        sizes = Counter(names)
        order = np.argsort(real)[::-1]
        share = np.array([1 / sizes[name] for name in names])[order]
        self._over = np.cumsum(share) / len(sizes)
        self._falling = real[order]

    def threshold(self, rate: float) -> float:
        """The score that ``rate`` of the mixture exceeds."""
        place = int(np.searchsorted(self._over, rate, side="right"))
        return float(self._falling[min(place, len(self._falling) - 1)])


def _levels(real: Numbers, origin: Sequence[str], files: int) -> list[Level]:
    """Conformal thresholds down to what ``files`` can vouch for; an exponential tail beyond."""
    held = Grouped.of(real, origin, WORST, HELD)
    mixture = _OverSources(real, origin)
    start = float(np.quantile(real, 1 - TAIL))
    scale = max(float((real[real > start] - start).mean()) if (real > start).any() else 0.0, 1e-3)
    levels: list[Level] = []
    for rate in RATES:
        if files >= needed(rate):
            score = max(held.threshold(rate), mixture.threshold(rate))
        else:
            score = levels[-1].score + scale * math.log(levels[-1].rate / rate)
        last = levels[-1].score + 1e-4 if levels else -math.inf
        levels.append(Level(rate=rate, score=round(max(score, last), 5)))
    return levels
