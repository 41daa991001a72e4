"""The cards of comparing people: what distances and checks are worth."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from unmask.cards.card import Card, Operating, read_card
from unmask.errors import ModelError, UnknownName

_HERE = Path(__file__).parent
NAMES: tuple[str, ...] = ("face_identity", "voice_identity", "face_morph")
PAIR, MEAN = "distance", "distance_to_mean"
"""Outputs with an operating table: from one recording, and from the mean of several."""


def card_path(name: str) -> Path:
    """Where the card of a comparer lies. Raises UnknownName."""
    if name not in NAMES:
        raise UnknownName("identity card", name, NAMES)
    return _HERE / name / "card.toml"


@lru_cache(maxsize=4)
def identity_card(name: str) -> Card:
    """The card of a comparer. Raises UnknownName, ModelError."""
    return read_card(card_path(name))


def operating(name: str, references: int = 1) -> Operating:
    """What a distance is worth: ``llr`` and ``vote``; high = not the same person.

    ``references``: how many pictures or recordings the vector compared with is the mean of. Where
    means were not measured, the table of pairs holds. Raises UnknownName, and ModelError when the
    card has no table.
    """
    rows = {row.output: row for row in identity_card(name).operating}
    row = rows.get(MEAN if references > 1 else PAIR) or rows.get(PAIR)
    if row is None:
        raise ModelError(f"The card {name!r} says nothing about distances. Reinstall unmask.")
    return row
