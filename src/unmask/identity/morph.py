"""Whether a face on an identity photo was made of two people's.

Two checks. ``two_people``: a face that lies near two people is suspect, because a real one lies
near one. ``against_live``: the photo against a picture taken of its holder under supervision; a
morph lies further away than an honest photo, and in other directions (differential detection after
Scherhag, Rathgeb, Merkle and Busch 2020, "Deep Face Representations for Differential Morphing
Attack Detection", section III: difference of two deep vectors, here with a linear classifier).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from unmask.cards.card import Operating
from unmask.errors import MediaError, ModelError
from unmask.identity.cards import card_path, identity_card
from unmask.identity.distance import distance, distances
from unmask.types import Tensor, Vote

CARD = "face_morph"
TWO, LIVE = "two_people", "against_live"
"""Outputs of the card."""
FILE = "differential.npz"


@dataclass(frozen=True, slots=True)
class Morph:
    """What a check says. ``score``: higher = rather a morph; ``vote`` at the rate asked for.

    ``people``: names and distances, the nearest first (for ``against_live`` the holder only).
    """

    score: float
    llr: float
    vote: Vote
    people: tuple[tuple[str, float], ...]


def two_people(vector: Tensor, references: Mapping[str, Tensor], fpr: float = 0.01) -> Morph:
    """Whether a face (``size``) matches two people; ``references``: vectors (n × size) of each.

    The score is 1 less the distance of the second nearest person, so look-alikes and relatives
    among the references raise it, too. Raises MediaError with less than two people.
    """
    if len(references) < 2:
        raise MediaError("One person cannot tell a morph: give references of two people or more.")
    away = {name: float(distances(vector[None], own).min()) for name, own in references.items()}
    people = tuple(sorted(away.items(), key=lambda pair: pair[1]))
    return _judged(TWO, two_score(people[1][1]), people, fpr)


def against_live(suspect: Tensor, live: Tensor, fpr: float = 0.01) -> Morph:
    """Whether a photo (``size``) is a morph, given a trusted picture of its holder."""
    return _judged(LIVE, live_score(suspect, live), (("live", distance(suspect, live)),), fpr)


def two_score(second: float) -> float:
    """The score of a face whose second nearest person lies at a distance."""
    return 1 - second


def live_score(suspect: Tensor, live: Tensor) -> float:
    """The raw score of ``against_live``."""
    weight, bias = _differential(card_path(CARD).with_name(FILE))
    return float(evidence(suspect, live) @ weight + bias)


def evidence(suspect: Tensor, live: Tensor) -> Tensor:
    """What the classifier sees: the distance and the size of each difference (1 + ``size``)."""
    return np.concatenate([[distance(suspect, live)], np.abs(suspect - live)]).astype(np.float32)


def _judged(output: str, score: float, people: tuple[tuple[str, float], ...], fpr: float) -> Morph:
    row = _operating(output)
    return Morph(score, row.llr(score), row.vote(score, fpr), people)


def _operating(output: str) -> Operating:
    for row in identity_card(CARD).operating:
        if row.output == output:
            return row
    raise ModelError(f"The card {CARD!r} says nothing about {output!r}. Reinstall unmask.")


@lru_cache(maxsize=2)
def _differential(path: Path) -> tuple[Tensor, float]:
    try:
        with np.load(path, allow_pickle=False) as file:
            return file["weight"], float(file["bias"])
    except (OSError, KeyError, ValueError) as error:
        raise ModelError(
            f"The morph check {path} does not load: {error}. Reinstall unmask."
        ) from None
