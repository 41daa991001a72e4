"""Running speech: whole lines, and stretches of long recordings, from the shelves of the table."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import numpy as np

from unmask.detectors.audio.unmask_voice.material.cutting import LONG, alone, fault, pitch, plain
from unmask.detectors.audio.unmask_voice.material.cutting import stretches as stretches_of
from unmask.detectors.audio.unmask_voice.material.cutting import turns as turns_of
from unmask.detectors.audio.unmask_voice.material.reading import (
    UNREADABLE,
    Recording,
    decoded,
    recordings,
    trimmed,
)
from unmask.detectors.audio.unmask_voice.material.shelves import Shelf, Voice
from unmask.detectors.audio.unmask_voice.material.writing import Writer
from unmask.detectors.audio.unmask_voice.spectra import LEVEL, RATE
from unmask.types import Samples

SHORTEST = 1.5
"""Seconds of the shortest line."""
LONGEST = 20
"""Seconds of a line after which it is cut off."""
_HISS = 10 ** (-50 / 20)
"""Of the level, at most."""
_SAME = 0.3
"""Correlation at some delay above which two panels have one voice."""


class Runner:
    """Takes the running speech of one source. ``refused`` counts why recordings were not taken."""

    def __init__(self, shelf: Shelf, writer: Writer) -> None:
        self._shelf = shelf
        self._writer = writer
        self._rng = np.random.default_rng(0)
        self.refused: Counter[str] = Counter()

    def take(self, root: Path, rows: Sequence[dict[str, Any]]) -> bool:
        """All of the source; ``rows`` describe the videos of its panels. False: nothing there."""
        if self._shelf.running == "panels":
            return self._panels(root, rows)
        paths = self._shelf.found(root)
        if self._shelf.running == "turns":
            self._turns(paths)
            return bool(paths)
        over = self._shelf.over
        parts = [part for part in recordings(paths) if not over or part.size > over]
        take = self._lines if self._shelf.running == "lines" else self._stretches
        for speaker, voice, spoken in self._shelf.by_voice(parts):
            order = np.random.default_rng(0).permutation(len(spoken))
            take(speaker, voice, [spoken[at] for at in order])
        return bool(paths)

    def _read(self, spoken: Sequence[Recording]) -> Iterator[tuple[Recording, Samples]]:
        for recording in spoken:
            try:
                yield recording, recording.samples()
            except UNREADABLE:
                self.refused["unreadable"] += 1

    def _lines(self, speaker: str, voice: Voice, spoken: Sequence[Recording]) -> None:
        left = {True: voice.long, False: voice.lines}
        met = set()
        for recording, samples in self._read(spoken):
            samples = trimmed(samples)
            beginning = samples[:RATE].tobytes()
            long = samples.size >= LONG * RATE
            if beginning not in met and left[long]:
                left[long] -= self._put(
                    samples[: LONGEST * RATE], speaker, recording.name, SHORTEST
                )
            met.add(beginning)
            if not any(left.values()):
                return

    def _stretches(self, speaker: str, voice: Voice, spoken: Sequence[Recording]) -> None:
        number = taken = 0
        for _, samples in self._read(spoken):
            parts = stretches_of(samples[int(self._shelf.start * RATE) :])
            for part in parts[: 1 if self._shelf.heads else None]:
                if taken < voice.long:
                    taken += self._put(part, speaker, f"{number:02d}", LONG)
                number += 1
            if taken >= voice.long:
                return

    def _turns(self, paths: Sequence[Path]) -> None:
        files = {plain(path.stem): path for path in paths}
        notes = {note for path in paths for note in path.parent.glob(self._shelf.turns)}
        for note in sorted(notes):
            for name, said in turns_of(note.read_text(encoding="utf-8")).items():
                if name not in files:
                    continue
                samples = decoded(files[name])
                for start, end, speaker in alone(said):
                    parts = stretches_of(samples[int(start * RATE) : int(end * RATE)])
                    for number, part in enumerate(parts):
                        self._put(part, speaker, f"{name}_{start:.1f}_{number}", LONG)

    def _panels(self, root: Path, rows: Sequence[dict[str, Any]]) -> bool:
        met: list[Samples] = []
        for row in rows:
            path = row["path"]
            if not (row.get("has_audio") and any(fnmatch(path, p) for p in self._shelf.files)):
                continue
            samples = decoded(root / path)
            if not any(_same(samples, other) for other in met):
                met.append(samples)
                name = f"voxceleb_{Path(path).stem}"
                self._writer.write(self._shelf, name, samples, f"vox:{path}", path)
        return bool(met)

    def _put(self, samples: Samples, speaker: str, tag: str, seconds: float) -> bool:
        """Write a recording, unless something speaks against it."""
        shelf = self._shelf
        samples = trimmed(samples)
        reason = fault(samples, seconds)
        if not reason and shelf.pitch and not 0.62 < pitch(samples) / shelf.pitch < 1.6:
            reason = "another voice"
        if reason:
            self.refused[reason] += 1
            return False
        hiss = np.zeros(0, np.float32)
        if shelf.hiss:
            noise = self._rng.standard_normal(samples.size).astype(np.float32)
            hiss = noise * LEVEL * _HISS * self._rng.uniform(0.3, 1)
        name = re.sub(r"[^a-zA-Z0-9_.-]", "_", f"{shelf.source.replace('/', '_')}_{speaker}_{tag}")
        speaker = f"{shelf.owner or shelf.source}:{speaker}"
        subject = f"{shelf.source}:{speaker}"
        group = subject if shelf.roles else speaker
        self._writer.write(shelf, name, samples, subject, group, hiss)
        return True


def _same(one: Samples, other: Samples, size: int = 1 << 18) -> bool:
    both = np.fft.rfft(one, size) * np.conj(np.fft.rfft(other, size))
    power = float(np.sum(np.square(one)) * np.sum(np.square(other)))
    return bool(np.abs(np.fft.irfft(both, size)).max() > _SAME * np.sqrt(power + 1e-9))
