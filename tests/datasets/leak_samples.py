"""A made dataset without faults, and one planted fault after another.

Pictures are smooth random fields, sounds are noise whose bands rise and fall: real and forged
are drawn from one distribution, so that nothing but a planted fault can tell them apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import soundfile as sf
from PIL import Image

from unmask.datasets.manifest import Item, Manifest

RATE = 8000
PER_SIDE = 36


def picture(seed: int, side: int = 48, cells: int = 9) -> np.ndarray[Any, np.dtype[np.uint8]]:
    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 255, (cells, cells, 3), np.uint8))
    return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))


def sound(seed: int, seconds: float = 1.0) -> np.ndarray[Any, np.dtype[np.float32]]:
    rng = np.random.default_rng(seed)
    count = int(seconds * RATE)
    noise = np.fft.rfft(rng.normal(size=count))
    borders = np.geomspace(100, 3900, 21) * seconds
    total = np.zeros(count)
    for low, high in pairwise(borders.astype(int)):
        band = np.zeros_like(noise)
        band[low:high] = noise[low:high]
        envelope = np.interp(np.arange(count), np.linspace(0, count, 12), rng.uniform(0, 1, 12))
        total += envelope**3 * np.fft.irfft(band, count)
    level = 10 ** (rng.uniform(-14, -8) / 20)
    return (total / np.abs(total).max() * level).astype(np.float32)


@dataclass
class Made:
    """Items and how each file is written; a fault changes one or the other."""

    root: Path
    kind: str = "image"
    items: list[Item] = field(default_factory=list)
    write: dict[str, Callable[[Path], None]] = field(default_factory=dict)

    def manifest(self) -> Manifest:
        for item in self.items:
            path = self.root / item.path
            path.parent.mkdir(parents=True, exist_ok=True)
            self.write[item.item_id](path)
        return Manifest(self.root, tuple(self.items), "made")

    def change(self, number: int, **parts: Any) -> None:
        self.items[number] = replace(self.items[number], **parts)

    def first(self, split: str, label: int, skip: int = 0) -> int:
        found = [n for n, i in enumerate(self.items) if (i.split, i.label) == (split, label)]
        return found[skip]


def jpeg(seed: int, quality: int = 90, side: int = 48) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(picture(seed, side)).save(path, "JPEG", quality=quality)


def png(seed: int) -> Callable[[Path], None]:
    return lambda path: Image.fromarray(picture(seed)).save(path, "PNG")


def wav(samples: np.ndarray[Any, Any], rate: int = RATE) -> Callable[[Path], None]:
    return lambda path: sf.write(path, samples, rate, format="FLAC")


def clean(root: Path, kind: str = "image") -> Made:
    made = Made(root, kind)
    for label in (0, 1):
        for i in range(PER_SIDE):
            seed = 1000 * label + i
            name = f"{'fake' if label else 'real'}/{i:03}.{'jpg' if kind == 'image' else 'flac'}"
            split = ("train", "train", "train", "val", "test", "test")[i % 6]
            item = Item(
                name, name, name, kind, label, generator="gan" if label else "",
                source="" if label else "camera", group=f"g{seed}", subject=f"p{seed}", split=split,
            )  # fmt: skip
            made.items.append(item)
            made.write[name] = jpeg(seed) if kind == "image" else wav(sound(seed))
    return made
