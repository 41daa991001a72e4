"""Items chosen by patterns of their fields: ``generator = Deepfakes``, ``condition = c23``.

A pattern fits a whole value; ``*`` stands for anything, case does not count, and ``!`` before it
keeps out what fits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from unmask.datasets.manifest import Item, Manifest
from unmask.errors import DataError, SettingError, UnknownName

FIELDS = frozenset(Item.__dataclass_fields__)
_OF_FAKES = frozenset({"generator", "family", "types", "mask", "original", "segments"})
"""Fields that a real item leaves empty: they choose among forged items alone."""

Where = Mapping[str, Sequence[str]]


def matches(value: str, patterns: Iterable[str]) -> bool:
    """Whether a value fits one of the patterns and none of those that keep out."""
    low = value.lower()
    wanted: list[str] = []
    barred: list[str] = []
    for pattern in patterns:
        (barred if pattern.startswith("!") else wanted).append(pattern.removeprefix("!").lower())
    return (not wanted or any(fnmatchcase(low, pattern) for pattern in wanted)) and not any(
        fnmatchcase(low, pattern) for pattern in barred
    )


def chosen(manifest: Manifest, where: Where) -> Manifest:
    """The items that fit every field. ``generator`` and its like choose among forged items alone.

    Raises UnknownName for no field of an item, DataError when nothing is left of a class.
    """
    if unknown := sorted(set(where) - FIELDS):
        raise UnknownName("field of an item", unknown[0], FIELDS)
    left = manifest.where(
        lambda item: all(
            (not item.label and name in _OF_FAKES) or matches(str(getattr(item, name)), patterns)
            for name, patterns in where.items()
        )
    )
    for label in sorted({item.label for item in manifest}):
        if not any(item.label == label for item in left):
            values = {
                name: sorted({str(getattr(i, name)) for i in manifest if i.label == label})[:8]
                for name in where
            }
            there = "; ".join(f"{name}: {', '.join(map(repr, v))}" for name, v in values.items())
            what = ("real", "forged")[label]
            raise DataError(f"No {what} item fits {told(where)}. There are: {there}.")
    return left


def where_of(texts: Iterable[str]) -> dict[str, list[str]]:
    """``generator=Deepfakes,Face2Face`` and its like. Raises SettingError for another form."""
    found: dict[str, list[str]] = {}
    for text in texts:
        name, equals, values = text.partition("=")
        if not equals or not name.strip():
            raise SettingError(f"Where is {text!r}; use FIELD=PATTERN,PATTERN, as condition=c23.")
        parts = [part.strip() for part in values.split(",")]
        found.setdefault(name.strip(), []).extend(parts)
    return found


def told(where: Where) -> str:
    """A choice as it is written."""
    return " and ".join(f"{name}={','.join(patterns)}" for name, patterns in where.items())
