"""How the head is trained: the window's logit in closed form, the frames' by gradient steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import Dataset

from unmask.detectors.audio.unmask_voice.bank import Bank, Grains, bank, grains
from unmask.detectors.audio.unmask_voice.encoder import published
from unmask.detectors.audio.unmask_voice.export import to_onnx
from unmask.detectors.audio.unmask_voice.items import IGNORED
from unmask.detectors.audio.unmask_voice.model import Front, Head, Traces, Voice, loss
from unmask.detectors.audio.unmask_voice.traces import fit
from unmask.train.recipe import Recipe
from unmask.train.task import Batch, Task


class Windows(Dataset[Batch]):
    """Fine spectrograms and their frames; item *i* depends on the seed and *i* alone.

    A band is sometimes flattened, so that none is relied on, and time is sometimes turned round.
    """

    def __init__(self, source: Grains, rows: list[int], recipe: Recipe) -> None:
        self._source = source
        self._rows = rows
        self._recipe = recipe

    def __len__(self) -> int:
        return self._recipe.samples

    def __getitem__(self, index: int) -> Batch:
        rng = np.random.default_rng((self._recipe.seed, 1, index))
        row = self._rows[int(rng.integers(len(self._rows)))]
        fine = np.asarray(self._source.fine[row], np.float32)
        truth = self._source.frames[row].astype(np.int64)
        if rng.random() < 0.4:
            wide = int(rng.integers(10, 80))
            first = int(rng.integers(0, fine.shape[0] - wide))
            fine[first : first + wide] = 0
        if rng.random() < 0.3:
            fine, truth = fine[:, ::-1].copy(), truth[::-1].copy()
        return {"fine": torch.from_numpy(fine), "truth": torch.from_numpy(truth)}


class VoiceTask(Task):
    """Fits ``Traces`` in closed form and trains ``Along``.

    Settings: ``bank`` (``copies`` and ``windows``, see ``bank.bank``), ``grains`` (``shares`` and
    ``windows``, see ``bank.grains``), ``made_with_seed``, ``width`` and ``dropout`` (see
    ``Along``), ``ridge``, ``nuisance`` and ``copied`` (see ``traces.fit``).
    """

    def __init__(self, recipe: Recipe, data: Path) -> None:
        super().__init__(recipe, data)
        settings = recipe.settings
        seed = int(settings["made_with_seed"])
        self._bank: Bank = bank(data, settings["bank"]["copies"], seed, settings["bank"]["windows"])
        self._grains = grains(
            data, settings["grains"]["shares"], seed, settings["grains"]["windows"]
        )
        self._traces: Traces | None = None

    def _rows(self, of: Bank | Grains, held: bool) -> list[int]:
        left_out = self.recipe.leave_out
        entries = enumerate(of.entries)
        return [i for i, e in entries if e.held == held and e.source != left_out]

    def network(self) -> nn.Module:
        """A head with its traces fitted; the encoder before it is frozen and not part of it."""
        settings = self.recipe.settings
        head = Head(settings["width"], settings["dropout"])
        if self._traces is None:
            rows = self._rows(self._bank, held=False)
            fit(
                head.traces,
                [self._bank.entries[i] for i in rows],
                self._bank.statistics[rows],
                settings["ridge"],
                settings["nuisance"],
                settings["copied"],
            )
            self._traces = head.traces
        head.traces.load_state_dict(self._traces.state_dict())
        return head

    def samples(self) -> Dataset[Batch]:
        """Windows of the groups that are trained on."""
        return Windows(self._grains, self._rows(self._grains, held=False), self.recipe)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross-entropy of the frames."""
        value = loss(network(batch["fine"]), batch["truth"])
        return value, {"frames": float(value.detach())}

    @torch.no_grad()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Area under the ROC curve of held windows, and of the frames of partly forged ones."""
        assert isinstance(network, Head)
        rows = self._rows(self._bank, held=True)
        entries = [self._bank.entries[i] for i in rows]
        logit = network.traces.judged(torch.from_numpy(self._bank.statistics[rows])).numpy()
        label = np.array([entry.label for entry in entries])
        whole = np.array([entry.kind == "whole" for entry in entries])
        mixed = self._rows(self._grains, held=True)
        mixed = [i for i in mixed if self._grains.entries[i].kind == "partial"]
        frames = []
        for at in range(0, len(mixed), 64):
            fine = self._grains.fine[mixed[at : at + 64]].astype(np.float32)
            frames.append(network.along(torch.from_numpy(fine)).numpy())
        truth = self._grains.frames[mixed]
        known = truth != IGNORED
        along = float(roc_auc_score(truth[known], np.concatenate(frames)[known]))
        auc = float(roc_auc_score(label[whole], logit[whole]))
        return {"auc": auc, "auc_frames": along, "select": along}

    def export(self, network: nn.Module, path: Path) -> None:
        """Write the encoder and the head as one ONNX file that takes waves."""
        front = Front()
        front.encoder.load(published())
        assert isinstance(network, Head)
        to_onnx(Voice(front, network).eval(), path)
