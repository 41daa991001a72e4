"""Sets of detectors worth having: those of ``sets.toml``, and the user's own.

A file ``sets.toml`` on the user's shelf adds sets, or replaces one of the same name.
"""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from unmask import registry
from unmask._toml import read_toml
from unmask.cards.card import Card, Published, read_card
from unmask.cards.shelf import shelf
from unmask.errors import ModelError, UnknownName
from unmask.types import Claim

FILE = Path(__file__).with_name("sets.toml")


class Entry(BaseModel):
    """One detector of a set. See the head of ``sets.toml`` for what its fields mean."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    claim: Claim
    reason: str
    method: str = ""
    variant: str = ""
    source: str = Field(default="", pattern=r"^(hf:[\w.-]+/[\w.-]+@[0-9a-f]{40})?$")
    take: Literal["", "face", "picture", "clip", "frames", "sound"] = ""
    url: str = ""
    licence: str = ""
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")
    bytes: int = Field(default=0, ge=0)

    @model_validator(mode="after")
    def _one(self) -> Entry:
        if bool(self.method) == bool(self.source):
            raise ValueError("an entry names either a method or a source")
        if self.source and not self.licence:
            raise ValueError("an entry with a source names its licence")
        return self

    @cached_property
    def _card(self) -> Card | None:
        return read_card(registry.detector_card(self.method)) if self.method else None

    @property
    def title(self) -> str:
        """What a person calls it."""
        card = self._card
        if card is None:
            return self.source
        return f"{card.title}, {self.variant}" if self.variant else card.title

    @property
    def name(self) -> str:
        """Its folder on the shelf, and its name in a scan."""
        card = self._card
        if card is None:
            return slug(self.source.partition("@")[0].rpartition("/")[2])
        return card.shelf_name(self.variant)

    @property
    def file(self) -> Published:
        """The published checkpoint. Raises ModelError when neither entry nor card names one."""
        card, variant = self._card, self.variant
        listed: list[Published] = []
        if card is not None:
            variant = variant or card.variants[0]
            listed = [one for one in card.published if one.variant == variant]
        if self.url or self.source:
            return Published(
                variant=variant,
                url=self.url or self.source,
                licence=self.licence,
                sha256=self.sha256,
            )
        if not listed:
            raise ModelError(f"No card lists a checkpoint of {self.title}.")
        # A file whose hash is known comes first.
        return sorted(listed, key=lambda one: not one.sha256)[0]

    @property
    def place(self) -> Path | None:
        """Its card on the shelf, or None when it is not there."""
        card = shelf() / self.name / "card.toml"
        return card if card.is_file() else None


class _Set(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(pattern=r"^[a-z0-9-]+$")
    summary: str
    detector: list[Entry]


class _Sets(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    set: list[_Set]


def sets() -> dict[str, _Set]:
    """All sets by name. Raises ModelError when a file is malformed."""
    own = shelf() / FILE.name
    files = [FILE, own] if own.is_file() else [FILE]
    read = [read_toml(path, _Sets, "file of detector sets", ModelError) for path in files]
    return {one.name: one for found in read for one in found.set}


def detector_set(name: str) -> list[Entry]:
    """The detectors of a set. Raises UnknownName."""
    known = sets()
    if name not in known:
        raise UnknownName("set of detectors", name, known)
    return known[name].detector


def slug(text: str) -> str:
    """A name for a folder and a card: small letters, digits and hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "detector"
