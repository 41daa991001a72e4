"""Detectors that the user lets join a scan, beside the analyzers: by name, by path, or by set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from unmask import registry
from unmask.analyzers.base import Options
from unmask.analyzers.published import Published, scoring, taker
from unmask.cards.card import Card, read_card
from unmask.detectors.sets import detector_set
from unmask.errors import SettingError
from unmask.settings import Settings
from unmask.types import MediaInfo, NotChecked

UNFIT = "the file does not hold what it takes"
"""Why a detector says nothing of a file."""


@dataclass(frozen=True, slots=True)
class Guest:
    """One detector that joins: as it was called for, and its card."""

    called: str
    path: Path
    card: Card


def guests(settings: Settings) -> tuple[list[Guest], list[NotChecked]]:
    """The detectors that join a scan, and those of the chosen set that are not on the shelf.

    A detector of the set that was named besides joins once. Raises UnknownName, ModelError (no
    weights, or a scan cannot feed it) and SettingError (two of one name, or one named like an
    analyzer).
    """
    found = [_guest(name) for name in settings.joined]
    missing: list[NotChecked] = []
    if settings.set:
        for entry in detector_set(settings.set):
            if entry.place is None:
                why = f"it is not on the shelf: unmask models pull --set {settings.set}"
                missing.append(NotChecked(entry.name, entry.title, why))
            elif not any(guest.path == entry.place for guest in found):
                found.append(_guest(str(entry.place), entry.name))
    _told_apart(found)
    return found, missing


def join(
    media: MediaInfo, invited: Iterable[Guest], options: Options
) -> tuple[list[Published], list[NotChecked]]:
    """The detectors that can say something about this file, and those that cannot."""
    made = [Published(media, options, guest.path, guest.called) for guest in invited]
    unfit = [NotChecked(one.name, one.card.title, UNFIT) for one in made if not one.applies()]
    return [one for one in made if one.applies()], unfit


def _guest(name: str, called: str = "") -> Guest:
    path = registry.weighted_card(name)
    card = read_card(path)
    card.file()
    taker(card.inputs)
    scoring(card)
    return Guest(called or name, path, card)


def _told_apart(found: list[Guest]) -> None:
    names: set[str] = set()
    for guest in found:
        name = guest.card.name
        if name in registry.analyzers():
            raise SettingError(
                f"The detector {guest.called!r} is called {name!r} like an analyzer. Change the "
                f"name in its card: {guest.path}"
            )
        if name in names:
            raise SettingError(
                f"Two detectors that join are called {name!r}. Name one of them only, or change "
                "the name in its card."
            )
        names.add(name)
