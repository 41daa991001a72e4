"""Memory and time of a manifest of many rows: made, written, read, checked, split.

    python benchmarks/manifest_rows.py --rows 1000000 --json results/manifest_rows.json

For each step: seconds, the memory that its result holds, and how far the process went beyond that
while it ran (peak resident memory, reset before the step; Linux only). What a step holds beyond its
result must not grow with the rows, but for a few bytes a row that are said in the code.
"""

from __future__ import annotations

import argparse
import gc
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import TypeVar

from unmask.datasets.check import _shared
from unmask.datasets.manifest import Item, Manifest, checked, read_manifest, write_manifest
from unmask.datasets.splits import split_all, split_off_val

Made = TypeVar("Made")
STATUS = Path("/proc/self/status")


def made(rows: int, split: str = "train") -> Iterator[Item]:
    """Half real, half forged, eight frames a video, a person in every fourth video."""
    for number in range(rows):
        video = number // 8
        path = f"part{video % 97:02d}/clip{video:07d}/{number % 8:02d}.png"
        label = video % 2
        yield Item(
            item_id=path,
            media_id=f"clip{video:07d}",
            path=path,
            kind="image",
            label=label,
            family="face-swap" if label else "",
            generator=f"maker{video % 5}" if label else "",
            source="made",
            group=f"person{video // 4:07d}",
            subject=f"person{video // 4:07d}",
            split=split,
            box=(10.0, 20.0, 30.0, 40.0) if label else (),
        )


def mebibytes(name: str) -> float:
    """A line of the process's status: VmRSS, VmHWM."""
    line = next(one for one in STATUS.read_text().splitlines() if one.startswith(name))
    return int(line.split()[1]) / 1024


class Steps:
    """Runs steps one after the other and notes what each took."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.taken: list[dict[str, float | str | int]] = []

    def run(self, name: str, work: Callable[[], Made]) -> Made:
        """One step. Its peak counts over what is held once it is over."""
        gc.collect()
        Path("/proc/self/clear_refs").write_text("5")
        before, begun = mebibytes("VmRSS"), time.perf_counter()
        result = work()
        seconds, peak = time.perf_counter() - begun, mebibytes("VmHWM")
        gc.collect()
        after = mebibytes("VmRSS")
        self.taken.append(
            {
                "rows": self.rows,
                "step": name,
                "seconds": round(seconds, 2),
                "result_mib": round(max(after - before, 0.0), 1),
                "beyond_mib": round(peak - max(before, after), 1),
            }
        )
        print(self.taken[-1], flush=True)
        return result


def measured(rows: int, folder: Path) -> list[dict[str, float | str | int]]:
    """All steps for so many rows."""
    steps = Steps(rows)
    items = steps.run("made and split", lambda: checked(split_all(made(rows))))
    path = folder / f"{rows}.parquet"
    steps.run("written", partial(write_manifest, path, Manifest(folder, items, "made")))
    del items
    manifest = steps.run("read", partial(read_manifest, path))
    steps.run("checked for shared groups", partial(_shared, manifest.items))
    del manifest
    steps.run("split off", lambda: split_off_val(made(rows)))
    return steps.taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[250_000, 1_000_000])
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Imports and pools of the libraries count for no step.
        measured(2000, Path(folder))
        found = [row for rows in given.rows for row in measured(rows, Path(folder))]
    if given.json:
        given.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
