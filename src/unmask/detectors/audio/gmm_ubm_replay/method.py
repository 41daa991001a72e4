"""GMM-UBM against replay as the research wing sees it (Balamurali et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.audio.gmm_ubm_replay.model import FRONTS, Adapted, GmmUbm
from unmask.train.method import Batch, fitted
from unmask.train.sound_method import SoundMethod


class GmmUbmReplayMethod(SoundMethod):
    """A background mixture and its two adaptations over cepstra of one kind, or of all, fused.

    The first batch with both classes fits all of them by expectation maximisation and adaptation;
    what comes after goes on by gradients to the same optimum of more sound. ``settings``:
    ``components``, ``iterations`` (of the first fit), ``relevance`` (frames), ``frames`` (how many
    of each class the training has, against which the relevance weighs).
    """

    variants = (*FRONTS, "fused")
    small: ClassVar[Mapping[str, Any]] = {"length": 8000, "components": 4, "iterations": 3}

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network: its mixtures stand nowhere until the first batch of a training."""
        kinds = tuple(FRONTS) if self.variant == "fused" else (self.variant,)
        return GmmUbm(kinds, int(self.settings.get("components", 512)))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Likelihood of the background, adaptation of the means, and the regression's loss."""
        model, label = cast(GmmUbm, network), batch["label"]
        relevance = float(self.settings.get("relevance", 16))
        pull = relevance / float(self.settings.get("frames", 500_000))
        both = bool(label.any()) and not bool(label.all())
        background = means = batch["sound"].new_zeros(())
        for system in cast("list[Adapted]", list(model.systems)):
            frames = system.frames(batch["sound"])
            if network.training and both and not system.started:
                system.start(frames, label, relevance, int(self.settings.get("iterations", 20)))
            one, other = system.losses(frames, label, pull)
            background, means = background + one, means + other
        loss, parts = background + means, {"background": background.item(), "means": means.item()}
        if model.fuse is not None:
            ratios = model(batch["sound"])["ratios"].detach()
            fused = F.binary_cross_entropy_with_logits(model.joined(ratios), label.to(ratios))
            loss, parts["fused"] = loss + fused, fused.item()
        return loss, parts

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Nobody published weights: only our own names fit."""
        return fitted(self.network(), checkpoint, f"gmm_ubm_replay ({self.variant})")
