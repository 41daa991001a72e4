"""Scenes: windows of a real recording with something laid in, or left alone, for the frame logits.

What is laid in: the covered speech through a vocoder, speech of a generator, or real speech of
another recording (a splice, which is a forgery too). What is laid in as *no* forgery, so that the
net does not take a join or a second voice for one: other speech of the same speaker and source,
turns of a second speaker of the same source between pauses, and stretches of another loudness or
with noise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice import cuts
from unmask.detectors.audio.unmask_voice.items import HELD_SOURCES, Item, load
from unmask.detectors.audio.unmask_voice.spectra import FRAMES, LEVEL, RATE, SAMPLES, STEP
from unmask.forge.launder_sound import launder
from unmask.forge.vocode import insert, resynthesise
from unmask.types import Samples

METHODS = (
    "griffin-lim", "mel-griffin-lim", "mel-nonnegative", "random-phase", "smeared", "smeared",
    "smeared", "world", "world-converted", "quantised", "cepstral", "harmonic", "channel",
    "shifted",
)  # fmt: skip
"""Vocoders of the inserts. None of ``items.HELD_OUT``."""
FORGED = {
    "vocoded": 0.34, "copied": 0.16, "paired": 0.10, "fake": 0.12, "spoken": 0.08, "splice": 0.20,
}  # fmt: skip
"""How often an insert is made in which way: of the covered speech through a vocoder of ours, or as
a tool copied it; from a fake of the same utterance or source; from any fake; from a generator that
is installed; from real speech elsewhere."""
_JOINED = 0.3
"""Share of the long recordings that are joined with others all the same."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One window. ``frames``: 0 real, 1 forged, ``IGNORED``; ``systems``: what was laid in;
    ``sources``: the recording's and theirs."""

    samples: Samples
    frames: NDArray[np.uint8]
    sources: list[str]
    systems: list[str]
    held: bool


@dataclass(frozen=True, slots=True)
class _Laid:
    """Speech of a window: its samples, and which recording begins where in it."""

    samples: Samples
    parts: list[tuple[int, Item]]


@lru_cache(maxsize=4096)
def _clip(path: Path) -> Samples:
    return load(path)


def spoken(folder: Path) -> dict[str, list[Samples]]:
    """Speech of generators by name, from ``folder/NAME_*.wav``: 16 kHz, one level."""
    found: dict[str, list[Samples]] = {}
    for path in sorted(folder.glob("*_*.wav")):
        wave, rate = soundfile.read(path, dtype="float32")
        wave = soxr.resample(wave, rate, RATE)
        wave = np.asarray(wave * (LEVEL / max(float(np.sqrt(np.mean(wave**2))), 1e-6)), np.float32)
        found.setdefault(path.stem.partition("_")[0], []).append(wave)
    return found


