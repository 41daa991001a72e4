"""The two masked autoencoders as the research wing sees them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.mae_spatiotemporal.model import (
    HIDDEN,
    SIDE,
    MaeSpatiotemporal,
    always_hidden,
)
from unmask.errors import ModelError, UnknownName
from unmask.nn.masked_patches import drawn
from unmask.train.method import Batch, Method, Outputs, fitted

STAGES = ("judge", "draw")
_SIZES = ("side", "patch", "width", "depth", "heads", "levels", "rounds")


class MaeSpatiotemporalMethod(Method):
    """After Das, Kolahdouzi, Özparlak, Hickie and Etemad 2023, "Unmasking Deepfakes: Masked
    Autoencoding Spatiotemporal Transformers for Enhanced Video Forgery Detection".

    ``settings``: ``stage`` ("draw": learn to draw what is hidden, without labels; "judge": learn
    to tell forgeries, from weights of the first), ``hidden`` (share of the patches), ``side``,
    ``patch``, ``width``, ``depth`` and ``heads`` of both transformers; for tests ``levels`` and
    ``rounds`` of the flow.
    """

    small: ClassVar[Mapping[str, Any]] = {
        "side": 32,
        "patch": 8,
        "width": 32,
        "depth": 1,
        "heads": 2,
        "levels": 2,
        "rounds": 1,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.stage = str(self.settings.get("stage", STAGES[0]))
        if self.stage not in STAGES:
            raise UnknownName("stage", self.stage, STAGES)
        self.selects = "-missed" if self.stage == "draw" else "auc"

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises ModelError for a start from weights: none are published."""
        if pretrained:
            raise ModelError(
                'No weights are published to start from: train with stage = "draw" in [settings] '
                "first, and set init to the path of its best.pt."
            )
        sizes = {name: int(self.settings[name]) for name in _SIZES if name in self.settings}
        return MaeSpatiotemporal(self.stage == "draw", **sizes)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of each transformer; in the stage of drawing how far both are off."""
        if self.stage == "draw":
            both = cast(MaeSpatiotemporal, network)
            share = float(self.settings.get("hidden", HIDDEN))
            hidden = drawn(len(batch["frames"]), both.places, share)
            parts = both.missed(batch["frames"], hidden).mean(0)
        else:
            each = self.run(network, batch)["each"]
            label = batch["label"].to(each.dtype)[:, None].expand_as(each)
            parts = F.binary_cross_entropy_with_logits(each, label, reduction="none").mean(0)
        names = ("face", "motion")
        return parts.sum(), dict(zip(names, parts.detach().tolist(), strict=True))

    def run(self, network: nn.Module, batch: Batch) -> Outputs:
        """The network on the frames; in the stage of drawing also how far it is off."""
        outputs: Outputs = network(batch["frames"])
        if self.stage == "draw":
            both = cast(MaeSpatiotemporal, network)
            hidden = always_hidden(len(batch["frames"]), both.places)
            outputs["missed"] = both.missed(batch["frames"], hidden).mean(1)
        return outputs

    def measured(self, outputs: Outputs, batch: Batch) -> dict[str, Tensor]:
        """``missed``: how far what is drawn is off."""
        return {"missed": outputs["missed"]} if "missed" in outputs else {}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Weights of the stage of drawing, without its decoders. Raises ModelError for others."""
        kept = {
            n: v for n, v in checkpoint.items() if n.split(".")[1:2] not in (["decoder"], ["token"])
        }
        return fitted(self.network(), kept, "the two transformers")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise that moves by a pixel, and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIDE))
        still = torch.rand((batch, 3, side, side), generator=rng) * 255
        return {
            "frames": torch.stack([still, still.roll(1, -1)], 1),
            "label": (torch.arange(batch) % 2).float(),
        }
