"""Pairs of faces or voices with their distance: stored, and read back for every figure.

Identities are halved by a hash of their name: calibration sees one half, tests the other, and no
pair reaches across.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from unmask.identity.distance import distances
from unmask.metrics.predictions import Prediction
from unmask.types import Tensor

CALIBRATION, TEST = "calibration", "test"
ACROSS = "London and LFW"
"""Strangers of two sources, who are told apart more easily: a row of their own, never pooled."""


@dataclass(frozen=True, slots=True)
class Item:
    """One face or voice: whose, from where, under which condition, and what is known of it.

    ``content`` is what it says or where it was taken: two items of one content are no pair.
    ``traits``: gender, age band and ethnicity, empty where unknown.
    """

    item_id: str
    identity: str
    source: str
    condition: str = "clean"
    content: str = ""
    traits: tuple[str, str, str] = ("", "", "")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two items and how far they lie apart. ``label``: 1 when they are two people's.

    ``condition`` is that of the second; ``output``: which table of the card it speaks about.
    ``alike``: both people have the same gender, age band and ethnicity, where these are known.
    """

    first: str
    second: str
    identity: str
    other: str
    source: str
    label: int
    half: str
    condition: str
    output: str
    score: float
    gender: str = ""
    age_band: str = ""
    ethnicity: str = ""
    alike: bool = False


def half(identity: str) -> str:
    """The half of an identity, by a hash of its name."""
    odd = hashlib.sha256(identity.encode()).digest()[0] & 1
    return TEST if odd else CALIBRATION


def pairs(
    references: Sequence[tuple[Item, Tensor]],
    probes: Sequence[tuple[Item, Tensor]],
    output: str,
    strangers: int,
    alike: int = 0,
    seed: int = 0,
) -> list[Pair]:
    """Each probe against its own person's references and against strangers of the same source.

    ``strangers`` are drawn at random, ``alike`` more among those of the same gender and ethnicity.
    """
    made: list[Pair] = []
    rng = np.random.default_rng(seed)
    by_source: dict[tuple[str, str], list[int]] = {}
    by_identity: dict[str, list[int]] = {}
    for i, (item, _) in enumerate(references):
        by_source.setdefault((item.source, half(item.identity)), []).append(i)
        by_identity.setdefault(item.identity, []).append(i)
    vectors = np.stack([vector for _, vector in references])
    for probe, vector in probes:
        own = [
            i
            for i in by_identity.get(probe.identity, [])
            if references[i][0].item_id != probe.item_id
            and not (probe.content and references[i][0].content == probe.content)
        ]
        others = [
            i
            for i in by_source.get((probe.source, half(probe.identity)), [])
            if references[i][0].identity != probe.identity
        ]
        same = [i for i in others if _same_kind(references[i][0], probe)]
        chosen = [*own, *_draw(rng, others, strangers), *_draw(rng, same, alike)]
        if not chosen:
            continue
        scores = distances(vectors[chosen], vector[None])[:, 0]
        for i, score in zip(chosen, scores, strict=True):
            made.append(_pair(references[i][0], probe, output, float(score)))
    return made


def _draw(rng: np.random.Generator, among: Sequence[int], count: int) -> list[int]:
    if not among or not count:
        return []
    return [int(i) for i in rng.choice(among, min(count, len(among)), replace=False)]


def _same_kind(first: Item, second: Item) -> bool:
    gender, _, ethnicity = first.traits
    return bool(gender) and (gender, ethnicity) == (second.traits[0], second.traits[2])


def _pair(first: Item, second: Item, output: str, score: float) -> Pair:
    gender, age, ethnicity = first.traits
    return Pair(
        first.item_id,
        second.item_id,
        first.identity,
        second.identity,
        first.source,
        int(first.identity != second.identity),
        half(first.identity),
        second.condition,
        output,
        round(score, 6),
        gender,
        age,
        ethnicity,
        _same_kind(first, second),
    )


def as_predictions(rows: Iterable[Pair], claim: str) -> list[Prediction]:
    """Pairs as the calibration of any detector takes them; the group is the first's identity."""
    return [
        Prediction(
            item_id=f"{row.first}|{row.second}",
            media_id=row.second,
            group=row.identity,
            source=row.source,
            label=row.label,
            family="",
            claim=claim,
            protocol=row.half,
            condition=row.condition,
            score=row.score,
            gender=row.gender,
            age_band=row.age_band,
            ethnicity=row.ethnicity,
        )
        for row in rows
    ]
