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
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice.encoder import BLOCKS, WIDTH, published
from unmask.detectors.audio.unmask_voice.items import Example, Forge, Item, read_items
from unmask.detectors.audio.unmask_voice.model import BINS, FRAMES, LINES, Front, Seen, Traces

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
    """Entries and their features: layers, spectra, frame labels, statistics; one row an entry."""

    entries: list[Entry]
    layers: NDArray[np.float16]
    spectra: NDArray[np.float16]
    frames: NDArray[np.uint8]
    statistics: NDArray[np.float32]


def _jobs(items: list[Item], copies: dict[str, float]) -> Iterator[tuple[Item, str, int]]:
    for number, item in enumerate(items):
        kinds = ("whole",) if item.label else KINDS
        for kind in kinds:
            name = "fake" if item.label else kind
            wanted = copies[name]
            count = int(wanted) + int((number * 0.618) % 1 < wanted % 1)
            for copy in range(count):
                yield item, kind, copy


def bank(data: Path, copies: dict[str, float], seed: int, windows: int) -> Bank:
    """The bank of a folder of data, built on first use.

    ``copies``: how many windows each recording gives at most, by kind (``whole``, ``copied``,
    ``partial`` and ``joined`` of a real one, ``fake`` of a forged one); ``windows`` of them, in
    random order, are made. Kept in ``$UNMASK_CACHE``, else among the temporary files. Raises
    DataError.
    """
    items = [item for item in read_items(data) if item.split == "train"]
    place = _place(f"unmask-voice-{_key(copies, seed, items)}")
    jobs = list(_jobs(items, copies))
    order = np.random.default_rng(seed).permutation(len(jobs))
    jobs = [jobs[i] for i in order]
    wanted = min(windows, len(jobs))
    entries = [
        Entry(kind, copy, item.source, item.group, item.system, label_of(item, kind), item.held)
        for item, kind, copy in jobs[:wanted]
    ]
    n = len(jobs)
    layers = _array(place / "layers.npy", np.float16, (n, BLOCKS + 1, FRAMES, WIDTH))
    spectra = _array(place / "spectra.npy", np.float16, (n, BINS, 4 * FRAMES))
    frames = _array(place / "frames.npy", np.uint8, (n, FRAMES))
    mark = place / "done.json"
    done = json.loads(mark.read_text())["done"] if mark.exists() else 0
    if done < wanted:
        forge = Forge(items)
        front = Front().eval()
        front.encoder.load(published())
        while done < wanted:
            chosen = range(done, min(done + _BATCH, wanted))
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
    statistics = _statistics(place / f"statistics-{wanted}.npy", layers[:wanted], spectra[:wanted])
    return Bank(entries, layers[:wanted], spectra[:wanted], frames[:wanted], statistics)


def _statistics(
    path: Path, layers: NDArray[np.float16], spectra: NDArray[np.float16]
) -> NDArray[np.float32]:
    if not path.exists():
        parts = []
        for at in range(0, len(layers), 64):
            rows = slice(at, at + 64)
            spectrum = torch.from_numpy(spectra[rows].astype(np.float32))
            seen = Seen(torch.from_numpy(layers[rows].astype(np.float32)), spectrum, spectrum)
            parts.append(Traces.statistics(seen).numpy())
        np.save(path, np.concatenate(parts))
    return np.asarray(np.load(path), np.float32)


@dataclass(frozen=True, slots=True)
class Grains:
    """Windows for the frame logits: entries, ``Seen.fine`` and the truth of each frame."""

    entries: list[Entry]
    fine: NDArray[np.float16]
    frames: NDArray[np.uint8]


def grains(data: Path, shares: dict[str, float], seed: int, windows: int) -> Grains:
    """``windows`` fine spectrograms, built on first use.

    ``shares``: how often each kind is made (``real``, ``fake``, ``copied``, ``partial``,
    ``joined``). Sources count by the root of their number of recordings. Kept beside the bank.
    """
    items = [item for item in read_items(data) if item.split == "train"]
    key = _key(shares, seed, items)
    place = _place(f"unmask-voice-grains-{key}")
    pools: dict[tuple[int, str], list[Item]] = {}
    for item in items:
        pools.setdefault((item.label, item.source), []).append(item)
    rng = np.random.default_rng((seed, 2))
    kinds = rng.choice(list(shares), size=windows, p=np.array(list(shares.values())))
    jobs = []
    for kind in kinds:
        mine = [pool for (label, _), pool in pools.items() if label == int(kind == "fake")]
        weight = np.sqrt([len(pool) for pool in mine])
        pool = mine[int(rng.choice(len(mine), p=weight / weight.sum()))]
        name = "whole" if kind in ("real", "fake") else str(kind)
        jobs.append((pool[int(rng.integers(len(pool)))], name, int(rng.random() < 0.6)))
    entries = [
        Entry(kind, copy, item.source, item.group, item.system, label_of(item, kind), item.held)
        for item, kind, copy in jobs
    ]
    fine = _array(place / "fine.npy", np.float16, (windows, LINES, 4 * FRAMES))
    frames = _array(place / "frames.npy", np.uint8, (windows, FRAMES))
    mark = place / "done.json"
    done = json.loads(mark.read_text())["done"] if mark.exists() else 0
    forge, front = Forge(items), Front().eval()
    while done < windows:
        chosen = range(done, min(done + _BATCH, windows))
        made = [_make(forge, *jobs[i], seed=(seed, 3, i), most=0.7) for i in chosen]
        wave = torch.from_numpy(np.stack([example.samples for example in made]))
        rows = slice(done, done + len(made))
        with torch.inference_mode():
            fine[rows] = front.grain(wave).numpy()
        frames[rows] = np.stack([example.frames for example in made])
        done += len(made)
        mark.write_text(json.dumps({"done": done, "of": windows}))
    return Grains(entries, fine, frames)


def _key(shares: dict[str, float], seed: int, items: list[Item]) -> str:
    names = [(item.path.name, item.label) for item in items]
    return hashlib.sha256(json.dumps([shares, seed, names]).encode()).hexdigest()[:12]


def _place(name: str) -> Path:
    place = Path(os.environ.get("UNMASK_CACHE", tempfile.gettempdir())) / name
    place.mkdir(parents=True, exist_ok=True)
    return place


def label_of(item: Item, kind: str) -> int:
    """1 where anything in the window is forged."""
    return int(item.label or kind in ("copied", "partial"))


def _make(
    forge: Forge, item: Item, kind: str, copy: int, seed: tuple[int, ...], most: float = 1.0
) -> Example:
    rng = np.random.default_rng(seed)
    # The first copy of each stays nearly clean; the others are laundered ever harder.
    strength = 0.0 if copy == 0 and rng.random() < 0.6 else float(rng.uniform(0.2, most))
    make = {"whole": forge.whole, "copied": forge.copied, "partial": forge.partial}
    return make.get(kind, forge.joined)(item, strength, rng)


def _array(path: Path, kind: type, shape: tuple[int, ...]) -> NDArray[Any]:
    if path.exists():
        return np.lib.format.open_memmap(path, mode="r+")
    return np.lib.format.open_memmap(path, mode="w+", dtype=kind, shape=shape)
