"""What forgeries are made with: the generators, and how datasets spell them.

``sources.toml`` holds them: what kind of forgery each makes, what it is built on, since when.
A dataset, a folder or a table names a generator by a label of its own; ``Sources.named`` finds out
which generators that are. Nothing here makes anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, model_validator

from unmask._toml import read_toml
from unmask.errors import DataError

FILE = Path(__file__).with_name("sources.toml")
Medium = Literal["image", "video", "audio", "text"]
Network = Literal["", "graphics", "autoencoder", "gan", "diffusion", "autoregressive", "other"]


class Kind(StrEnum):
    """What a generator makes, or what it changes."""

    SWAP = "swap"
    REENACTMENT = "reenactment"
    LIP_SYNC = "lip-sync"
    TALKING_FACE = "talking-face"
    ATTRIBUTE_EDIT = "attribute-edit"
    FRONTALISATION = "frontalisation"
    SYNTHETIC_IDENTITY = "synthetic-identity"
    WHOLE_IMAGE = "whole-image"
    """Pictures from noise or a class name, with no text."""
    TEXT_TO_IMAGE = "plain-text-to-image"
    PERSONALISED_TEXT_TO_IMAGE = "personalised-text-to-image"
    IMAGE_TO_IMAGE = "image-to-image"
    INPAINTING = "inpainting"
    RESTORATION = "restoration"
    RENDERING = "rendering"
    TEXT_TO_VIDEO = "text-to-video"
    """Clips from a text, from a picture, or from both."""
    TTS = "tts"
    VOICE_CONVERSION = "voice-conversion"
    CODEC = "codec"
    VOCODER = "vocoder"
    SONG = "song"
    TEXT = "text"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """One generator.

    ``kind``: what it makes; ``also``: what else it is used for. ``parent``: the key of the
    generator that it changes or trains further; ``base``: of the pretrained one that it runs.
    ``samples``: where published items are, ``dataset:NAME`` for those that ``unmask data`` reads.
    ``aliases``: other spellings; the key and the title are spellings too. ``within``: names of
    datasets, sources or families of items in which alone the spellings mean this generator.
    ``licence``: of the code, as it is stated. ``paper``: "Authors: Title. Venue Year".
    ``unnamed``: one of several that a dataset does not tell apart, or of which it gives no name.
    ``checked``: whether kind, year and origin were read in the paper, its abstract or the authors'
    code, and not written from memory.
    """

    key: str
    title: str
    kind: Kind
    medium: Medium
    network: Network = ""
    also: tuple[Kind, ...] = ()
    parent: str = ""
    base: str = ""
    year: int | None = None
    samples: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    repo: str = ""
    licence: str = ""
    paper: str = ""
    url: str = ""
    note: str = ""
    unnamed: bool = False
    checked: bool = True

    @property
    def spellings(self) -> frozenset[str]:
        """Folded: key, title and aliases."""
        return frozenset(map(folded, (self.key, self.title, *self.aliases)))


class Spelling(_Strict):
    """How a dataset wraps names of generators into a label.

    ``pattern`` (of the whole label) catches ``names``, which ``separator`` divides; or it catches
    nothing and the label means the source ``means``. ``within``: as of a source; nowhere else.
    """

    pattern: str
    within: tuple[str, ...] = ()
    separator: str = ""
    means: str = ""


class _Group(_Strict):
    about: str
    shared: dict[str, Any] = {}
    source: dict[str, dict[str, Any]]

    def sources(self) -> Iterator[Source]:
        for key, own in self.source.items():
            yield Source.model_validate({**self.shared, **own, "key": key})


class _File(_Strict):
    spelling: tuple[Spelling, ...] = ()
    group: tuple[_Group, ...]


class Sources(_Strict):
    """All generators by key, and the ways in which labels are wrapped."""

    by_key: Mapping[str, Source]
    spellings: tuple[Spelling, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Sources:
        for source in self.by_key.values():
            for key in (source.parent, source.base):
                if key and key not in self.by_key:
                    raise ValueError(f"{source.key} is built on {key!r}, which is no source")
        free: dict[str, str] = {}
        for source in self.by_key.values():
            for spelling in () if source.within else source.spellings:
                if (other := free.setdefault(spelling, source.key)) != source.key:
                    raise ValueError(f"{spelling!r} means both {other} and {source.key}")
            if len(self.line(source)) > len(self.by_key):
                raise ValueError(f"{source.key} descends from itself")
        for rule in self.spellings:
            if rule.means not in ("", *self.by_key):
                raise ValueError(f"{rule.pattern!r} means {rule.means!r}, which is no source")
        return self

    def line(self, source: Source) -> tuple[Source, ...]:
        """A generator and what it descends from, by parent or else by base, to the first."""
        found = [source]
        while (key := found[-1].parent or found[-1].base) and len(found) <= len(self.by_key):
            found.append(self.by_key[key])
        return tuple(found)

    def named(self, label: str, *places: str) -> tuple[Source, ...]:
        """The generators that a label names; none when it, or a part of it, is not known.

        ``places``: what is known of where the label stands: the name of the dataset, the item's
        source and its family. A label such as "A05" means nothing without.
        """
        where = frozenset(folded(place) for place in places if place)
        if found := self._one(folded(label), where):
            return (found,)
        for rule in self.spellings:
            caught = re.fullmatch(rule.pattern, label)
            if caught and (not rule.within or where & set(map(folded, rule.within))):
                if rule.means:
                    return (self.by_key[rule.means],)
                return self._all(caught["names"], rule.separator, where)
        return self._all(label, "+", where) if "+" in label else ()

    def _all(self, text: str, separator: str, where: frozenset[str]) -> tuple[Source, ...]:
        parts = text.split(separator) if separator else [text]
        found = [self._one(folded(part), where) for part in parts]
        return tuple(one for one in found if one) if all(found) else ()

    @cached_property
    def _spelled(self) -> dict[str, list[Source]]:
        found: dict[str, list[Source]] = {}
        for source in self.by_key.values():
            for spelling in source.spellings:
                found.setdefault(spelling, []).append(source)
        return found

    def _one(self, spelling: str, where: frozenset[str]) -> Source | None:
        fitting = self._spelled.get(spelling, [])
        scoped = [one for one in fitting if where & set(map(folded, one.within))]
        free = [one for one in fitting if not one.within]
        return next(iter((*scoped, *free)), None)


@lru_cache(maxsize=8192)
def folded(text: str) -> str:
    """A name without case, accents and punctuation: "SD v2.1" and "sd_v_2.1" are the same."""
    plain = unicodedata.normalize("NFKD", text.replace("+", " plus ")).casefold()
    return "".join(sign for sign in plain if sign.isalnum())


def read_sources(path: Path = FILE) -> Sources:
    """The generators of a file. Raises DataError when it is malformed or contradicts itself."""
    file = read_toml(path, _File, "table of generators", DataError)
    found: dict[str, Source] = {}
    try:
        for group in file.group:
            for source in group.sources():
                if source.key in found:
                    raise ValueError(f"{source.key} stands there twice")
                found[source.key] = source
        return Sources(by_key=found, spellings=file.spelling)
    except ValueError as error:
        text = "; ".join(str(error).split("\n"))
        raise DataError(f"The table of generators {path} is malformed: {text}") from error


@lru_cache(maxsize=1)
def sources() -> Sources:
    """The generators that are known. Raises DataError."""
    return read_sources()


def titles(found: Iterable[Source]) -> str:
    """Generators in words: "XTTS v2 + Wav2Lip"."""
    return " + ".join(source.title for source in found)
