"""The people whom a file is compared with, from what the user named."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from unmask.batch import find_files
from unmask.errors import StoreError, UnfitReferences
from unmask.identity import store
from unmask.identity.distance import mean_vector
from unmask.identity.enrol import LEAST_FACES, LEAST_SPEECH, enrol
from unmask.identity.likeness import Sense
from unmask.identity.profile import Profile, Reference, vectors
from unmask.identity.voice_trail import WINDOW
from unmask.types import Tensor

SEPARATOR = os.pathsep
"""Between several references in one text; the first is the person whom the file claims to show."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody to compare with: mean embeddings, ``None`` where ``lacking`` says why."""

    name: str
    face: Tensor | None
    voice: Tensor | None
    lacking: tuple[tuple[Sense, str], ...]
    models: tuple[tuple[str, str], ...]
    counts: tuple[tuple[Sense, int], ...]

    def template(self, sense: Sense) -> Tensor | None:
        """The mean embedding of one sense."""
        return self.face if sense == "face" else self.voice

    def count(self, sense: Sense) -> int:
        """How many files the mean is of."""
        return dict(self.counts).get(sense, 0)


def people(text: str, threads: int = 0) -> tuple[Person, ...]:
    """Who was named: paths of folders, media and profiles, and names of stored profiles.

    Raises UnfitReferences, StoreError, UnknownName.
    """
    named = [part for part in text.split(SEPARATOR) if part]
    return tuple(_person(part, _stamp(Path(part)), threads) for part in named)


def person_of(profile: Profile) -> Person:
    """A profile as somebody to compare with. Raises UnfitReferences when it is not enough."""
    lacking: list[tuple[Sense, str]] = []
    if len(profile.faces) < LEAST_FACES:
        found = len(profile.faces)
        lacking.append(
            ("face", f"there {_are(found, 'usable look')} at the face; {LEAST_FACES} are needed")
        )
    speech = spoken(profile.voices)
    if speech < LEAST_SPEECH:
        why = f"there are {speech:.1f} s of usable speech; {LEAST_SPEECH:g} are needed"
        lacking.append(("voice", why))
    if len(lacking) == 2:
        reasons = "; ".join(why for _, why in lacking)
        hint = "".join(f" ({item.source}: {item.why})" for item in profile.left_out[:1])
        raise UnfitReferences(
            f"The references of {profile.name} do not suffice: {reasons}"
            f"{hint}. Add authentic photos or recordings."
        )
    poor = dict(lacking)
    return Person(
        profile.name,
        None if "face" in poor else mean_vector(vectors(profile.faces)),
        None if "voice" in poor else mean_vector(vectors(profile.voices)),
        tuple(lacking),
        profile.models,
        (("face", _files(profile.faces)), ("voice", _files(profile.voices))),
    )


def spoken(voices: tuple[Reference, ...]) -> float:
    """Seconds of speech that windows cover, overlaps counted once."""
    total = 0.0
    ends: dict[str, float] = {}
    for item in sorted(voices, key=lambda item: (item.source, item.time or 0.0)):
        start, end = (item.time or 0.0) - WINDOW / 2, (item.time or 0.0) + WINDOW / 2
        begin = max(start, ends.get(item.source, start))
        total += max(0.0, end - begin)
        ends[item.source] = end
    return total


def profile_from(text: str, threads: int = 0, said: Callable[..., None] | None = None) -> Profile:
    """The profile that a path or a name stands for; a folder is enrolled on the spot.

    Raises UnfitReferences, StoreError, UnknownName.
    """
    path = Path(text)
    if path.is_dir():
        profiles = sorted(path.glob(f"*{store.SUFFIX}"))
        if profiles:
            raise StoreError(
                f"{path} is a folder of profiles: name one of them, such as {profiles[0]}."
            )
        name = path.resolve().name or "the reference"
        return enrol(name, find_files([path]), threads, said)
    if path.is_file():
        if path.suffix == store.SUFFIX:
            return store.load(path)
        return enrol(path.stem, [path], threads, said)
    if path.name == text and store.names():
        return store.load(store.path_of(text))
    raise StoreError(
        f"There is no folder, file or profile {text!r}. Give a folder of authentic material, or "
        "the name of a profile: unmask profile list"
    )


def file_of(text: str) -> Path | str:
    """The profile's file that a text stands for; empty when it stands for none."""
    path = Path(text)
    if path.is_file():
        return path
    return store.path_of(text) if not path.exists() and text in store.names() else ""


@lru_cache(maxsize=8)
def _person(text: str, stamp: tuple[object, ...], threads: int) -> Person:
    return person_of(profile_from(text, threads))


def _stamp(path: Path) -> tuple[object, ...]:
    """What changes when a reference does, so that a folder is enrolled once for many files."""
    files = find_files([path]) if path.is_dir() else [path]
    return tuple(
        (str(file), info.st_mtime_ns, info.st_size)
        for file in files
        if file.is_file() and (info := file.stat())
    )


def _files(items: tuple[Reference, ...]) -> int:
    return len({item.source for item in items})


def _are(count: int, what: str) -> str:
    return f"is {count} {what}" if count == 1 else f"are {count} {what}s"
