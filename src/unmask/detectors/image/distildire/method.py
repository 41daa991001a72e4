"""DistilDIRE as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from unmask.detectors.image.distildire.convert import renamed
from unmask.detectors.image.distildire.diffusion import dire, first_noise
from unmask.detectors.image.distildire.model import CHANNELS, LAYERS, DistilDire, teacher
from unmask.errors import ModelError
from unmask.train.made_batches import noise_batch
from unmask.train.method import Batch, Method, fitted, read_checkpoint

_FORGED = 0.5
"""How much a forged picture counts in the loss against a real one."""


class DistilDireMethod(Method):
    """Lim et al. 2024, "DistilDIRE: A Small, Fast, Cheap and Lightweight Diffusion Synthesized
    Deepfake Detection".

    ``settings``: ``adm`` (path of the diffusion model's published file, needed for a pre-trained
    start and beside the authors' student), ``distil`` (weight of the teacher's part of the loss),
    ``cutmix`` (chance), ``steps`` (of the way in and out that the teacher sees), ``adm_config``
    (fields of ``Sizes``), ``layers`` and ``channels`` (blocks of the ResNets' stages and their
    width), for small networks.
    """

    small: ClassVar[Mapping[str, Any]] = {
        "cutmix": 0.0,
        "steps": 1,
        "layers": (1, 1, 1, 1),
        "channels": (8, 16, 32, 64),
        "adm_config": {
            "width": 32, "times": (1, 2), "blocks": 0, "attends": (), "head": 16, "side": 40,
        },
    }  # fmt: skip

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self._teacher: nn.Module | None = None
        self._pretrained = False

    def network(self, pretrained: bool = False) -> nn.Module:
        """The student from random numbers, as the authors start it, and the diffusion model.

        ``pretrained``: that of ``adm``. Raises ModelError, DataError when it cannot be had.
        """
        network = DistilDire(dict(self.settings.get("adm_config") or {}), *self._stages)
        self._pretrained = pretrained
        if pretrained:
            network.adm.load_state_dict(fitted(network.adm, self._adm(), "the diffusion model"))
        return network

    @property
    def _stages(self) -> tuple[Sequence[int], Sequence[int]]:
        return self.settings.get("layers") or LAYERS, self.settings.get("channels") or CHANNELS

    def _adm(self) -> dict[str, Any]:
        if not (path := self.settings.get("adm")):
            raise ModelError(
                "The setting 'adm' must name 256x256_diffusion_uncond.pt (see the README)."
            )
        return read_checkpoint(Path(path))

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy, forged pictures half, and how far the maps are from the teacher's."""
        net = cast(DistilDire, network)
        pixels = net.pixels(batch[self.inputs[0]].float())
        label = batch["label"].to(pixels)
        with torch.no_grad():
            noise = first_noise(net.adm, pixels)
        if not net.training:
            logit = net.judged(pixels, noise)["logit"]
            return weighed(logit, label), {}
        changed = dire(net.adm, pixels, int(self.settings.get("steps", 20)))
        if float(torch.rand(())) < float(self.settings.get("cutmix", 0.5)):
            (pixels, noise, changed), label = cut_mixed([pixels, noise, changed], label)
        outputs = net.judged(pixels, noise)
        with torch.no_grad():
            wanted = self.teacher(pixels.device).forward_features(changed)  # type: ignore[operator]
        entropy = weighed(outputs["logit"], label)
        apart = F.mse_loss(outputs["features"], wanted)
        loss = entropy + float(self.settings.get("distil", 1.0)) * apart
        return loss, {"bce": entropy.item(), "distil": apart.item()}

    def teacher(self, device: torch.device) -> nn.Module:
        """The frozen ResNet-50, made once: of ImageNet where training starts pre-trained."""
        if self._teacher is None:
            with torch.random.fork_rng():
                torch.manual_seed(0)
                self._teacher = teacher(self._pretrained, *self._stages)
        return self._teacher.to(device)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' student with the diffusion model beside it: in the same file, or that of
        ``adm``. Raises ModelError, DataError when they do not fit."""
        theirs = renamed(checkpoint)
        if not any(name.startswith("adm.") for name in theirs):
            theirs |= renamed(self._adm())
        return fitted(self.network(), theirs, "DistilDIRE")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise, and labels that take turns."""
        side = (self.settings.get("adm_config") or {}).get("side", 256)
        return noise_batch("picture", side, batch, seed)


def weighed(logit: Tensor, label: Tensor) -> Tensor:
    """Cross-entropy in which forged pictures count half."""
    weight = torch.tensor(_FORGED).to(logit)
    return F.binary_cross_entropy_with_logits(logit, label, pos_weight=weight)


def cut_mixed(maps: list[Tensor], label: Tensor) -> tuple[list[Tensor], Tensor]:
    """A rectangle of the first item laid into all; labels as the authors' program mixes them.

    The rectangle is cut off at the rim, but the share is that before the cut.
    """
    share = float(torch.rand(()))
    height, width = maps[0].shape[-2:]
    top, left = int(torch.randint(height, ())), int(torch.randint(width, ()))
    high, wide = int((1 - share) ** 0.5 * height), int((1 - share) ** 0.5 * width)
    inside = (..., slice(top, top + high), slice(left, left + wide))
    done = []
    for map_ in maps:
        mixed = map_.clone()
        mixed[inside] = map_[:1][inside]
        done.append(mixed)
    return done, share * label + (1 - share) * label[:1]
