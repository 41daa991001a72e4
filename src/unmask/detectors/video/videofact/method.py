"""VideoFACT as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.video.videofact.convert import from_official
from unmask.detectors.video.videofact.model import HEIGHT, PATCH, WIDE, VideoFACT
from unmask.errors import ModelError
from unmask.train.made_batches import masked_noise_batch
from unmask.train.masks import with_masks
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

_SIZES = ("height", "wide", "width", "depth", "heads", "middle", "entry", "thin")


class VideoFACTMethod(Method):
    """Nguyen, Fang and Stamm 2024, "VideoFACT: Detecting Video Forgeries Using Attention, Scene
    Context, and Forensic Traces".

    ``settings``: ``share`` (of the frame's part in the loss), ``height`` and ``wide`` (of a frame,
    in pixels), ``width``, ``depth``, ``heads``, ``middle``, ``entry`` and ``thin`` of the network.
    """

    small: ClassVar[Mapping[str, Any]] = {
        "height": 136,
        "wide": 256,
        "width": 208,
        "depth": 1,
        "heads": 2,
        "middle": 0,
        "entry": 1,
        "thin": 8,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.sizes = {name: int(self.settings[name]) for name in _SIZES if name in self.settings}
        self.size = self.sizes.get("height", HEIGHT), self.sizes.get("wide", WIDE)
        if min(self.size) < PATCH:
            raise ModelError(f"VideoFACT cuts patches of {PATCH} pixels; a frame is smaller.")

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises ModelError when it should start from the authors' traces.

        They start the network of traces from one that tells cameras and codecs, and have not
        published it.
        """
        if pretrained:
            raise ModelError(
                "The network that VideoFACT's traces start from is not published; set "
                'init = "random", or the path of a checkpoint.'
            )
        return VideoFACT(**self.sizes)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """.4 × cross-entropy of frames and .6 × that of patches, whose truth is the share of them
        that was edited. Frames without a mask count in the first alone.
        """
        outputs = self.run(network, batch)
        share = float(self.settings.get("share", 0.4))
        frame = F.binary_cross_entropy_with_logits(outputs["logit"], batch["label"].float())
        known = with_masks(batch)[:, None, None]
        truth = F.avg_pool2d(batch["mask"][:, None].float(), PATCH)[:, 0]
        patches = outputs["patches"]
        each = F.binary_cross_entropy_with_logits(patches, truth, reduction="none") * known
        parts = each.sum() / (known.sum() * patches[0].numel()).clamp(min=1)
        loss = share * frame + (1 - share) * parts
        return loss, {"frame": float(frame.detach()), "patches": float(parts.detach())}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), from_official(checkpoint), "VideoFACT")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; every second frame has an edited corner."""
        return masked_noise_batch("picture", self.size, batch, seed)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Frames and their masks. Raises DataError when none to train on has one."""
        from unmask.datasets.samples import Prepared, require_masks

        part = manifest.select(split=split)
        if split == "train":
            require_masks(part, "VideoFACT")
        shape = {"shape": ["batch", 3, *self.size]}
        inputs = [self.card.inputs[0].model_copy(update=shape)]
        return Prepared(part, inputs, recipe, train=split == "train")
