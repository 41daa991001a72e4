"""The recordings of a manifest, and the windows of sound that training makes of them."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice.model import FRAMES, LEVEL, RATE, SAMPLES
from unmask.errors import DataError
from unmask.forge.launder_sound import launder
from unmask.forge.vocode import insert, resynthesise
from unmask.types import Samples

HELD_OUT = ("lpc",)
"""Vocoders that training never hears, kept for evaluation."""
METHODS = (
    "griffin-lim", "mel-griffin-lim", "mel-nonnegative", "random-phase", "smeared", "smeared",
    "periodic", "world", "world-converted", "quantised",
)  # fmt: skip
HELD_SOURCES = ("debian/asterisk-it", "debian/asterisk-ru")
"""Real sources kept wholly for calibration: thresholds must hold on microphones not trained on."""
IGNORED = 255
"""A frame that counts neither as real nor as forged."""


@dataclass(frozen=True, slots=True)
class Item:
    """One recording of the manifest. ``label`` 1 is forged; ``system`` is what made it."""

    path: Path
    label: int
    source: str
    group: str
    split: str
    subject: str
    system: str
    language: str

    @property
    def held(self) -> bool:
        """Whether it is kept for validation and calibration (about 12 % of the groups are)."""
        return self.source in HELD_SOURCES or zlib.crc32(self.group.encode()) % 100 < 12


def read_items(data: Path) -> list[Item]:
    """All sound of ``data/manifest.jsonl``. Raises DataError when there is none."""
    manifest = data / "manifest.jsonl"
    if not manifest.exists():
        raise DataError(f"There is no {manifest}. Give a folder that holds manifest.jsonl.")
    items = []
    for line in manifest.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if row["kind"] != "audio":
            continue
        subject = row.get("subject") or row["path"]
        group = row.get("group") or f"{row['source']}:{subject}"
        system = row.get("method") or "" if row["label"] == "fake" else ""
        items.append(
            Item(
                data / row["path"], int(row["label"] == "fake"), row["source"], group,
                row["split"], subject, system, row.get("language") or "",
            )
        )  # fmt: skip
    if not items:
        raise DataError(f"{manifest} lists no sound.")
    return items


def load(path: Path) -> Samples:
    """Mono samples at 16 kHz. Raises DataError when the file is of another kind."""
    wave, rate = soundfile.read(path, dtype="float32", always_2d=True)
    if rate != RATE:
        raise DataError(f"{path} has {rate} samples a second; training data must have {RATE}.")
    return np.ascontiguousarray(wave.mean(axis=1), np.float32)


def window(samples: Samples) -> Samples:
    """Exactly one window: the first 2.2 s, or the recording again and again."""
    if samples.size >= SAMPLES:
        return samples[:SAMPLES]
    return np.resize(samples, SAMPLES)


@dataclass(frozen=True, slots=True)
class Example:
    """A window for training. ``frames``: 0 real, 1 forged, ``IGNORED``; ``label`` of the whole."""

    samples: Samples
    frames: NDArray[np.uint8]
    label: int


class Forge:
    """Makes windows: clean, laundered, re-synthesised, partly forged, joined.

    ``launder`` and framing are the same for real and forged sound. Deterministic in the generator
    that is passed.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._reals: dict[str, list[Item]] = defaultdict(list)
        self._fakes: dict[str, list[Item]] = defaultdict(list)
        self._same: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            (self._fakes if item.label else self._reals)[item.source].append(item)
            if item.label:
                self._same[item.group].append(item)

    def whole(self, item: Item, strength: float, rng: np.random.Generator) -> Example:
        """The recording as it is, laundered."""
        return self._shared(window(load(item.path)), _all(item.label), item.label, strength, rng)

    def copied(self, item: Item, strength: float, rng: np.random.Generator) -> Example:
        """A real recording re-synthesised by a random vocoder, laundered."""
        fake = resynthesise(str(rng.choice(METHODS)), window(load(item.path)), RATE, rng)
        return self._shared(fake, _all(1), 1, strength, rng)

    def partial(self, item: Item, strength: float, rng: np.random.Generator) -> Example:
        """A real recording with 0.3 … 1.5 s of something forged laid in, then laundered."""
        real = window(load(item.path))
        seconds = float(rng.uniform(0.3, 1.5))
        start = float(rng.uniform(0, SAMPLES / RATE - seconds))
        others = self._same[item.group] or self._fakes[item.source]
        if others and rng.random() < 0.45:
            other = window(load(others[int(rng.integers(len(others)))].path))
        else:
            other = resynthesise(str(rng.choice(METHODS)), real, RATE, rng)
        mixed, inside = _laid(real, other, start, seconds, rng)
        frames = inside.astype(np.uint8)
        return self._shared(mixed, frames, 1, strength, rng)

    def joined(self, item: Item, strength: float, rng: np.random.Generator) -> Example:
        """A real recording with another real one of its source laid in: a cut is no forgery."""
        others = self._reals[item.source]
        other = window(load(others[int(rng.integers(len(others)))].path))
        seconds = float(rng.uniform(0.3, 1.5))
        start = float(rng.uniform(0, SAMPLES / RATE - seconds))
        mixed, _ = _laid(window(load(item.path)), other, start, seconds, rng)
        return self._shared(mixed, _all(0), 0, strength, rng)

    def _shared(
        self,
        samples: Samples,
        frames: NDArray[np.uint8],
        label: int,
        strength: float,
        rng: np.random.Generator,
    ) -> Example:
        """What every window goes through: another start, a stretch of near silence, laundering."""
        step = SAMPLES // FRAMES
        if strength > 0 and rng.random() < 0.5:
            turn = int(rng.integers(FRAMES))
            samples, frames = np.roll(samples, turn * step), np.roll(frames, turn)
        if strength > 0 and rng.random() < 0.25:
            count = int(rng.integers(3, FRAMES // 2))
            at = 0 if rng.random() < 0.5 else FRAMES - count
            samples, frames = samples.copy(), frames.copy()
            floor = LEVEL * 10 ** (rng.uniform(-70, -35) / 20)
            quiet = slice(at * step, (at + count) * step)
            samples[quiet] = floor * rng.standard_normal(count * step)
            frames[at : at + count] = IGNORED
        if strength > 0:
            samples = launder(samples, RATE, rng, strength)
        return Example(samples, frames, label)


def _all(label: int) -> NDArray[np.uint8]:
    return np.full(FRAMES, label, np.uint8)


def _laid(
    real: Samples, other: Samples, start: float, seconds: float, rng: np.random.Generator
) -> tuple[Samples, NDArray[np.bool_]]:
    first, count = round(start * RATE), round(seconds * RATE)
    mixed = insert(real, other[first : first + count], start, RATE, float(rng.uniform(0.005, 0.04)))
    middles = (np.arange(FRAMES) + 0.5) * SAMPLES / FRAMES / RATE
    return mixed, (middles >= start) & (middles < start + seconds)
