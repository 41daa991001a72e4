"""Fitting the decision rule on what scans found in whole files.

Terms of the signs, shares, levels and the likelihood ratio belong to one situation.
No file of the part ``dev`` is looked at.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from unmask.bench.whole.levels import ALLOWED, WORST, levels_of
from unmask.bench.whole.ratio import ratios
from unmask.bench.whole.rows import FileRow
from unmask.bench.whole.shares import Sharing, Terms, searched
from unmask.bench.whole.terms import curves, fact_curves, terms_of
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
from unmask.decision.rule import Level, Ratio, Rule, SituationRule
from unmask.errors import DataError

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
FITTED_WITH: dict[Situation, Situation] = {Situation.FACES: Situation.ONE_FACE}
"""Situations too rare for a threshold of their own at the rates that matter (of 299 pictures with
several faces the third highest score is that of 1 %), and the one whose files theirs stand with."""
VOICES = 3
"""Authentic recordings whose speech is laid beside the pictures of each clip."""


def judged(rows: Iterable[FileRow]) -> list[FileRow]:
    """The rows with a score that counts."""
    known = {sign for signs in SIGNS.values() for sign in signs} - set(FACTS)
    return [row for row in rows if row.situation and known & set(row.evidence().signs)]


def fit(
    rows: Sequence[FileRow],
    date: str,
    given: Mapping[str, list[Level]],
    like: Rule | None = None,
    only: Collection[Situation] = tuple(Situation),
) -> Rule:
    """The rule of all situations. ``given``: curves that were measured elsewhere (``given``).

    Of a file that is there twice, the row with the sign of the encoder counts for scans with it.
    ``like``: a rule whose shares are taken over; without one they are searched. ``only``: the
    situations that are fitted.

    Raises DataError where a situation has no authentic or no forged file.
    """
    known = [row for row in judged(rows) if row.part != "dev"]
    alone = composed([row for row in known if not encoded(row)])
    wanted = [situation for situation in SIGNS if situation in only]
    parts = _situations(alone, wanted, given)
    if any(encoded(row) for row in known):
        looked = composed([row for row in known if encoded(row) or row.kind == "audio"])
        seen = [situation for situation in wanted if ENCODED in SIGNS[situation]]
        parts += _situations(looked, seen, given, encoder=True)
    before = {(one.situation, one.encoder): one for one in like.rule} if like else {}
    return Rule(rule=[one.rule(date, before.get((one.situation, one.encoder))) for one in parts])


def _situations(
    rows: Sequence[FileRow],
    situations: Iterable[Situation],
    given: Mapping[str, list[Level]],
    encoder: bool = False,
) -> list[_Situation]:
    facts = fact_curves([row for row in rows if not row.forged])
    return [_Situation(rows, situation, facts | dict(given), encoder) for situation in situations]


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


class _Situation:
    """A rule in the making. Raises DataError without authentic or without forged files."""

    def __init__(
        self,
        rows: Sequence[FileRow],
        situation: Situation,
        given: Mapping[str, list[Level]],
        encoder: bool = False,
    ) -> None:
        sought = {situation, FITTED_WITH.get(situation, situation)}
        mine = [row for row in rows if row.situation in sought]
        self.situation, self.encoder = situation, encoder
        self.reals = [row for row in mine if not row.forged]
        self.fakes = [row for row in mine if row.forged]
        if {row.forged for row in mine if row.situation == situation} != {True, False}:
            raise DataError(
                f"There is no authentic or no forged file of the situation {situation}."
            )
        names = [name for name in SIGNS[situation] if encoder or name not in OF_ENCODER]
        reals = [row for row in rows if not row.forged]
        found = curves(reals, self.reals, [name for name in names if name not in given])
        self.curves = {name: given[name] if name in given else found[name] for name in names}

    def rule(self, date: str, like: SituationRule | None) -> SituationRule:
        """The rule, with the shares of another or with those that find most."""
        bare = self._bare(date)
        origin = [row.source for row in self.reals]
        real, fake = Terms.of(self.reals, bare), Terms.of(self.fakes, bare)
        files = bare.reals
        kinds = [row.family for row in self.fakes]
        if like is None:
            sharing = searched(real, fake, origin, kinds, files)
        else:
            sharing = Sharing(like.shares, like.together)
        parts = [row.situation for row in self.reals]
        levels = levels_of(real.scores(sharing), origin, files, parts)
        rule = bare.model_copy(
            update={
                "signs": terms_of(self.curves, sharing.shares),
                "shares": sharing.shares,
                "together": sharing.together,
                "levels": levels,
            }
        )
        surprises = [
            np.array([rule.surprise(float(score)) for score in some.scores(sharing)])
            for some in (real, fake)
        ]
        makers = [f"{row.family} {row.source}" for row in self.fakes]
        found = ratios(surprises[0], origin, surprises[1], makers, kinds)
        return rule.model_copy(update={"ratios": found})

    def _bare(self, date: str) -> SituationRule:
        sources = sorted({row.source for row in self.reals})
        files = len({row.item for row in self.reals})  # a clip beside several voices is one file
        return SituationRule(
            situation=self.situation,
            encoder=self.encoder,
            signs=terms_of(self.curves, {}),
            shares={},
            together=0.0,
            levels=[Level(rate=0.5, score=0.0), Level(rate=0.1, score=1.0)],
            ratios=[Ratio(surprise=0.0, llr=0.0), Ratio(surprise=1.0, llr=0.0)],
            floor=round(1 / (files + 1) / ALLOWED, 6),
            worst_source=WORST,
            fitted_on=", ".join(sources),
            date=date,
            reals=files,
            fakes=len({row.item for row in self.fakes}),
            sources=len(sources),
        )
