"""Web-IML as the research wing sees it, after Qu et al. 2025 and their APSC-Net of 2024."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.web_iml.convert import renamed
from unmask.detectors.image.web_iml.loss import LEAST, hard_pixels
from unmask.detectors.image.web_iml.model import WebIml
from unmask.errors import ModelError
from unmask.train.made_batches import masked_noise_batch
from unmask.train.masks import known_target, measured_f1
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

SIDE = 512
_SIZES = (
    *("depths", "widths", "drop_path", "width", "spread", "dilations", "rounds"),
    *("grids", "spread_depth", "refine", "levels"),
)


class WebImlMethod(Method):
    """Web-IML, of which multi-scale perception and self-rectification are those of APSC-Net.

    ``settings``: ``side`` (in pixels, a multiple of 32 from 128), ``picture_weight`` (of the loss
    of whole pictures), ``least`` (hard pixels of a batch), and ``depths``, ``widths``,
    ``drop_path``, ``width``, ``spread``, ``dilations``, ``rounds``, ``grids``, ``spread_depth``,
    ``refine`` and ``levels`` of the network.
    """

    selects = "pixel_f1"
    small: ClassVar[Mapping[str, Any]] = {
        "side": 128,
        "depths": (1, 1, 1, 1),
        "widths": (8, 8, 16, 16),
        "levels": 2,
        "drop_path": 0.0,
        "width": 16,
        "spread": 4,
        "dilations": (2,),
        "rounds": 2,
        "grids": (2,),
        "spread_depth": 2,
        "refine": 1,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.side = int(self.settings.get("side") or SIDE)
        if self.side % 32 or self.side < 128:
            raise ModelError(
                f"The setting 'side' is {self.side}; allowed are multiples of 32 from 128 on."
            )

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. ``pretrained``: ConvNeXt-B with ImageNet's weights.

        Raises MissingExtra, ModelError when its weights cannot be had.
        """
        changed = {name: self.settings[name] for name in _SIZES if name in self.settings}
        if pretrained and set(changed) & {"depths", "widths"}:
            raise ModelError("ConvNeXt has no weights for stages of other sizes.")
        return WebIml(pretrained, **changed)

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Half the cross-entropy of hard pixels of every map, and that of whole pictures."""
        outputs = self.run(network, batch)
        target = known_target(batch).float()
        maps = outputs.get("maps", outputs["mask"][:, None])
        wide = F.interpolate(maps, size=target.shape[1:], mode="bilinear", align_corners=False)
        least = int(self.settings.get("least", LEAST))
        each = [hard_pixels(map_, target, least=least) / 2 for map_ in wide.unbind(1)]
        label = batch["label"].to(outputs["logit"])
        picture = F.binary_cross_entropy_with_logits(outputs["logit"], label)
        pixels = torch.stack(each).sum()
        loss = pixels + float(self.settings.get("picture_weight", 1.0)) * picture
        return loss, {"pixels": pixels.item(), "picture": picture.item()}

    def measured(self, outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        """``pixel_f1`` of pictures whose mask is known."""
        return measured_f1(outputs, batch)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """A checkpoint of the authors' APSC-Net. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "web_iml")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise with an edited square in every second picture."""
        return masked_noise_batch("picture", self.side, batch, seed)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Whole pictures at ``side``. Raises DataError when none to train on has a mask."""
        from unmask.datasets.samples import Prepared, require_masks

        part = manifest.select(split=split)
        if split == "train":
            require_masks(part, "web_iml")
        shape = {"shape": ["batch", 3, self.side, self.side]}
        inputs = [self.card.inputs[0].model_copy(update=shape)]
        return Prepared(part, inputs, recipe, train=split == "train")
