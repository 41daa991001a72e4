"""The process pool beside Ray on the same files: whether the findings are equal, and the cost.

    python benchmarks/engines.py --files 500 --out results/engines.json

Both run with the same number of workers on pictures made here, one after the other; the scans are
whole ones, from the start of the first process to the last record. Processor seconds are those of
all processes that a scan began, its cluster among them, and are what counts on a busy machine.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

_TICKS = 100  # of a second, in /proc
_EVERY = 0.5


def make_pictures(folder: Path, count: int) -> None:
    rng = np.random.default_rng(0)
    for number in range(count):
        pixels = rng.integers(0, 255, (12, 16, 3), dtype=np.uint8)
        width, height = (int(side) for side in rng.integers(80, 128, 2))
        picture = Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)
        picture.save(folder / f"{number:05}.jpg", quality=60 + number % 36)


def processes(session: int) -> Iterator[tuple[int, float]]:
    """Number and processor seconds of each process that carries the mark of this scan."""
    mark = f"UNMASK_BENCHMARK={session}".encode()
    for place in Path("/proc").iterdir():
        try:
            if place.name.isdigit() and mark in (place / "environ").read_bytes().split(b"\0"):
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                yield int(place.name), (int(fields[11]) + int(fields[12])) / _TICKS
        except OSError:  # it has ended
            continue


def timed(words: list[str], session: int) -> tuple[float, float]:
    """Seconds of the clock and of processors, the latter as last seen before each one's end."""
    begun = time.monotonic()
    seen: dict[int, float] = {}
    running = subprocess.Popen(
        words, env=os.environ | {"UNMASK_BENCHMARK": str(session)}, stdout=subprocess.DEVNULL
    )
    while running.poll() is None:
        seen.update(processes(session))
        time.sleep(_EVERY)
    assert running.returncode in (0, 1, 3, 4), running.returncode
    return time.monotonic() - begun, sum(seen.values())


def findings(path: Path) -> dict[str, str]:
    """Each record without what tells when and how fast it was made."""
    rows = map(json.loads, path.read_text().splitlines())
    kept = [{k: v for k, v in row.items() if k not in ("seconds", "created")} for row in rows]
    return {row["path"]: json.dumps(row) for row in kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="analyzers; default: a scan's")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        make_pictures(folder / "in", options.files)
        cost, found = {}, {}
        for number, engine in enumerate(("pool", "ray"), 1):
            out = folder / f"{engine}.jsonl"
            words = [sys.executable, "-m", "unmask", "scan", str(folder / "in")]
            words += ["--engine", engine, "--jobs", str(options.jobs), "--jsonl", str(out)]
            words += [word for name in options.only for word in ("--only", name)]
            cost[engine] = timed(words, number)
            found[engine] = findings(out)
            print(engine, len(found[engine]), *(f"{s:.1f} s" for s in cost[engine]), flush=True)
    pool, ray = found["pool"], found["ray"]
    result = {
        "files": options.files,
        "workers": options.jobs,
        "only": options.only,
        "records": {"pool": len(pool), "ray": len(ray)},
        "equal_byte_for_byte": sum(pool[name] == ray.get(name) for name in pool),
        "seconds": {engine: round(cost[engine][0], 1) for engine in cost},
        "processor_seconds": {engine: round(cost[engine][1], 1) for engine in cost},
        "ratio_seconds": round(cost["ray"][0] / cost["pool"][0], 3),
        "ratio_processor_seconds": round(cost["ray"][1] / cost["pool"][1], 3),
    }
    text = json.dumps(result, indent=2) + "\n"
    print(text)
    if options.out:
        options.out.write_text(text)
    assert pool == ray, "the findings differ"


if __name__ == "__main__":
    main()
