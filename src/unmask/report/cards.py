"""The cards of the detectors that ran, read once a process."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache

from unmask import registry
from unmask.cards.card import Card, read_card
from unmask.identity.cards import NAMES, identity_card


@lru_cache(maxsize=64)
def installed_card(name: str) -> Card:
    """The card of a detector or comparer that ran, by name or path.

    Raises UnknownName, ModelError.
    """
    return identity_card(name) if name in NAMES else read_card(registry.weighted_card(name))


def cards_of(names: Iterable[str], cards: Mapping[str, Card] | None = None) -> list[Card]:
    """The cards of some detectors: from ``cards`` where given, else the installed ones."""
    given = cards or {}
    return [given[name] if name in given else installed_card(name) for name in names]
