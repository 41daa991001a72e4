"""GenConViT as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.genconvit.convert import from_official
from unmask.detectors.image.genconvit.model import SIZE, GenConViT
from unmask.train.method import Batch, Method, fitted


class GenConViTMethod(Method):
    """Deressa, Mareen, Lambert, Atnafu, Akhtar and Van Wallendael 2023, "GenConViT: Deepfake Video
    Detection Using Generative Convolutional Vision Transformer", its network with an autoencoder.

    ``settings``: ``depths`` and ``widths`` of ConvNeXt, the tiny one's unless given, ``side`` (of
    the example).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "depths": (1, 1, 2, 1),
        "widths": (8, 16, 24, 32),
        "side": 64,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """The network. Raises MissingExtra or ModelError when ConvNeXt's weights are not there."""
        sizes = {
            name: self.settings[name] for name in ("depths", "widths") if name in self.settings
        }
        return GenConViT(pretrained, **sizes)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy; what the autoencoder draws is not compared with the face."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint (ED) under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "GenConViT")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIZE))
        return {
            "face": torch.rand((batch, 3, side, side), generator=rng) * 255,
            "label": (torch.arange(batch) % 2).float(),
        }
