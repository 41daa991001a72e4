"""CSAM: sharpness-aware steps on batches that hold each corpus in a fixed share.

Two corpora of one kind of forgery (speech of vocoders, speech of neural codecs) are trained on
together: a batch that by chance is of one alone would lead to a place that is flat for that one
only. Corpora are the items' ``source`` of the manifest; their shares of a batch are by default
those of the training. What a batch brings too much of one corpus waits for the next.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from pydantic import Field
from torch import Tensor

from unmask.errors import DataError
from unmask.strategies.base import Compute, Settings, Strategy, Training, unscaled
from unmask.strategies.sam import uphill
from unmask.train.methods import MethodTask
from unmask.train.task import Batch

CITATION = (
    "Xie, Lu, Fu, Wen, Wang, Tao et al.: The Codecfake Dataset and Countermeasures for the "
    "Universally Detection of Deepfake Audio. arXiv 2405.04880, 2024"
)
URL = "https://arxiv.org/abs/2405.04880"


class Corpora(Settings):
    """``rho``: how far off the worst place is looked for; ``shares`` of sources by name.

    Without ``shares`` they are those of the training. ``waiting``: samples of a corpus that are
    kept for later batches at most.
    """

    rho: float = Field(default=0.05, gt=0)
    shares: dict[str, float] = Field(default_factory=dict)
    waiting: int = Field(default=64, ge=1)


class CorporaSharpness(Strategy[Corpora]):
    """Batches of fixed shares, and the gradient of the worst place near by."""

    settings_type = Corpora
    alone = True

    def begin(self, training: Training) -> None:
        """Raises DataError for a source that no item has, SettingError for 16 bits."""
        super().begin(training)
        unscaled(training, "csam")
        task = training.task
        items = task.manifest.select(split="train").items if isinstance(task, MethodTask) else ()
        sources = [item.source for item in items]
        known = sorted(set(sources))
        if unknown := sorted(set(self.settings.shares) - set(known)):
            raise DataError(f"csam: no item comes from {unknown[0]!r}; there are: {known}.")
        given = self.settings.shares or {name: float(sources.count(name)) for name in known}
        if not given:
            raise DataError("csam needs a manifest whose items say where they come from (source).")
        self.names = sorted(given)
        total = sum(given.values())
        self._shares = [given[name] / total for name in self.names]
        order = {name: number for number, name in enumerate(self.names)}
        self._corpus = torch.tensor([order.get(name, -1) for name in sources])
        self._waiting: list[Batch] = [{} for _ in self.names]

    def counts(self, size: int) -> list[int]:
        """How many of a batch of ``size`` each corpus has; largest remainders are rounded up."""
        wanted = [share * size for share in self._shares]
        found = [int(value) for value in wanted]
        by_rest = sorted(range(len(wanted)), key=lambda n: found[n] - wanted[n])
        for number in by_rest[: size - sum(found)]:
            found[number] += 1
        return found

    def batch(self, batch: Batch) -> Batch:
        """A batch of the same size by shares; a corpus that has not come yet is left out."""
        if "index" not in batch:
            raise DataError("csam needs samples that say which item they show.")
        corpus = self._corpus[batch["index"].cpu().clamp(min=0)]
        for number in range(len(self.names)):
            self._take_in(
                number, {name: v[(corpus == number).to(v.device)] for name, v in batch.items()}
            )
        parts = [self._drawn(n, count) for n, count in enumerate(self.counts(len(corpus)))]
        parts = [part for part in parts if part]
        if not parts:
            return batch
        return {name: torch.cat([part[name] for part in parts]) for name in batch}

    def _take_in(self, number: int, new: Batch) -> None:
        """Newest first; what came longest ago leaves when too many wait."""
        held = self._waiting[number]
        joined = {name: torch.cat([v, held[name].to(v)]) if held else v for name, v in new.items()}
        self._waiting[number] = {n: v[: self.settings.waiting].detach() for n, v in joined.items()}

    def _drawn(self, number: int, count: int) -> Batch:
        """``count`` samples of a corpus, those that wait longest first; the last few stay.

        Where too few wait, some are shown again, as the authors' sampler begins a corpus anew.
        """
        held = self._waiting[number]
        there = len(held["label"]) if held else 0
        if not there or not count:
            return {}
        places = torch.arange(there - 1, -1, -1).repeat(-(-count // there))[:count]
        drawn = {name: value[places.to(value.device)] for name, value in held.items()}
        if there > count:
            self._waiting[number] = {name: value[: there - count] for name, value in held.items()}
        return drawn

    def gradients(self, compute: Compute) -> dict[str, float]:
        """The gradient uphill; the loss in the log is that of the weights themselves."""
        values = compute()
        with uphill(self.training.network, self.settings.rho):
            compute()
        return values

    def state(self) -> dict[str, Any]:
        """What waits."""
        return {
            "waiting": {name: dict(v) for name, v in zip(self.names, self._waiting, strict=True)}
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Put it back."""
        waiting: Mapping[str, dict[str, Tensor]] = state["waiting"]
        self._waiting = [dict(waiting[name]) for name in self.names]
