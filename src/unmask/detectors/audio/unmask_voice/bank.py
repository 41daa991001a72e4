"""What the frozen part of the network hears of clips and scenes, made once and kept on disk.

It does not change in training, so the statistics of every laundered or re-synthesised clip and the
features of every scene are computed once; the fit then takes seconds and the training of the frame
logits minutes, and so does leaving out one source after the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice.front import LAYERS, Front
from unmask.detectors.audio.unmask_voice.items import METHODS, SENT, Forge, Item, read_items
from unmask.detectors.audio.unmask_voice.makers import Makers
from unmask.detectors.audio.unmask_voice.model import STATISTICS, Traces
from unmask.detectors.audio.unmask_voice.scenes import FORGED, spoken
from unmask.detectors.audio.unmask_voice.spectra import FRAMES, SAMPLES
from unmask.nn.whisper import WIDTH, published
from unmask.types import Samples

KINDS = ("whole", "copied", "joined", "sent")
_BATCH = 16
SCALE = 16384.0


@dataclass(frozen=True, slots=True)
class Entry:
    """One clip of the bank: what was done with which recording, and what made it, if forged."""

    kind: str
    copy: int
    source: str
    group: str
    system: str
    label: int
    held: bool


@dataclass(frozen=True, slots=True)
class Bank:
    """Entries and ``Traces.statistics``, one row an entry."""

    entries: list[Entry]
    statistics: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scenes:
    """For the frame logits, one row a scene: its wave in steps of 1/``SCALE``, ``Seen.layers``, the
    truth of each frame; ``sources`` (all that had a part in it), ``systems`` (what was laid in),
    ``held``."""

    waves: NDArray[np.int16]
    layers: NDArray[np.float16]
    frames: NDArray[np.uint8]
    sources: list[list[str]]
    systems: list[list[str]]
    held: list[bool]


def _jobs(items: list[Item], copies: dict[str, float]) -> Iterator[tuple[Item, str, int, str]]:
    """Recording, kind, number of the copy and, of a re-synthesised one, the vocoder."""
    turn = 0
    for number, item in enumerate(items):
        for kind in ("whole", "sent") if item.label else KINDS:
            wanted = copies["fake" if item.label and kind == "whole" else kind]
            count = int(wanted) + int((number * 0.618) % 1 < wanted % 1)
            for copy in range(count):
                turn += kind == "copied"
                system = METHODS[turn % len(METHODS)] if kind == "copied" else item.system
                yield item, kind, copy, system


def bank(data: Path, copies: dict[str, float], seed: int) -> Bank:
    """The bank of a folder of data, built on first use.

    ``copies``: how many clips each recording gives, by kind (``whole``, ``copied`` and ``joined``
    of a real one, ``fake`` of a forged one, ``sent`` of both). Running speech and what tools
    copied stay out, and so do, as shipped, re-synthesised clips: with them the score did no better
    on sources left out, and worse on unseen generators and on home microphones. Kept in
    ``$UNMASK_CACHE``, else among the temporary files. Raises DataError.
    """
    items = [item for item in read_items(data) if item.split == "train"]
    items = [item for item in items if not item.running and not item.copy_of]
    jobs = list(_jobs(items, copies))
    place = _place(f"unmask-voice-clips-{_key([copies, METHODS, SENT, seed], items)}")
    statistics = _array(place / "statistics.npy", np.float32, (len(jobs), STATISTICS))
    forge = Forge(items)

    def fill(rows: range, front: Front) -> None:
        made = [_clip(forge, *jobs[i], seed=(seed, i)) for i in rows]
        seen = front(torch.from_numpy(np.stack(made)))
        statistics[rows.start : rows.stop] = Traces.statistics(seen).numpy()

    _fill(place, len(jobs), fill)
    entries = [
        Entry(kind, copy, item.source, item.group, system, _label(item, kind), item.held)
        for item, kind, copy, system in jobs
    ]
    return Bank(entries, np.asarray(statistics))


def scenes(data: Path, count: int, seed: int) -> Scenes:
    """The first ``count`` scenes (see ``scenes.Stage``), built on first use beside the bank."""
    items = [item for item in read_items(data) if item.split == "train" and not item.page]
    speech = spoken(data / "spoken")
    extent = {name: len(waves) for name, waves in speech.items()}
    place = _place(f"unmask-voice-scenes-{_key([count, seed, extent, FORGED], items)}")
    waves = _array(place / "waves.npy", np.int16, (count, SAMPLES))
    layers = _array(place / "layers.npy", np.float16, (count, LAYERS, FRAMES, WIDTH))
    frames = _array(place / "frames.npy", np.uint8, (count, FRAMES))
    makers = Makers(items, speech, seed)

    def fill(rows: range, front: Front) -> None:
        made = makers.scenes(rows, count)
        part = slice(rows.start, rows.stop)
        wave = np.stack([scene.samples for scene in made])
        waves[part] = np.round(np.clip(wave, -1.99, 1.99) * SCALE)
        _, seen = front.window(torch.from_numpy(waves[part].astype(np.float32) / SCALE))
        layers[part] = seen.layers.numpy()
        frames[part] = np.stack([scene.frames for scene in made])
        with (place / "made.jsonl").open("a", encoding="utf-8") as log:
            for row, scene in zip(rows, made, strict=True):
                line = [row, scene.sources, scene.systems, scene.held]
                log.write(json.dumps(line) + "\n")

    with makers:
        _fill(place, count, fill)
    text = (place / "made.jsonl").read_text(encoding="utf-8")
    # A run that was stopped inside a batch wrote some of its lines twice: the last ones count.
    known = {line[0]: line[1:] for line in map(json.loads, text.splitlines())}
    told = [known[row] for row in range(count)]
    sources, systems, held = ([line[column] for line in told] for column in range(3))
    return Scenes(waves, layers, frames, sources, systems, held)


def _fill(place: Path, count: int, fill: Callable[[range, Front], None]) -> None:
    """Call ``fill`` for the rows that are missing, in batches; what is done is noted."""
    mark = place / "done.json"
    done = int(json.loads(mark.read_text())) if mark.exists() else 0
    if done >= count:
        return
    front = Front().eval()
    front.encoder.load(published())
    with torch.inference_mode():
        while done < count:
            rows = range(done, min(done + _BATCH, count))
            fill(rows, front)
            done = rows.stop
            mark.write_text(json.dumps(done))


def _key(settings: object, items: list[Item]) -> str:
    names = [(item.path.name, item.label) for item in items]
    return hashlib.sha256(json.dumps([settings, names]).encode()).hexdigest()[:12]


def _place(name: str) -> Path:
    place = Path(os.environ.get("UNMASK_CACHE", tempfile.gettempdir())) / name
    place.mkdir(parents=True, exist_ok=True)
    return place


def _label(item: Item, kind: str) -> int:
    return int(item.label or kind == "copied")


def _clip(
    forge: Forge, item: Item, kind: str, copy: int, system: str, seed: tuple[int, ...]
) -> Samples:
    rng = np.random.default_rng(seed)
    if kind == "sent":
        return forge.sent(item, rng)
    # Every recording is heard once as it is, so are some of the re-synthesised ones.
    clean = copy == 0 and (kind == "whole" or rng.random() < 0.4)
    strength = 0.0 if clean else float(rng.uniform(0.2, 1.0))
    if kind == "copied":
        return forge.copied(item, system, strength, rng)
    make = forge.joined if kind == "joined" else forge.whole
    return make(item, strength, rng)


def _array(path: Path, kind: type, shape: tuple[int, ...]) -> NDArray[Any]:
    if path.exists():
        return np.lib.format.open_memmap(path, mode="r+")
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
