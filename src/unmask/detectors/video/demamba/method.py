"""DeMamba as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.demamba.convert import from_official
from unmask.detectors.video.demamba.model import FRAMES, SIDE, DeMamba
from unmask.train.method import Batch, Method, fitted


class DeMambaMethod(Method):
    """Chen, Hong, Huang, Xu, Gu, Li, Lan, Zhu, Zhang, Wang and Li 2024, "DeMamba: AI-Generated
    Video Detection on Million-Scale GenVideo Benchmark".

    ``settings``: ``order`` ("published" or "paper": which patches are read one after the other),
    ``backbone_config`` (values of X-CLIP's configuration that differ; no weights for such a one).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "backbone_config": {
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "image_size": 48,
        }
    }

    @property
    def _changed(self) -> dict[str, Any]:
        return dict(self.settings.get("backbone_config") or {})

    def network(self, pretrained: bool = False) -> nn.Module:
        """On X-CLIP-B/16. Raises MissingExtra or ModelError when its weights cannot be had."""
        return DeMamba(pretrained, str(self.settings.get("order", "published")), self._changed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint (on X-CLIP). Raises ModelError when it does not fit."""
        inner = checkpoint.get("model_state_dict", checkpoint)
        return fitted(self.network(), from_official(inner), "DeMamba")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self._changed.get("image_size", SIDE))
        return {
            "frames": torch.rand((batch, FRAMES, 3, side, side), generator=rng) * 255,
            "label": (torch.arange(batch) % 2).float(),
        }
