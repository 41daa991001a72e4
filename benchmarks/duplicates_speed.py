"""How long a picture is searched for among many known ones, in seconds of one core.

    python benchmarks/duplicates_speed.py [--items 100000]

The known ones are random, so that none is like another; reading the index is not counted.
"""

from __future__ import annotations

import argparse
import time
from types import SimpleNamespace

import numpy as np
from skimage import data

from unmask.index.item import MARK, Keys
from unmask.index.keys import MARKS
from unmask.index.pictures import Pictures


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=100_000)
    count = options.parse_args().items
    luck = np.random.default_rng(0)
    marks = np.zeros(count * MARKS, MARK)
    marks["bits"] = luck.integers(0, 1 << 63, len(marks), np.uint64) * np.uint64(2)
    marks["x"], marks["y"], marks["scale"] = luck.uniform(1, 250, (3, len(marks)))
    hashes = luck.integers(0, 1 << 63, (count, 1, 4), np.uint64)
    entries = [
        SimpleNamespace(keys=Keys(np.zeros(1, np.float32), hashes[n], marks[n * MARKS :][:MARKS]))
        for n in range(count)
    ]
    pictures = Pictures(entries)  # type: ignore[arg-type]
    picture = data.astronaut()
    begun = time.process_time()
    found = pictures.find(picture, lambda owner: None)
    seconds = time.process_time() - begun
    print(f"{count} pictures: {seconds:.2f} s of one core, {len(found)} found")


if __name__ == "__main__":
    main()
