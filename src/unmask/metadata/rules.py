"""The rules of ``rules.toml``: what a tag means and what cannot be true at once."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from unmask._toml import read_toml
from unmask.errors import ModelError
from unmask.metadata import fields
from unmask.metadata.fields import Metadata
from unmask.types import Label

_FILE = Path(__file__).with_name("rules.toml")


class Also(BaseModel):
    """A second tag that a rule asks for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    where: str
    pattern: str


class Rule(BaseModel):
    """What a tag that matches means. See the head of ``rules.toml``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    says: str
    where: tuple[str, ...]
    pattern: str
    source: str
    seen: str = Field(pattern="^(specification|code|reported|name)$")
    also: Also | None = None
    bearing: Label | None = None
    details: str = ""


class Contradiction(BaseModel):
    """Two statements of a file that exclude each other, and how an authentic file comes to it.

    ``opening``: how the sentence about it begins.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    check: str
    says: str
    innocent: str
    source: str
    opening: str = "The metadata contradict themselves or the file"
    bearing: Label | None = None


class Rules(BaseModel):
    """The whole file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    lists: dict[str, tuple[str, ...]]
    rule: tuple[Rule, ...]
    contradiction: tuple[Contradiction, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """A rule and the tag that matched it."""

    rule: Rule
    field: fields.Field


@dataclass(frozen=True, slots=True)
class _Ready:
    rule: Rule
    names: frozenset[str]
    globs: re.Pattern[str] | None

    def asks(self, key: str) -> bool:
        return key in self.names or (self.globs is not None and bool(self.globs.match(key)))


@lru_cache(maxsize=1)
def rules() -> Rules:
    """All rules. Raises ModelError when the file is malformed."""
    return read_toml(_FILE, Rules, "file of metadata rules", ModelError)


@lru_cache(maxsize=1)
def _ready() -> tuple[_Ready, ...]:
    known = rules()
    return tuple(_with_places(rule, known.lists) for rule in known.rule)


def _with_places(rule: Rule, lists: dict[str, tuple[str, ...]]) -> _Ready:
    names = {n for one in rule.where for n in (lists[one[1:]] if one.startswith("@") else (one,))}
    globs = sorted(name for name in names if "*" in name)
    places = re.compile("|".join(fnmatch.translate(glob) for glob in globs)) if globs else None
    return _Ready(rule, frozenset(names.difference(globs)), places)


@lru_cache(maxsize=4096)
def _asked(key: str) -> tuple[_Ready, ...]:
    """The rules that look into this tag."""
    return tuple(ready for ready in _ready() if ready.asks(key))


def matches(metadata: Metadata) -> Iterator[Match]:
    """Every rule that a file's tags match, each once, in the order of the rules."""
    found: dict[str, fields.Field] = {}
    for field in metadata.fields:
        for ready in _asked(field.key):
            if ready.rule.id in found or not re.search(ready.rule.pattern, field.text):
                continue
            also = ready.rule.also
            if also is None or re.search(also.pattern, metadata.text(also.where)):
                found[ready.rule.id] = field
    for rule in rules().rule:
        if rule.id in found:
            yield Match(rule, found[rule.id])