class Stage:
    """Makes scenes from items and further synthetic speech; scene *i* depends on (seed, i) alone.

    Sources count by the root of their number of real recordings.
    """

    def __init__(self, items: Sequence[Item], speech: dict[str, list[Samples]], seed: int) -> None:
        self._seed = seed
        self._speech = speech
        self._reals: dict[str, list[Item]] = defaultdict(list)
        self._fakes: dict[str, list[Item]] = defaultdict(list)
        self._pairs: dict[str, list[Item]] = defaultdict(list)
        self._copies: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if item.copy_of:
                self._copies[item.copy_of].append(item)
            elif item.label:
                self._fakes[item.source].append(item)
                self._pairs[item.group].append(item)
            else:
                self._reals[item.source].append(item)
        self._sources = sorted(self._reals)
        weight = np.sqrt([len(self._reals[source]) for source in self._sources])
        # Sources kept for validation need but a few scenes.
        weight[[source in HELD_SOURCES for source in self._sources]] *= 0.25
        self._weight = weight / weight.sum()

    def scene(self, index: int) -> Scene:
        """See the class."""
        rng = np.random.default_rng((self._seed, index))
        item = self._any_real(rng)
        turns = bool(rng.random() < 0.14)
        laid = self._dialogue(item, rng) if turns else self._monologue(item, rng)
        samples = laid.samples
        frames = np.zeros(FRAMES, np.uint8)
        if rng.random() < 0.12:
            samples = self._same_voice(item, samples, rng)
        if rng.random() < 0.1:
            samples = cuts.disturbed(samples, rng)
        sources, systems = [item.source], []
        for _ in range(int(rng.choice([0, 1, 2], p=[0.34, 0.54, 0.12]))):
            samples, inside, system, source = self._forged(item, laid.parts, samples, rng)
            frames[inside] = 1
            systems.append(system)
            sources.append(source)
        samples, frames = cuts.ended(samples, frames, rng)
        if rng.random() < 0.55:
            samples = launder(samples, RATE, rng, float(rng.uniform(0.15, 0.8)))
        samples = np.asarray(samples, np.float32)
        return Scene(samples, frames, sources, systems, item.held)

    def _any_real(self, rng: np.random.Generator, but: str = "") -> Item:
        source = str(rng.choice(self._sources, p=self._weight))
        while source == but:
            source = str(rng.choice(self._sources, p=self._weight))
        return _one(self._reals[source], rng)

    def _same_side(self, items: Sequence[Item], held: bool) -> list[Item]:
        """Held scenes are made of held recordings only, and the others of none of them."""
        return [item for item in items if item.held == held]

    def _monologue(self, item: Item, rng: np.random.Generator) -> _Laid:
        """A stretch of a long recording, or recordings of one speaker in a row."""
        samples = _clip(item.path)
        if samples.size >= SAMPLES and rng.random() > _JOINED:
            window, begin = cuts.cut(samples, rng)
            return _Laid(window, [(-begin, item)])
        own = [i for i in self._reals[item.source] if i.subject == item.subject]
        own = self._same_side(own, item.held)
        items = [item] + [_one(own, rng) for _ in range(3)]
        pause = bool(rng.random() < 0.3)
        row, starts = cuts.laid([_clip(i.path) for i in items], rng, (0.1, 0.5) if pause else None)
        window, begin = cuts.cut(row, rng)
        return _Laid(window, [(at - begin, i) for at, i in zip(starts, items, strict=True)])

    def _dialogue(self, item: Item, rng: np.random.Generator) -> _Laid:
        """Turns of two speakers of one source, with pauses between."""
        others = self._same_side(self._reals[item.source], item.held)
        other = _one(others, rng)
        turns = []
        for number in range(6):
            clip = _clip((item, other)[number % 2].path)
            size = min(clip.size, int(rng.uniform(0.6, 2.2) * RATE))
            start = int(rng.integers(0, clip.size - size + 1))
            turns.append(clip[start : start + size])
        window, _ = cuts.cut(cuts.row(turns, rng, (0.15, 0.6)), rng)
        return _Laid(window, [])

    def _same_voice(self, item: Item, samples: Samples, rng: np.random.Generator) -> Samples:
        own = [i for i in self._reals[item.source] if i.subject == item.subject]
        own = self._same_side(own, item.held)
        start, size = cuts.place(samples, rng)
        piece = cuts.stretch(_clip(_one(own, rng).path), size, rng)
        return insert(samples, piece, start / RATE, RATE, float(rng.uniform(0.005, 0.04)))

    def _forged(
        self, item: Item, parts: list[tuple[int, Item]], samples: Samples, rng: np.random.Generator
    ) -> tuple[Samples, slice, str, str]:
        start, size = cuts.place(samples, rng)
        kind = str(rng.choice(list(FORGED), p=list(FORGED.values())))
        copy = self._copied(parts, start, size, rng) if kind == "copied" else None
        same = kind == "vocoded" or copy is not None
        piece, system, source = copy or self._piece(kind, item, samples, start, size, rng)
        if not same and rng.random() < 0.3:
            piece = launder(piece, RATE, rng, float(rng.uniform(0.2, 0.8)))
        if not same and rng.random() < 0.4:
            piece = cuts.coloured(piece, rng)
        fade = float(np.exp(rng.uniform(np.log(0.001), np.log(0.04))))
        match = bool(same or rng.random() < 0.85)
        mixed = insert(samples, piece, start / RATE, RATE, fade, match)
        first, last = round(start / STEP), round((start + size) / STEP)
        return mixed, slice(first, last), system, source

    def _copied(
        self, parts: list[tuple[int, Item]], start: int, size: int, rng: np.random.Generator
    ) -> tuple[Samples, str, str] | None:
        """What a tool made of the very stretch, where one recording covers it and was copied."""
        for at, item in parts:
            copies = self._copies[str(item.path)]
            if at <= start and start + size <= at + _clip(item.path).size and copies:
                copy = _one(copies, rng)
                wave = _clip(copy.path)[start - at : start - at + size]
                if wave.size == size and float(np.abs(wave).max()) > 1e-4:
                    return wave, copy.system, copy.source
        return None

    def _piece(
        self, kind: str, item: Item, samples: Samples, start: int, size: int,
        rng: np.random.Generator,
    ) -> tuple[Samples, str, str]:  # fmt: skip
        pairs = self._pairs[item.group] or self._fakes[item.source]
        pairs = self._same_side(pairs, item.held)
        if kind == "paired" and pairs:
            fake = _one(pairs, rng)
            return cuts.stretch(_clip(fake.path), size, rng), fake.system, fake.source
        if kind == "fake":
            source = str(rng.choice(sorted(self._fakes)))
            fakes = self._same_side(self._fakes[source], item.held)
            if fakes:
                fake = _one(fakes, rng)
                return cuts.stretch(_clip(fake.path), size, rng), fake.system, fake.source
        if kind == "spoken" and self._speech:
            name = str(rng.choice(sorted(self._speech)))
            waves = self._speech[name]
            return cuts.stretch(waves[int(rng.integers(len(waves)))], size, rng), name, item.source
        if kind == "splice":
            other = self._any_real(rng, but=item.source)
            near = [i for i in self._reals[item.source] if i.subject != item.subject]
            near = self._same_side(near, item.held)
            if near and rng.random() < 0.35:
                other = _one(near, rng)
            return cuts.stretch(_clip(other.path), size, rng), "splice", other.source
        method = str(rng.choice(METHODS))
        # Half of the pieces are built with their surroundings, half alone.
        room = int(0.15 * RATE) if rng.random() < 0.5 else 0
        before = min(room, start)
        around = samples[start - before : start + size + room]
        made = resynthesise(method, around, RATE, rng)
        return made[before : before + size], method, item.source


def _one(items: Sequence[Item], rng: np.random.Generator) -> Item:
    return items[int(rng.integers(len(items)))]
