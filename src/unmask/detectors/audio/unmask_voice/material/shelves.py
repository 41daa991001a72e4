"""The table of sources of real voices, ``shelves.toml``: where each stands and who speaks there."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from unmask.errors import DataError


class Named(Protocol):
    """Anything with a name that tells who speaks."""

    @property
    def name(self) -> str:
        """Name of a file, without its ending."""
        ...


T = TypeVar("T", bound=Named)


@dataclass(frozen=True, slots=True)
class Voice:
    """One speaker (or one pattern for several), and the most recordings that are taken of each."""

    name: str
    match: str = ".*"
    long: int = 0
    """Of 5 s and more."""
    lines: int = 0
    """Shorter ones."""


@dataclass(frozen=True, slots=True)
class Clips:
    """Clips of 2.2 s: ``most`` a speaker; ``each`` folder a speaker; ``whole`` recordings."""

    most: int
    each: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Shelf:
    """One source. What each field means stands in ``shelves.toml``."""

    source: str
    split: str
    package: str
    licence: str
    root: str = "debian"
    folder: str = ""
    files: tuple[str, ...] = ()
    without: str = ""
    over: int = 0
    language: str = ""
    clips: Clips | None = None
    running: str = ""
    owner: str = ""
    voices: tuple[Voice, ...] = ()
    turns: str = ""
    start: float = 0.0
    heads: bool = False
    pitch: float = 0.0
    roles: bool = False
    hiss: bool = False

    def found(self, root: Path) -> list[Path]:
        """The files of running speech under ``root``, sorted."""
        folder = root / self.folder
        paths = {path for pattern in self.files for path in folder.glob(pattern)}
        return sorted(path for path in paths if self.without not in path.parts)

    def by_voice(self, recordings: Sequence[T]) -> list[tuple[str, Voice, list[T]]]:
        """Speaker, the rule that named it, its recordings. What no rule matches is left out."""
        voiced: list[tuple[str, Voice, list[T]]] = []
        rest = list(recordings)
        for voice in self.voices:
            spoken: dict[str, list[T]] = defaultdict(list)
            for recording in rest:
                if match := re.fullmatch(voice.match, recording.name):
                    spoken[match.expand(voice.name)].append(recording)
            taken = {recording.name for part in spoken.values() for recording in part}
            rest = [recording for recording in rest if recording.name not in taken]
            voiced += [(speaker, voice, part) for speaker, part in spoken.items()]
        return voiced


def read_shelves(path: Path | None = None) -> list[Shelf]:
    """All sources of the table. Raises DataError when one names an unknown split or kind."""
    with (path or Path(__file__).with_name("shelves.toml")).open("rb") as file:
        rows = tomllib.load(file)["shelf"]
    return [_shelf(row) for row in rows]


def _shelf(row: dict[str, Any]) -> Shelf:
    for field, allowed in (
        ("split", ("train", "unseen")),
        ("root", ("debian", "packages", "data")),
        ("running", ("", "lines", "stretches", "turns", "panels")),
    ):
        value = row.get(field, allowed[0])
        if value not in allowed:
            listed = ", ".join(filter(None, allowed))
            raise DataError(f"{row['source']}: {field} is {value!r}; allowed are {listed}.")
    nested = {
        "files": tuple(row.get("files", ())),
        "voices": tuple(Voice(**voice) for voice in row.get("voices", ())),
        "clips": Clips(**row["clips"]) if "clips" in row else None,
    }
    return Shelf(**{**row, **nested})
