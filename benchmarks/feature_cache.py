"""A linear head over the features of many pictures, twice: the second time no picture is read.

    python benchmarks/feature_cache.py --items 10000 --json results/feature_cache.json

The pictures are made here, small and in colour; the encoder is a fixed random projection of what is
decoded. Timed are both runs and one with another encoder; counted, the pictures that are decoded
and the files that are hashed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from unmask.digests import sha256_of
from unmask.train import feature_cache
from unmask.train.feature_cache import FeatureCache, Features

SIDE = 24
WIDTH = 64


class Counted:
    """The encoder, and how often files were decoded and hashed."""

    def __init__(self, seed: int) -> None:
        shape = (SIDE * SIDE * 3, WIDTH)
        self.projection = np.random.default_rng(seed).normal(0, 0.02, shape).astype(np.float32)
        self.sha256 = hashlib.sha256(self.projection.tobytes()).hexdigest()
        self.decoded = self.hashed = 0

    def see(self, path: Path) -> Features:
        self.decoded += 1
        with Image.open(path) as picture:
            pixels = np.asarray(picture.convert("RGB"), np.float32).reshape(1, -1)
        return np.tanh((pixels / 255) @ self.projection).astype(np.float16)

    def hash(self, path: Path) -> str:
        self.hashed += 1
        return sha256_of(path)


def make(folder: Path, items: int) -> list[Path]:
    """Noise; every second picture is a little brighter at its left."""
    rng = np.random.default_rng(0)
    files = []
    for number in range(items):
        pixels = rng.integers(0, 200, (SIDE, SIDE, 3), np.uint8)
        pixels[:, : SIDE // 2] += np.uint8(20 * (number % 2))
        files.append(folder / f"{number:05d}.png")
        Image.fromarray(pixels).save(files[-1], compress_level=1)
    return files


def fitted(files: list[Path], base: Path, encoder: Counted) -> tuple[float, float]:
    """Seconds, and the share that a linear head tells right."""
    begun = time.perf_counter()
    feature_cache.sha256_of = encoder.hash
    cache = FeatureCache(base, encoder.sha256)
    rows = [cache.of(path, "whole", lambda path=path: encoder.see(path)) for path in files]
    table = np.c_[np.concatenate(rows).astype(np.float64), np.ones(len(files))]
    wanted = np.arange(len(files)) % 2
    weights = np.linalg.lstsq(table, wanted.astype(np.float64))[0]
    right = float(((table @ weights > 0.5) == wanted).mean())
    return time.perf_counter() - begun, right


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--items", type=int, default=10_000)
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = make(folder, given.items)
        for run, seed in (("first", 1), ("second", 1), ("another encoder", 2)):
            encoder = Counted(seed)
            seconds, right = fitted(files, folder / "features.sqlite", encoder)
            found.append(
                {
                    "items": given.items,
                    "run": run,
                    "seconds": round(seconds, 2),
                    "decoded": encoder.decoded,
                    "hashed": encoder.hashed,
                    "right": round(right, 4),
                }
            )
            print(found[-1], flush=True)
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
