"""FSTS: edits text in authentic pictures while it trains, as a population of people edits it.

A part of the unforged pictures of a batch gets an edit of a line of text (copy-move, splice from
another picture of the batch, removal, insertion or replacement), drawn from a table of habits; its
label and, where the batch has one, its mask follow. Each person of the population keeps to a few
ways; new people are drawn all the time. Then every picture of the batch is saved once more, edited
or not, so that the last save tells nothing.

After the paper, whose table was counted on 16,750 edits and is not in its repository; ``table``
takes one in the form of ``forge/text_edits.toml``, whose own values stand in otherwise.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from pydantic import Field

from unmask.errors import DataError
from unmask.forge.operations import jpeg
from unmask.forge.text_edit import edit_text
from unmask.forge.text_habits import TABLE, population
from unmask.strategies.base import Settings, Strategy, needed
from unmask.train.task import Batch

CITATION = (
    "Yu, Xie, Zhang, Ni, Su, Huang: Toward Real-world Text Image Forgery Localization: Structured "
    "and Interpretable Data Synthesis. NeurIPS 2025"
)
URL = "https://arxiv.org/abs/2511.12658"


class Editing(Settings):
    """``share``: of the unforged pictures of a batch, how many are edited. ``table``: habits in
    the form of the house's table; "" is that table. ``save``: lowest quality of the JPEG in which
    every picture is saved afterwards (0: none is)."""

    share: float = Field(default=0.5, ge=0, le=1)
    table: str = ""
    save: int = Field(default=70, ge=0, le=100)


class Fsts(Strategy[Editing]):
    """Edits of text out of unforged pictures of a batch; forged ones are only saved again."""

    settings_type = Editing

    def __init__(self, settings: Editing) -> None:
        super().__init__(settings)
        table = needed(settings.table, "table of text edits") if settings.table else TABLE
        self.ways = population(Path(table))

    def batch(self, batch: Batch) -> Batch:
        """The batch with its edits. Raises DataError where the method takes no picture."""
        name = next(
            (n for n in self.training.task.inputs
             if batch[n].ndim == 4 and batch[n].shape[1] == 3), None,
        )  # fmt: skip
        if name is None:
            raise DataError("fsts edits pictures, and the method takes none.")
        kept = batch[name]
        pictures = [
            np.ascontiguousarray(one.permute(1, 2, 0).round().clamp(0, 255).byte().cpu().numpy())
            for one in kept
        ]
        rng = np.random.default_rng(int(torch.randint(2**62, ()).item()))
        labels = batch["label"].clone()
        changed = {**batch, "label": labels}
        shown = "mask" in batch and batch["mask"].shape[-2:] == kept.shape[-2:]
        if shown:
            changed["mask"] = batch["mask"].clone()
        originals = list(pictures)
        for i in torch.nonzero(batch["label"] == 0).flatten().tolist():
            if rng.random() >= self.settings.share:
                continue
            donor = originals[int(rng.integers(len(originals)))]
            made = edit_text(pictures[i], rng, donor=donor, ways=self.ways.person(rng))
            pictures[i] = made.pixels
            labels[i] = 1
            if shown:
                edited = torch.from_numpy(made.mask).to(changed["mask"])
                outside = changed["mask"][i] < 0
                changed["mask"][i] = torch.where(outside, changed["mask"][i], edited)
                if "masked" in batch:
                    changed["masked"] = changed["masked"].clone()
                    changed["masked"][i] = 1
        if self.settings.save:
            qualities = rng.integers(self.settings.save, 101, len(pictures))
            pictures = [jpeg(p, int(q)) for p, q in zip(pictures, qualities, strict=True)]
        stacked = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2)
        changed[name] = stacked.to(kept)
        return changed
