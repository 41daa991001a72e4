"""Does the chain for text in pictures work? Makes a set, trains a small rtm, states its pixel F1.

    python benchmarks/text_in_pictures.py FOLDER --pictures 1000 --minutes 60

The set is made by ``unmask.forge.text_set``: layouts, fonts and people of the test part occur
nowhere else. What comes out is a check of the chain and no claim about photos of real documents.
Minutes are those of the processor, on one core. A run goes on from where the last one in FOLDER
stopped, so that a longer one need not begin again.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import Dataset

from unmask.datasets.manifest import read_manifest
from unmask.datasets.samples import Prepared, collate
from unmask.detectors.image.rtm.crops import GRID
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
    "edited_weight": 4.0,
    "backbone_config": {
        "widths": (16, 32, 40, 64),
        "depths": (1, 1, 1, 1),
        "heads": (1, 2, 5, 8),
        "decoder": 32,
        "drop_path": 0.0,
    },
}
BATCH, RATE, WARM, FALL = 4, 1e-3, 200, 0.4
"""Parts at a step; the rate, which rises over the first ``WARM`` steps and falls to nothing over
the last share ``FALL`` of the minutes."""
SIDES = (160, 192)
"""Parts are as high and as wide as one of these: weighed traces are misread by the size of a map,
and what is learnt from one size alone might not hold for another."""
KEPT = 200
"""Steps between two saves of the state."""


def whole(method: Any, data: Path, split: str) -> Dataset[dict[str, torch.Tensor]]:
    """The pictures of a part of the set, one entry each."""
    recipe = Recipe(
        name="rtm", task="unmask.train.methods:MethodTask", samples=1, batch=1, workers=0,
        validate_every=1, settings=SETTINGS,
    )  # fmt: skip
    part = read_manifest(data).select(split=split)
    return Prepared(part, method.card.inputs, recipe, train=False)


def batches(base: Any, seed: int, start: int) -> Iterator[dict[str, torch.Tensor]]:
    """Parts of pictures drawn at random, on the grid of the save; of an edited picture one that
    shows an edited pixel. Drawn as the recipe of rtm draws them, most would show none."""
    step = start
    while True:
        rng = np.random.default_rng([seed, 4, step])
        high, wide = (int(rng.choice(SIDES)) for _ in range(2))
        rows = []
        while len(rows) < BATCH:
            item = base[int(rng.integers(len(base)))]
            height, width = item["mask"].shape
            if height < high or width < wide:
                continue
            edited = torch.nonzero(item["mask"] > 0.5)
            at = edited[int(rng.integers(len(edited)))].tolist() if len(edited) else None
            top, left = (
                _begin(rng, side, length, None if at is None else at[axis])
                for axis, (side, length) in enumerate(((high, height), (wide, width)))
            )
            part = (..., slice(top, top + high), slice(left, left + wide))
            rows.append({**item, "picture": torch.as_tensor(item["picture"])[part],
                         "mask": item["mask"][part]})  # fmt: skip
        yield collate(rows)
        step += 1


def _begin(rng: np.random.Generator, side: int, length: int, at: int | None) -> int:
    """Where a part of ``side`` pixels begins along one axis, so that it shows pixel ``at``."""
    last = (length - side) // GRID
    low, high = 0, last
    if at is not None:
        low = min(last, max(0, -(-(at - side + 1) // GRID)))
        high = max(low, min(last, at // GRID))
    return GRID * int(rng.integers(low, high + 1))


def trained(method: Any, data: Path, minutes: float, seed: int) -> tuple[torch.nn.Module, Any]:
    """The mean of the last networks (by exponential weights), and what it took."""
    torch.manual_seed(seed)
    network = method.network().train()
    mean = AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(0.998), use_buffers=True)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=0.01)
    took = {"steps": 0, "minutes": 0.0}
    state = data.with_name("state.pt")
    if state.exists():
        was = torch.load(state, weights_only=True)
        network.load_state_dict(was["network"])
        mean.load_state_dict(was["mean"])
        optimiser.load_state_dict(was["optimiser"])
        took = was["took"]
    before, begun = took["minutes"], time.process_time()
    for batch in batches(whole(method, data, "train"), seed, took["steps"]):
        took["minutes"] = before + (time.process_time() - begun) / 60
        done = took["minutes"] >= minutes
        if done or took["steps"] % KEPT == 0:
            parts = {"network": network, "mean": mean, "optimiser": optimiser}
            saved = {name: part.state_dict() for name, part in parts.items()}
            torch.save({**saved, "took": took}, state.with_suffix(".new"))
            state.with_suffix(".new").replace(state)
        if done:
            break
        for group in optimiser.param_groups:
            rest = (1 - took["minutes"] / minutes) / FALL
            group["lr"] = RATE * min(1.0, (took["steps"] + 1) / WARM, rest)
        loss, said = method.loss(network, batch)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        mean.update_parameters(network)
        took["steps"] += 1
        if took["steps"] % 50 == 0:
            print(f"{took['steps']} steps, {took['minutes']:.1f} minutes, {said}", flush=True)
    result: torch.nn.Module = mean.module
    return result.eval(), took


@torch.no_grad()
def judged(method: Any, network: torch.nn.Module, data: Path, split: str, most: int) -> list[Any]:
    """Of each picture whether it is edited, and how many pixels have which value.

    ``most``: how many pictures, spread over the part, half of them edited (0: all).
    """
    rows = []
    for entry in some_of(whole(method, data, split), most):
        found = method.run(network, collate([entry]))["mask"][0].sigmoid().numpy()
        truth = entry["mask"].numpy() > 0.5
        rows.append((bool(entry["label"] > 0), figures.counts(truth, found)))
    return rows


def some_of(base: Any, most: int) -> Iterator[dict[str, torch.Tensor]]:
    """Entries of a part, spread over all of either class."""
    labels = np.array([item.label for item in base.manifest])
    for label in (0, 1):
        places = np.flatnonzero(labels == label)
        count = min(len(places), most // 2) if most else len(places)
        for at in np.linspace(0, len(places) - 1, count).round().astype(int):
            yield base[int(places[at])]


def stated(rows: list[Any], cut: int) -> dict[str, float]:
    """Figures of a part; ``cut``: the value in 256ths from which on a pixel counts as edited."""
    edited = [count for is_edited, count in rows if is_edited]
    other = [count for is_edited, count in rows if not is_edited]
    shares = [float(count[1].sum() / count.sum()) for count in edited]
    return {
        "pictures": len(rows),
        "pixel_f1": figures.f1(edited),
        "pixel_f1_at_cut": at_cut(edited, cut),
        "pixel_f1_best_cut": figures.f1(edited, cut="best"),
        "pixel_auc": figures.pixel_auc(edited),
        "pixel_f1_of_marking_all": float(np.mean([2 * p / (1 + p) for p in shares])),
        "marked_of_authentic": float(np.mean([c[:, cut:].sum() / c.sum() for c in other])),
    }


def at_cut(edited: list[Any], cut: int) -> float:
    """Mean pixel F1 of pictures from one value on."""
    found = [(count[1, cut:].sum(), count[0, cut:].sum(), count[1].sum()) for count in edited]
    return float(np.mean([2 * hit / (hit + wrong + all_) for hit, wrong, all_ in found]))


def main() -> None:
    """Make, train, judge, print."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--pictures", type=int, default=1000)
    asked.add_argument("--minutes", type=float, default=60)
    asked.add_argument("--judged", type=int, default=0, help="pictures of each part; 0: all")
    asked.add_argument("--seed", type=int, default=0)
    given = asked.parse_args()
    torch.set_num_threads(1)
    data = given.folder / "manifest.parquet"
    if not data.exists():
        data = text_set(given.folder, given.pictures, given.seed)
    method = method_named("rtm")(SETTINGS)
    network, took = trained(method, data, given.minutes, given.seed)
    torch.save(network.state_dict(), given.folder / "rtm.pt")
    seen = judged(method, network, data, "val", given.judged)
    edited = [count for is_edited, count in seen if is_edited]
    cut = max(range(1, figures.BINS), key=lambda value: at_cut(edited, value))
    result = {**took, "cut": cut / figures.BINS, "seen": stated(seen, cut)}
    print(json.dumps(result), flush=True)
    unseen = judged(method, network, data, "test", given.judged)
    result["unseen layouts and fonts"] = stated(unseen, cut)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
