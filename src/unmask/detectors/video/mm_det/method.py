"""MM-Det as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.video.mm_det.convert import codebook_names, from_official
from unmask.detectors.video.mm_det.model import FRAMES, SIDE, MMDet
from unmask.errors import ModelError
from unmask.train.method import Batch, Method, fitted, read_checkpoint

_SIZES = ("frames", "side", "width", "depth", "heads", "codes", "words", "blocks")
_LISTS = ("layers", "kernels")
_BESIDE = "vqvae."


class MMDetMethod(Method):
    """Song, Guo, Zhang, Li, Ma, Li and Liu 2024, "On Learning Multi-Modal Forgery Representation
    for Diffusion Generated Video Detection", without its part of words.

    ``settings``: ``codebook`` (path of the authors' VQ-VAE, which a pre-trained start and their
    checkpoint need), ``frames``, ``side``, ``layers``, ``kernels``, ``width``, ``depth``,
    ``heads``, ``codes``, ``words`` and ``blocks`` of a smaller network.
    """

    small: ClassVar[Mapping[str, Any]] = {
        "frames": 3,
        "side": 32,
        "layers": (1,),
        "kernels": (5,),
        "width": 32,
        "depth": 1,
        "heads": 2,
        "codes": 8,
        "words": 16,
        "blocks": 1,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. ``pretrained``: with the codebook; the rest is random.

        Raises ModelError without the path of the codebook, DataError when it is not there.
        """
        sizes: dict[str, Any] = {n: int(self.settings[n]) for n in _SIZES if n in self.settings}
        sizes |= {name: tuple(self.settings[name]) for name in _LISTS if name in self.settings}
        network = MMDet(**sizes)
        if pretrained:
            fitting = {n.partition(".")[2]: v for n, v in self._codebook().items()}
            network.codebook.load_state_dict(fitted(network.codebook, fitting, "the codebook"))
        return network

    def _codebook(self) -> dict[str, Tensor]:
        if not (path := self.settings.get("codebook")):
            raise ModelError(
                "The setting 'codebook' must name the authors' VQ-VAE, weights/vqvae/model.pt "
                "(see the README); random words draw nothing."
            )
        return codebook_names(read_checkpoint(Path(str(path))))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy."""
        logit = self.run(network, batch)["logit"]
        loss = F.binary_cross_entropy_with_logits(logit, batch["label"].to(logit.dtype))
        return loss, {"bce": float(loss.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' network and their codebook: from its own file, or from the same one, where
        its names begin with ``vqvae.``. Raises ModelError."""
        inner = cast(Mapping[str, Any], checkpoint.get("model_state_dict", checkpoint))
        beside = {n.removeprefix(_BESIDE): v for n, v in inner.items() if n.startswith(_BESIDE)}
        words = codebook_names(beside) if beside else self._codebook()
        rest = {name: value for name, value in inner.items() if not name.startswith(_BESIDE)}
        return fitted(self.network(), from_official(rest) | words, "MM-Det")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and labels in turn."""
        rng = torch.Generator().manual_seed(seed)
        frames = int(self.settings.get("frames", FRAMES))
        side = int(self.settings.get("side", SIDE))
        return {
            "frames": torch.rand((batch, frames, 3, side, side), generator=rng) * 255,
            "label": (torch.arange(batch) % 2).float(),
        }
