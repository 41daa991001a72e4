"""What real files cost: in training beside tensors in memory, in cutting faces beside the search.

    python benchmarks/train_throughput.py

Training: one run of the loop (MesoNet, batch 32) over tensors in memory, and one over JPEG files
that are decoded, laundered, cropped to the face and mirrored by one worker process, one network
thread each: what a machine of two cores does. Faces: frames of the example video a second, cut out
and written as ``unmask data faces`` does, beside the bare face search on the same decoded frames,
in one process. The arms take turns; each figure is the median of what they gave. Processor times
do not depend on what else runs: training keeps its speed where the worker's is under the loop's.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.datasets import face_crops
from unmask.datasets.manifest import Item, Manifest
from unmask.datasets.samples import Prepared
from unmask.faces.detect import detect
from unmask.train.loop import fit
from unmask.train.method import method_named
from unmask.train.methods import as_floats
from unmask.train.recipe import Recipe
from unmask.train.task import Batch, Task
from unmask.types import Face, Pixels

SIDE, FILES, BATCH = 512, 64, 32
AUGMENT = {"flip": 0.5, "launder": 0.5}
WARM = 2 * BATCH
CUT = face_crops.Cut()
VIDEO = Path(__file__).parents[1] / "examples" / "talking.mp4"


def photographs(folder: Path) -> Manifest:
    """Files of 512 × 512 pixels with grain and edges, so that the decoder has work to do."""
    rng = np.random.default_rng(0)
    items = []
    for number in range(FILES):
        small = rng.integers(0, 256, (24, 24, 3), dtype=np.uint8)
        smooth = Image.fromarray(small).resize((SIDE, SIDE), Image.Resampling.BICUBIC)
        pixels = np.asarray(smooth) + rng.normal(0, 6, (SIDE, SIDE, 3))
        name = f"{number}.jpg"
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / name, quality=90)
        left, top = (float(value) for value in rng.integers(120, 200, 2))
        box = (left, top, 200.0, 240.0)
        items.append(Item(name, name, name, "image", number % 2, face=box))
    return Manifest(folder, tuple(items))


class InMemory(Dataset[Batch]):
    """The same entries, prepared before the clock starts."""

    def __init__(self, dataset: Dataset[Batch]) -> None:
        self.held = [dataset[i] for i in range(FILES)]

    def __getitem__(self, index: int) -> Batch:
        return self.held[index % FILES]


class Timed(Task):
    """MesoNet over given entries, without validation."""

    def __init__(self, recipe: Recipe, dataset: Dataset[Batch]) -> None:
        super().__init__(recipe, Path())
        self.dataset = dataset
        self.method = method_named("mesonet")()

    def network(self) -> nn.Module:
        return self.method.network()

    def samples(self) -> Dataset[Batch]:
        return self.dataset

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        return self.method.loss(network, as_floats(batch))

    def validate(self, network: nn.Module) -> dict[str, float]:
        return {"select": 0.0}

    def export(self, network: nn.Module, path: Path) -> None:
        path.write_bytes(b"")


def speed(recipe: Recipe, dataset: Dataset[Batch]) -> tuple[float, float, float]:
    """Samples a second after the first batches; processor ms a sample here and in the worker."""
    times: list[float] = []
    here, there = time.process_time(), worker_seconds()
    with tempfile.TemporaryDirectory() as folder:
        fit(
            Timed(recipe, dataset),
            Path(folder),
            lambda done, of, log: times.append(time.perf_counter()),
        )
    ours = 1000 * (time.process_time() - here) / recipe.samples
    theirs = 1000 * (worker_seconds() - there) / recipe.samples
    first = WARM // BATCH - 1
    return (len(times) - 1 - first) * BATCH / (times[-1] - times[first]), ours, theirs


def worker_seconds() -> float:
    """Processor seconds of the worker processes that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def face_speeds(folder: Path) -> tuple[float, float, float, float]:
    """Frames a second of the search alone and of cutting faces out of a file; processor ms each."""
    searched: list[Pixels] = []

    def watched(pixels: Pixels) -> list[Face]:
        searched.append(pixels)
        return detect(pixels)

    item = Item("talking", "talking", VIDEO.name, "video", 0)
    with mock.patch.object(face_crops, "detect", watched):
        cutting = clocked(lambda: face_crops.cut_item((item, VIDEO.parent, folder), CUT))
    alone = clocked(lambda: [detect(pixels) for pixels in searched])
    number = len(searched)
    wall = number / alone[0], number / cutting[0]
    return *wall, 1000 * alone[1] / number, 1000 * cutting[1] / number


def clocked(work: Callable[[], list[Any]]) -> tuple[float, float]:
    """Seconds by the clock and of the processor."""
    begun, used = time.perf_counter(), time.process_time()
    assert work()
    return time.perf_counter() - begun, time.process_time() - used


def median(values: list[float], digits: int = 1) -> float:
    return round(statistics.median(values), digits)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--samples", type=int, default=640)
    parser.add_argument("--repeats", type=int, default=3)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    card = method_named("mesonet")().card
    base = Recipe(
        name="mesonet", task="benchmark:Timed", samples=asked.samples, batch=BATCH, threads=1,
        validate_every=asked.samples, settings={"augment": AUGMENT},
    )  # fmt: skip
    memory, files = [], []
    with tempfile.TemporaryDirectory() as folder:
        prepared = Prepared(photographs(Path(folder)), card.inputs, base)
        held = InMemory(prepared)
        for _ in range(asked.repeats):
            memory.append(speed(base.model_copy(update={"workers": 0}), held))
            files.append(speed(base.model_copy(update={"workers": 1}), prepared))
        pairs = [face_speeds(Path(folder)) for _ in range(asked.repeats + 1)][1:]
    shares = [ours[0] / theirs[0] for ours, theirs in zip(files, memory, strict=True)]
    kept = [cutting / alone for alone, cutting, *_ in pairs]
    told = {
        "training": {
            "in_memory_per_second": median([arm[0] for arm in memory]),
            "from_files_per_second": median([arm[0] for arm in files]),
            "share": median(shares, 3),
            "shares": [round(share, 3) for share in shares],
            "processor_ms_a_sample": {
                "in_memory": median([arm[1] for arm in memory]),
                "from_files": median([arm[1] for arm in files]),
                "worker": median([arm[2] for arm in files]),
            },
        },
        "faces": {
            "search_alone_per_second": median([pair[0] for pair in pairs]),
            "cut_out_per_second": median([pair[1] for pair in pairs]),
            "share": median(kept, 3),
            "shares": [round(share, 3) for share in kept],
            "processor_ms_a_frame": {
                "search_alone": median([pair[2] for pair in pairs]),
                "cut_out": median([pair[3] for pair in pairs]),
            },
        },
    }
    print(json.dumps(told, indent=2))


if __name__ == "__main__":
    main()
