"""Windows of sound as the frozen encoder sees them, made once and kept on disk.

The encoder does not change in training, so its features of every laundered, re-synthesised or
partly forged window are computed once; a run of the head over them takes a minute or two, and so
does leaving out one source after the other.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice.encoder import BLOCKS, WIDTH, published
from unmask.detectors.audio.unmask_voice.items import Example, Forge, Item, read_items
from unmask.detectors.audio.unmask_voice.model import BINS, FRAMES, Front

KINDS = ("whole", "copied", "partial", "joined")
_BATCH = 16


@dataclass(frozen=True, slots=True)
class Entry:
    """One window of the bank: which recording, what was done with it, what it is."""

    kind: str
    copy: int
    source: str
    group: str
    system: str
    label: int
    held: bool


@dataclass(frozen=True, slots=True)
class Bank:
    """Entries and their features: layers, spectra and frame labels, one row an entry."""

    entries: list[Entry]
    layers: NDArray[np.float16]
    spectra: NDArray[np.float16]
    frames: NDArray[np.uint8]


def _jobs(items: list[Item], copies: dict[str, float]) -> Iterator[tuple[Item, str, int]]:
    for number, item in enumerate(items):
        kinds = ("whole",) if item.label else KINDS
        for kind in kinds:
            name = "fake" if item.label else kind
            wanted = copies[name]
            count = int(wanted) + int((number * 0.618) % 1 < wanted % 1)
            for copy in range(count):
                yield item, kind, copy


def bank(data: Path, copies: dict[str, float], seed: int, folder: Path | None = None) -> Bank:
    """The bank of a folder of data, built on first use.

    ``copies``: how many windows each recording gives, by kind (``whole``, ``copied``, ``partial``
    and ``joined`` of a real one, ``fake`` of a forged one). It is kept in ``folder`` or in
    ``$UNMASK_CACHE``, else among the temporary files. Raises DataError.
    """
    items = [item for item in read_items(data) if item.split == "train"]
    key = hashlib.sha256(
        json.dumps([copies, seed, [(item.path.name, item.label) for item in items]]).encode()
    ).hexdigest()[:12]
    root = folder or Path(os.environ.get("UNMASK_CACHE", tempfile.gettempdir()))
    place = root / f"unmask-voice-{key}"
    place.mkdir(parents=True, exist_ok=True)
    jobs = list(_jobs(items, copies))
    order = np.random.default_rng(seed).permutation(len(jobs))
    jobs = [jobs[i] for i in order]
    entries = [
        Entry(kind, copy, item.source, item.group, item.system, label_of(item, kind), item.held)
        for item, kind, copy in jobs
    ]
    n = len(jobs)
    layers = _array(place / "layers.npy", np.float16, (n, BLOCKS + 1, FRAMES, WIDTH))
    spectra = _array(place / "spectra.npy", np.float16, (n, BINS, 4 * FRAMES))
    frames = _array(place / "frames.npy", np.uint8, (n, FRAMES))
    mark = place / "done.json"
    done = json.loads(mark.read_text())["done"] if mark.exists() else 0
    if done < n:
        forge = Forge(items)
        front = Front().eval()
        front.encoder.load(published())
        while done < n:
            chosen = range(done, min(done + _BATCH, n))
            made = [_make(forge, *jobs[i], seed=(seed, i)) for i in chosen]
            wave = torch.from_numpy(np.stack([example.samples for example in made]))
            with torch.inference_mode():
                seen = front(wave)
            rows = slice(done, done + len(made))
            layers[rows] = seen.layers.numpy()
            spectra[rows] = seen.spectrum.numpy()
            frames[rows] = np.stack([example.frames for example in made])
            done += len(made)
            mark.write_text(json.dumps({"done": done, "of": n, "first": asdict(entries[0])}))
    return Bank(entries, layers, spectra, frames)


def label_of(item: Item, kind: str) -> int:
    """1 where anything in the window is forged."""
    return int(item.label or kind in ("copied", "partial"))


def _make(forge: Forge, item: Item, kind: str, copy: int, seed: tuple[int, int]) -> Example:
    rng = np.random.default_rng(seed)
    # The first copy of each stays nearly clean; the others are laundered ever harder.
    strength = 0.0 if copy == 0 and rng.random() < 0.6 else float(rng.uniform(0.2, 1.0))
    make = {"whole": forge.whole, "copied": forge.copied, "partial": forge.partial}
    return make.get(kind, forge.joined)(item, strength, rng)


def _array(path: Path, kind: type, shape: tuple[int, ...]) -> NDArray[np.generic]:
    if path.exists():
        return np.lib.format.open_memmap(path, mode="r+")
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
