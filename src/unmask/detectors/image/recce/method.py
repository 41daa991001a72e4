"""RECCE as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.recce.convert import from_official
from unmask.detectors.image.recce.loss import metric, reconstruction
from unmask.detectors.image.recce.model import Recce
from unmask.nn.xception import SMALL, sizes
from unmask.train.face_method import FaceMethod
from unmask.train.method import Batch, fitted


class RecceMethod(FaceMethod):
    """Cao, Ma, Yao, Chen, Ding and Yang 2022, "End-to-End Reconstruction-Classification Learning
    for Face Forgery Detection".

    ``settings``: ``reconstruction`` and ``metric`` (weights of both losses), ``flood`` (below it
    classification is pushed up again), and those of ``FaceMethod``;
    for tests also ``entry`` and ``thin`` of the Xception.
    """

    small: ClassVar[Mapping[str, Any]] = {"side": 64, **SMALL}

    def network(self, pretrained: bool = False) -> nn.Module:
        """Encoder and decoder. Raises MissingExtra, ModelError when weights cannot be had."""
        return Recce(self.start(pretrained), **sizes(self.settings))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Classification, and reconstruction and nearness of real faces in training."""
        seen, label = self.run(network, batch), batch["label"]
        entropy = F.binary_cross_entropy_with_logits(seen["logit"], label.to(seen["logit"].dtype))
        flood = float(self.settings.get("flood", 0.04))
        total, parts = (entropy - flood).abs() + flood, {"bce": float(entropy.detach())}
        if "seen" in seen:
            own = cast(Recce, network)
            given = own.pixels(batch["face"])
            for name, value in (
                ("reconstruction", reconstruction(seen["drawn"], given, label)),
                ("metric", metric(torch.split(seen["seen"], own.widths, 1), label)),
            ):
                total = total + float(self.settings.get(name, 0.1)) * value
                parts[name] = float(value.detach())
        return total, parts

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """DeepfakeBench's checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "RECCE")
