"""The tags of a file as text, bounded whatever the file holds."""

from __future__ import annotations

from dataclasses import dataclass, field

LONGEST_VALUE = 65_536
MOST_FIELDS = 4_000
MOST_TEXT = 4_000_000
MOST_WORK = 48_000_000
"""Bytes of one file that are parsed or unpacked at most."""


@dataclass(frozen=True, slots=True)
class Field:
    """One tag: the block that it stands in, its name there and its value as text."""

    place: str
    name: str
    text: str

    @property
    def key(self) -> str:
        """The name that rules and people use: "exif:Make", "xmp:xmp:CreatorTool"."""
        return f"{self.place}:{self.name}"


@dataclass(frozen=True, slots=True)
class Jpeg:
    """How a JPEG is coded: stored size, sampling of each component, quantisation tables.

    A table is 64 steps in zigzag order. ``adobe``: an Adobe marker (APP14) is there.
    """

    width: int = 0
    height: int = 0
    progressive: bool = False
    sampling: tuple[tuple[int, int], ...] = ()
    tables: tuple[tuple[int, ...], ...] = ()
    adobe: bool = False


@dataclass(frozen=True, slots=True)
class Metadata:
    """Everything that was read from a file. ``notes`` say what could not be read."""

    fields: tuple[Field, ...] = ()
    thumbnail: bytes = b""
    jpeg: Jpeg | None = None
    notes: tuple[str, ...] = ()

    def text(self, *keys: str) -> str:
        """The first value that is not empty among these keys ("exif:Make"); "" if there is none."""
        for key in keys:
            for one in self.fields:
                if one.key == key and one.text.strip():
                    return one.text.strip()
        return ""

    def has(self, place: str) -> bool:
        """True if any tag stands in this block."""
        return any(one.place == place for one in self.fields)


@dataclass(slots=True)
class Collector:
    """Gathers tags and stops at the bounds."""

    fields: list[Field] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    thumbnail: bytes = b""
    jpeg: Jpeg | None = None
    _text: int = 0
    _work: int = 0

    def may(self, size: int) -> bool:
        """True if so many bytes more may be parsed; counts them."""
        self._work += size
        if self._work <= MOST_WORK:
            return True
        self.note(f"there are more than {MOST_WORK // 1_000_000} MB of metadata")
        return False

    def add(self, place: str, name: str, text: str) -> None:
        """Keep a tag; what is beyond the bounds is cut and noted."""
        if len(self.fields) >= MOST_FIELDS or self._text >= MOST_TEXT:
            self.note(f"there are more than {MOST_FIELDS} tags or {MOST_TEXT} characters of them")
            return
        if len(text) > LONGEST_VALUE:
            self.note(f"a value is longer than {LONGEST_VALUE} characters")
            text = text[:LONGEST_VALUE]
        text = text.strip("\0 \t\r\n")
        self._text += len(text)
        self.fields.append(Field(place, name[:120], text))

    def note(self, why: str) -> None:
        """Say once what could not be read."""
        if why not in self.notes and len(self.notes) < 20:
            self.notes.append(why)

    def done(self) -> Metadata:
        """What was gathered."""
        return Metadata(tuple(self.fields), self.thumbnail, self.jpeg, tuple(self.notes))
