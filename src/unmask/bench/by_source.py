"""Forged items by what made them: kind, origin, network, year, or a survey's class."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from unmask.bench.protocol import Protocol
from unmask.errors import UnknownName
from unmask.metrics.outcomes import Outcome
from unmask.sources import Source, sources
from unmask.taxonomy.reading import taxonomies, taxonomy

UNKNOWN = "(not among the known generators)"
NONE = "(none)"
_OF_SOURCE: dict[str, Callable[[Source], str]] = {
    "kind": lambda source: source.kind.value,
    "parent": lambda source: sources().line(source)[-1].title,
    "network": lambda source: source.network,
    "year": lambda source: str(source.year or ""),
}


def groupings() -> tuple[str, ...]:
    """What generators can be sorted by: four of their fields, and every taxonomy by name."""
    return (*_OF_SOURCE, *taxonomies())


def places_of(protocol: Protocol, test: str) -> tuple[str, ...]:
    """The datasets of a test set, or of the whole protocol where it filters none."""
    own = [part.where.get("manifest", []) for part in protocol.test if part.name == test]
    return tuple(own[0]) if own and own[0] else tuple(protocol.manifests)


def part_of(row: Outcome, by: str, places: Iterable[str] = ()) -> str:
    """The part of a table that a forged item belongs to; empty when nobody says what made it.

    ``places``: datasets that it may be of. An item that several generators made has their values
    joined by " + ". Raises UnknownName for what generators cannot be sorted by.
    """
    if by not in groupings():
        raise UnknownName("grouping", by, groupings())
    if not row.generator:
        return ""
    found = sources().named(row.generator, row.source, row.family, *places)
    if not found:
        return UNKNOWN
    of = _OF_SOURCE.get(by) or taxonomy(by).of
    return " + ".join(dict.fromkeys(of(source) or NONE for source in found))
