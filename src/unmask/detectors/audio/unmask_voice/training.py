"""How the head is trained: the window's logit in closed form, the frames' by gradient steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from torch import nn
from torch.utils.data import Dataset

from unmask.detectors.audio.unmask_voice.along import loss
from unmask.detectors.audio.unmask_voice.bank import SCALE, Bank, Scenes, bank, scenes
from unmask.detectors.audio.unmask_voice.cuts import IGNORED
from unmask.detectors.audio.unmask_voice.export import to_onnx
from unmask.detectors.audio.unmask_voice.front import Front
from unmask.detectors.audio.unmask_voice.model import Head, Traces, Voice
from unmask.detectors.audio.unmask_voice.refit import fitted
from unmask.detectors.audio.unmask_voice.spectra import LINES, Spectra, without
from unmask.nn.whisper import published
from unmask.train.recipe import Recipe
from unmask.train.task import Batch, Task

_VALIDATED = 480
"""Held scenes that are looked at in training."""


class Windows(Dataset[Batch]):
    """Scenes; item *i* depends on the seed and *i* alone.

    ``kept`` is zero for lines that the head must do without: a band is sometimes flattened, so that
    none is relied on.
    """

    def __init__(self, source: Scenes, rows: list[int], recipe: Recipe) -> None:
        self._source = source
        self._rows = rows
        self._recipe = recipe

    def __len__(self) -> int:
        return self._recipe.samples

    def __getitem__(self, index: int) -> Batch:
        turn, at = divmod(index, len(self._rows))
        order = np.random.default_rng((self._recipe.seed, 1, turn)).permutation(len(self._rows))
        row = self._rows[int(order[at])]
        rng = np.random.default_rng((self._recipe.seed, 2, index))
        kept = torch.ones(LINES)
        if rng.random() < 0.4:
            wide = int(rng.integers(10, 80))
            first = int(rng.integers(0, LINES - wide))
            kept[first : first + wide] = 0
        wave = torch.from_numpy(np.asarray(self._source.waves[row], np.float32) / SCALE)
        truth = torch.from_numpy(self._source.frames[row].astype(np.int64))
        layers = torch.from_numpy(np.asarray(self._source.layers[row], np.float32))
        return {"layers": layers, "wave": wave, "kept": kept, "truth": truth}


class VoiceTask(Task):
    """Fits ``Traces`` in closed form and trains ``Along``.

    Settings: ``copies`` (see ``bank.bank``), ``scenes`` (how many), ``made_with_seed``, ``width``
    and ``dropout`` (see ``Along``), ``members`` (see ``Head``), ``ridge``, ``nuisance`` and
    ``copied`` (see ``traces.fit``).
    """

    def __init__(self, recipe: Recipe, data: Path) -> None:
        super().__init__(recipe, data)
        settings = recipe.settings
        seed = int(settings["made_with_seed"])
        self._bank: Bank = bank(data, settings["copies"], seed)
        self._scenes: Scenes = scenes(data, int(settings["scenes"]), seed)
        self._traces: Traces | None = None
        self._spectra = Spectra()

    def _left_out(self) -> set[str]:
        return {name.strip() for name in self.recipe.leave_out.split(",")}

    def _clips(self, held: bool) -> list[int]:
        left_out = self._left_out()
        entries = enumerate(self._bank.entries)
        return [i for i, e in entries if e.held == held and e.source not in left_out]

    def _rows(self, held: bool) -> list[int]:
        left_out = self._left_out()
        both = enumerate(zip(self._scenes.held, self._scenes.sources, strict=True))
        return [i for i, (mine, used) in both if mine == held and left_out.isdisjoint(used)]

    def network(self) -> nn.Module:
        """A head with its traces fitted; the encoder before it is frozen and not part of it."""
        settings = self.recipe.settings
        head = Head(settings["width"], settings["dropout"], settings["members"])
        if self._traces is None:
            self._traces = fitted(self._bank, self.recipe)
        head.traces.load_state_dict(self._traces.state_dict())
        return head

    def samples(self) -> Dataset[Batch]:
        """Scenes of the groups that are trained on."""
        return Windows(self._scenes, self._rows(held=False), self.recipe)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[torch.Tensor, dict[str, float]]:
        """Cross-entropy of the frames."""
        with torch.no_grad():
            grain = without(self._spectra(batch["wave"]), batch["kept"])
        value = loss(network(batch["layers"], grain), batch["truth"])
        return value, {"frames": float(value.detach())}

    @torch.no_grad()
    def validate(self, network: nn.Module) -> dict[str, float]:
        """Area under the ROC curve of held clips, and of the frames of held scenes."""
        assert isinstance(network, Head)
        clips = self._clips(held=True)
        entries = [self._bank.entries[i] for i in clips]
        logit = network.traces.judged(torch.from_numpy(self._bank.statistics[clips])).numpy()
        label = np.array([entry.label for entry in entries])
        whole = np.array([entry.kind == "whole" for entry in entries])
        rows = self._rows(held=True)[:_VALIDATED]
        frames = []
        for at in range(0, len(rows), 32):
            part = rows[at : at + 32]
            layers = torch.from_numpy(self._scenes.layers[part].astype(np.float32))
            wave = torch.from_numpy(self._scenes.waves[part].astype(np.float32) / SCALE)
            frames.append(network(layers, self._spectra(wave)).numpy())
        truth = self._scenes.frames[rows]
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
