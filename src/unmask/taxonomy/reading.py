"""Surveys' classes, read from the files of this folder, and what falls into them."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, model_validator

from unmask._toml import read_toml
from unmask.errors import DataError, UnknownName
from unmask.sources import Kind, Medium, Network, Source, sources

_HERE = Path(__file__).parent


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Class(_Strict):
    """One class. ``under``: the class that it is part of, empty at the top.

    A generator falls into it when it is named in ``sources``, or else when it has one of the
    ``kinds``, ``networks`` and ``media`` (all that are given must fit). ``detectors``: detectors of
    ours that look for what this class is about.
    """

    name: str
    about: str
    under: str = ""
    kinds: tuple[Kind, ...] = ()
    networks: tuple[Network, ...] = ()
    media: tuple[Medium, ...] = ()
    sources: tuple[str, ...] = ()
    detectors: tuple[str, ...] = ()

    def fits(self, source: Source) -> bool:
        """Whether the rule of the class, leaving names aside, takes a generator."""
        rules = (
            (source.kind, self.kinds),
            (source.network, self.networks),
            (source.medium, self.media),
        )
        return any(allowed for _, allowed in rules) and all(
            value in allowed for value, allowed in rules if allowed
        )


class Taxonomy(_Strict):
    """A survey's classes. ``citation``: "Authors: Title. Venue Year".

    ``checked``: whether the classes were read in the survey or its abstract; ``ours`` says what of
    the sorting is ours.
    """

    title: str
    citation: str
    url: str
    ours: str
    checked: bool = True
    classes: tuple[Class, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Taxonomy:
        names = [one.name for one in self.classes]
        if len(set(names)) < len(names):
            raise ValueError("two classes have one name")
        for one in self.classes:
            if one.under and one.under not in names[: names.index(one.name)]:
                raise ValueError(f"{one.name!r} stands under {one.under!r}, which is not above it")
            for key in one.sources:
                if key not in sources().by_key:
                    raise ValueError(f"{one.name!r} names {key!r}, which is no source")
        return self

    def of(self, source: Source) -> str:
        """The class of a generator; empty when the survey has none for it."""
        named = [one for one in self.classes if source.key in one.sources]
        fitting = [one for one in self.classes if one.fits(source)]
        return next((one.name for one in (*named, *fitting)), "")

    def of_detector(self, name: str) -> str:
        """The class of a detector; empty when it is not sorted in."""
        return next((one.name for one in self.classes if name in one.detectors), "")


@lru_cache(maxsize=1)
def _files() -> dict[str, Path]:
    return {path.stem: path for path in sorted(_HERE.glob("*.toml"))}


def taxonomies() -> dict[str, Path]:
    """The file of every taxonomy, by name."""
    return dict(_files())


@lru_cache(maxsize=16)
def taxonomy(name: str) -> Taxonomy:
    """A taxonomy. Raises UnknownName, and DataError when its file is malformed."""
    if name not in _files():
        raise UnknownName("taxonomy", name, _files())
    return read_toml(_files()[name], Taxonomy, "taxonomy", DataError)
