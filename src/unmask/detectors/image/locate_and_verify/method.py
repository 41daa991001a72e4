"""Locate and Verify as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.locate_and_verify.convert import renamed
from unmask.detectors.image.locate_and_verify.model import LocateAndVerify
from unmask.train.made_batches import masked_noise_batch
from unmask.train.method import Batch, Method, fitted

SIDE = 299


class LocateAndVerifyMethod(Method):
    """Shuai et al. 2023, "Locate and Verify: A Two-Stream Network for Improved Deepfake Detection".

    ``settings``: ``mixup`` (faces of a batch are laid over each other), ``place_weight`` (of the
    loss of patches), ``side`` (of the face in pixels), ``sizes`` (``shared``, ``hidden``,
    ``outside``, ``middle``, ``entry`` and ``thin`` of the network, for small ones).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "side": 75,
        "sizes": {
            "shared": 8,
            "hidden": 16,
            "outside": 16,
            "middle": (),
            "entry": 1,
            "thin": 8,
        },
        "mixup": False,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.side = int(self.settings.get("side") or SIDE)

    def network(self, pretrained: bool = False) -> nn.Module:
        """Two Xceptions. Raises MissingExtra, ModelError when their weights cannot be had."""
        return LocateAndVerify(pretrained, **self.settings.get("sizes", {}))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of the face and of its patches; under mixup of both faces, by their part.

        Patches of a forged face without a mask do not count; those of a real face are all real.
        """
        face, label = batch[self.inputs[0]].float(), batch["label"]
        other, part = torch.arange(len(label)), torch.ones(())
        if network.training and self.settings.get("mixup", True):
            other, part = torch.randperm(len(label)), torch.rand(())  # Beta(1, 1)
        other, part = other.to(label.device), part.to(face)
        outputs = network(part * face + (1 - part) * face[other])
        known = batch.get("masked", torch.zeros_like(label)).to(face)
        known = torch.maximum(known, (label == 0).to(face))
        target = self.target(batch, outputs["patches"])
        logit, patches = outputs["logit"], outputs["patches"]
        whole = F.binary_cross_entropy_with_logits
        face_loss = part * whole(logit, label.to(logit))
        face_loss = face_loss + (1 - part) * whole(logit, label[other].to(logit))
        place_loss = part * places(patches, target, known)
        place_loss = place_loss + (1 - part) * places(patches, target[other], known[other])
        loss = face_loss + float(self.settings.get("place_weight", 1.0)) * place_loss
        return loss, {"face": face_loss.item(), "places": place_loss.item()}

    @staticmethod
    def target(batch: Batch, patches: Tensor) -> Tensor:
        """Whether a patch has a forged pixel, (B, s, s); nothing in a real face."""
        if "mask" not in batch:
            return torch.zeros_like(patches)
        forged = (batch["mask"] > 0).to(patches) * batch["label"].to(patches)[:, None, None]
        return F.adaptive_max_pool2d(forged[:, None], patches.shape[-1])[:, 0]

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "Locate and Verify")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise with a forged square in every second face."""
        return masked_noise_batch("face", self.side, batch, seed)


def places(patches: Tensor, target: Tensor, known: Tensor) -> Tensor:
    """Mean cross-entropy of the patches (B, s, s) of the faces that are ``known`` (B)."""
    each = F.binary_cross_entropy_with_logits(patches, target, reduction="none").mean((1, 2))
    return (each * known).sum() / known.sum().clamp(min=1)
