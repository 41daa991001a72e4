"""From a folder of authentic photos, videos and recordings to a profile."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from unmask.errors import MediaError, MissingExtra, UnfitReferences
from unmask.identity.agreement import split, strays
from unmask.identity.cards import operating
from unmask.identity.face_trail import FaceTrail
from unmask.identity.networks import face_embedder, voice_network
from unmask.identity.profile import LeftOut, Profile, Reference
from unmask.identity.voice_trail import HOP, VoiceTrail
from unmask.media import probe, read_image, stream
from unmask.types import AudioBlock, Frame, Kind, MediaInfo

LEAST_FACES = 2
"""Looks at a face, of one photo and upwards, that a comparison needs."""
LEAST_SPEECH = 3.0
"""Seconds of speech that a comparison needs."""
_MOST_FILES = 1000
_MOST_OF_ONE = 24
"""Looks, or windows of speech, kept of one file."""
_VIDEO_RATE = 6.0
"""Frames a second, of which every third is looked at."""
_LONGEST = 300.0
"""Seconds of a video that are looked at."""
_BESIDE = 0.5
"""A second face of this share of the largest one's area makes it uncertain who is meant."""
_SPLIT_RATIO = 30.0
"""How many times likelier two people must be than one for references to be split."""
_APART = 0.4
"""Seconds between two windows of speech that are kept."""
_NOISY = 8.0
"""Decibels between speech and the background under which a recording is too noisy."""
_SOUND_RATE = 16000
Said = Callable[[float, float | None], None]
"""Called with the files done, and in all."""


class Gathering:
    """Collects references file by file; ``left_out`` says what was not used, and why."""

    def __init__(self, threads: int = 0) -> None:
        self.faces: list[Reference] = []
        self.voices: list[Reference] = []
        self.left_out: list[LeftOut] = []
        self._threads = threads
        self._models: dict[str, str] = {}

    def take(self, path: Path) -> None:
        """Take one file; what cannot be read or used is noted."""
        try:
            media = probe(path)
            if media.kind is Kind.IMAGE:
                self._picture(path, media)
            else:
                self._moving(path, media)
        except MediaError as error:
            self.left_out.append(LeftOut(path.name, "the file", str(error)))

    def _trail(self, still: bool) -> FaceTrail | None:
        try:
            embedder = face_embedder(self._threads)
        except MissingExtra as error:
            self.left_out.append(LeftOut("all pictures", "faces", str(error)))
            return None
        self._models["face"] = embedder.name
        return FaceTrail(still, embedder)

    def _picture(self, path: Path, media: MediaInfo) -> None:
        trail = self._trail(True)
        if trail is not None:
            trail.frame(Frame(0, 0.0, read_image(path)))
            self._keep_faces(path, media, trail)

    def _moving(self, path: Path, media: MediaInfo) -> None:
        trail = self._trail(False) if media.kind is Kind.VIDEO else None
        name, network = voice_network(self._threads)
        voice = VoiceTrail(network)
        for part in stream(
            path,
            media,
            fps=_VIDEO_RATE,
            rate=_SOUND_RATE,
            want_frames=trail is not None,
            want_sound=media.audio_codec is not None,
        ):
            if isinstance(part, AudioBlock):
                voice.feed(part.samples)
            elif trail is not None and part.time <= _LONGEST:
                trail.frame(part)
        if trail is not None:
            self._keep_faces(path, media, trail)
        if media.audio_codec is not None:
            self._models["voice"] = name
            self._keep_voice(path, media, voice)

    def _keep_faces(self, path: Path, media: MediaInfo, trail: FaceTrail) -> None:
        by_time: dict[float, list[int]] = {}
        for i, look in enumerate(trail.looks):
            by_time.setdefault(look.time, []).append(i)
        alone: list[int] = []
        for places in by_time.values():
            areas = [trail.looks[i].box.area for i in places]
            if len(places) == 1 or sorted(areas)[-2] < _BESIDE * max(areas):
                alone.append(places[int(np.argmax(areas))])
        for i in _spread(alone):
            look = trail.looks[i]
            time = None if media.kind is Kind.IMAGE else look.time
            self.faces.append(Reference(path.name, media.sha256, time, look.vector))
        if not alone:
            why = trail.problem() or "no face was found"
            if trail.looks:
                why = "it shows several faces: cut it to the person"
            self.left_out.append(LeftOut(path.name, "faces", why))

    def _keep_voice(self, path: Path, media: MediaInfo, trail: VoiceTrail) -> None:
        voice = trail.finish()
        speech = voice.activity.speech
        why = ""
        if not len(voice.times):
            why = (
                f"it holds {voice.activity.seconds:.1f} s of speech; stretches of 1.6 s are needed"
            )
        elif (~speech).sum() > 10:
            levels = voice.activity.levels
            over = float(np.median(levels[speech])) - float(np.median(levels[~speech]))
            why = f"the speech is only {over:.0f} dB over the noise" if over < _NOISY else ""
        if why:
            self.left_out.append(LeftOut(path.name, "the voice", why))
            return
        for i in _spread(list(range(0, len(voice.times), max(1, round(_APART / HOP))))):
            time = round(float(voice.times[i]), 2)
            self.voices.append(Reference(path.name, media.sha256, time, voice.vectors[i]))

    def profile(self, name: str) -> Profile:
        """The references that agree. Raises UnfitReferences when they show two people."""
        faces = self._agreeing(self.faces, "face")
        voices = self._agreeing(self.voices, "voice")
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return Profile(
            name, faces, voices, tuple(self.left_out), tuple(sorted(self._models.items())), now
        )

    def _agreeing(self, items: list[Reference], sense: str) -> tuple[Reference, ...]:
        table = operating(f"{sense}_identity")
        limit = (math.log(_SPLIT_RATIO) - table.offset) / table.slope
        main, others = split(items, limit)
        apart = strays(main, others)
        if apart is None:
            there = ", ".join(main[:3])
            here = ", ".join(dict.fromkeys(name for group in others for name in group[:3]))
            raise UnfitReferences(
                f"The references show the {sense}s of two or more people: {there} against {here}. "
                "Keep the files of one person only."
            )
        for source in apart:
            why = "it does not fit the other references: another person, or a poor recording"
            self.left_out.append(LeftOut(source, f"the {sense}", why))
        return tuple(item for item in items if item.source not in apart)


def enrol(name: str, files: Iterable[Path], threads: int = 0, said: Said | None = None) -> Profile:
    """A profile of one person from authentic files of all kinds.

    Raises UnfitReferences when nothing can be used, or when they show two people.
    """
    gathering = Gathering(threads)
    paths = list(files)[:_MOST_FILES]
    for done, path in enumerate(paths, start=1):
        gathering.take(path)
        if said:
            said(done, len(paths))
    profile = gathering.profile(name)
    if not profile.faces and not profile.voices:
        first = gathering.left_out[0] if gathering.left_out else None
        why = f"{first.source}: {first.why}" if first else "there are no files"
        raise UnfitReferences(
            f"Nothing in the references can be used ({why}). Give photos with one clear face, "
            "videos, or recordings with speech."
        )
    return profile


def _spread(places: list[int]) -> list[int]:
    """At most so many of a file, evenly spread."""
    if len(places) <= _MOST_OF_ONE:
        return places
    chosen = np.linspace(0, len(places) - 1, _MOST_OF_ONE).round().astype(int)
    return [places[int(i)] for i in chosen]
