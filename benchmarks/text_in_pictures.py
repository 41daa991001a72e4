"""Does the chain for text in pictures work? Makes a set, trains a small rtm, states its pixel F1.

    python benchmarks/text_in_pictures.py FOLDER --pictures 600 --minutes 10

The set is made by ``unmask.forge.text_set``: layouts, fonts and people of the test part occur
nowhere else. What comes out is a check of the chain and no claim about photos of real documents.
Minutes are those of the processor, on one core.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader

from unmask.datasets.manifest import read_manifest
from unmask.datasets.samples import collate
from unmask.forge.text_set import text_set
from unmask.metrics import pixels as figures
from unmask.train.method import method_named
from unmask.train.recipe import Recipe

SETTINGS = {
    "crop": 160,
    "points": 256,
    "least": 32,
    "memory": 64,
    "gate": 0.3,
    "balance": False,
    "backbone_config": {
        "widths": (16, 32, 80, 128),
        "depths": (1, 1, 2, 1),
        "heads": (1, 2, 5, 8),
        "decoder": 48,
    },
}
BATCH, RATE = 4, 2e-3


def trained(method: Any, data: Path, minutes: float, seed: int) -> tuple[torch.nn.Module, int]:
    """A network that saw parts of the training pictures for so long, and how many steps it had."""
    torch.manual_seed(seed)
    recipe = Recipe(
        name="rtm", task="unmask.train.methods:MethodTask", samples=10**6, batch=BATCH,
        workers=0, validate_every=10**6, seed=seed, settings=SETTINGS,
    )  # fmt: skip
    samples = method.samples(read_manifest(data), "train", recipe)
    network = method.network().train()
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    start, steps = time.process_time(), 0
    for batch in DataLoader(samples, BATCH, collate_fn=collate):
        done = (time.process_time() - start) / 60 / minutes
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, 20 * done + 0.05) * (1 - done)
        loss, parts = method.loss(network, batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        steps += 1
        if steps % 50 == 0:
            print(f"{steps} steps, {done:.0%} of the time, {parts}", flush=True)
    return network.eval(), steps


@torch.no_grad()
def judged(method: Any, network: torch.nn.Module, data: Path, split: str) -> dict[str, float]:
    """Pixel F1 of edited pictures, and how much of authentic ones is marked."""
    recipe = Recipe(
        name="rtm", task="unmask.train.methods:MethodTask", samples=1, batch=1, workers=0,
        validate_every=1, settings=SETTINGS,
    )  # fmt: skip
    edited, marked, pixel = [], [], []
    for entry in method.samples(read_manifest(data), split, recipe):
        found = method.run(network, collate([entry]))["mask"][0].sigmoid().numpy()
        truth = entry["mask"].numpy() > 0.5
        if entry["label"] > 0:
            edited.append(figures.counts(truth, found))
            pixel.append(float(truth.mean()))
        else:
            marked.append(float((found > 0.5).mean()))
    chance = float(np.mean([2 * p / (1 + p) for p in pixel]))
    return {
        "pictures": len(edited) + len(marked),
        "pixel_f1": figures.f1(edited),
        "pixel_f1_best_cut": figures.f1(edited, cut="best"),
        "pixel_auc": figures.pixel_auc(edited),
        "pixel_f1_of_marking_all": chance,
        "marked_of_authentic": float(np.mean(marked)),
    }


def main() -> None:
    """Make, train, judge, print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--pictures", type=int, default=600)
    asked.add_argument("--minutes", type=float, default=10)
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    torch.set_num_threads(1)
    data = given.folder / "manifest.parquet"
    if not data.exists():
        data = text_set(given.folder, given.pictures, given.seed)
    method = method_named("rtm")(SETTINGS)
    network, steps = trained(method, data, given.minutes, given.seed)
    torch.save(network.state_dict(), given.folder / "rtm.pt")
    result = {"steps": steps, "seen": judged(method, network, data, "val")}
    result["unseen layouts and fonts"] = judged(method, network, data, "test")
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
