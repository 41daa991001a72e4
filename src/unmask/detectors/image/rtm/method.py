"""RTM's ASCFormer as the research wing sees it (Luo et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.rtm.convert import renamed
from unmask.detectors.image.rtm.crops import Crops
from unmask.detectors.image.rtm.loss import contrast, drawn, pixel_loss, remembered
from unmask.detectors.image.rtm.model import AscFormer
from unmask.detectors.image.trufor.method import pretrained_stages
from unmask.errors import ModelError
from unmask.nn.mix_transformer import Shape
from unmask.train.made_batches import masked_noise_batch
from unmask.train.masks import known_target, measured_f1
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

CROP = 512
"""Side in pixels of what training sees."""
_LEAST = 96
_KEPT = ("kept",)


class RtmMethod(Method):
    """ASCFormer.

    ``settings``: ``crop`` (side in pixels, a multiple of 32 from 96), ``edited_weight`` (how much
    an edited pixel counts against an authentic one; 1: as the authors have it),
    ``contrast_weight``, ``points`` (of either class in the contrast), ``least`` (edited points
    without which there is none), ``memory`` (points of either class kept for the next step),
    ``quality`` (of the save that shows error levels), ``gate`` (where the gates between the streams
    start), ``backbone_config`` (fields of ``Shape``), ``stride`` of the first patches, ``joins``
    (the stage at an eighth of the side, where the block transform joins) and ``before`` (whether
    the streams look around before they are brought together; all for small networks).
    """

    selects = "pixel_f1"
    small: ClassVar[Mapping[str, Any]] = {
        "crop": 96,
        "least": 8,
        "points": 64,
        "memory": 16,
        "gate": 0.5,
        "backbone_config": {
            "widths": (8,),
            "depths": (0,),
            "heads": (2,),
            "reductions": (4,),
            "decoder": 16,
        },
        "stride": 8,
        "joins": 0,
        "before": False,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.crop = int(self.settings.get("crop") or CROP)
        if self.crop % 32 or self.crop < _LEAST:
            raise ModelError(
                f"The setting 'crop' is {self.crop}; allowed are multiples of 32 from {_LEAST}."
            )

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. ``pretrained``: the blocks of both streams and the patches of the first
        from SegFormer-B2; the traces' own patches start at random, as the authors' do.

        Raises MissingExtra, ModelError when its weights cannot be had.
        """
        changed = dict(self.settings.get("backbone_config") or {})
        shape = Shape(**{"decoder": 256, **changed})
        network = AscFormer(
            shape,
            int(self.settings.get("quality", 80)),
            int(self.settings.get("memory", 256)),
            float(self.settings.get("gate", 0.0)),
            int(self.settings.get("stride", 4)),
            int(self.settings.get("joins", 1)),
            bool(self.settings.get("before", True)),
        )
        if not pretrained:
            return network
        if changed:
            raise ModelError("SegFormer has no weights for streams of other sizes.")
        stages = pretrained_stages(shape, "ASCFormer")
        network.rgb.load_state_dict(stages)
        inner = {name: value for name, value in stages.items() if "embed" not in name}
        network.hub.load_state_dict({**network.hub.state_dict(), **inner})
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of pixels and ``contrast_weight`` × the contrast of places."""
        outputs = self.run(network, batch)
        target = known_target(batch)
        weight = float(self.settings.get("edited_weight", 1.0))
        pixels = pixel_loss(outputs["mask"], target, weight)
        if "features" not in outputs:
            return pixels, {"pixels": pixels.item()}
        taken, left = drawn(outputs["features"], target, int(self.settings.get("points", 1024)))
        numbers = network.kept_number.tolist()  # type: ignore[operator]
        kept = [network.kept[side, : numbers[side]].clone() for side in (0, 1)]  # type: ignore[index]
        apart = contrast(taken, kept, int(self.settings.get("least", 512)))
        self._keep(network, taken, left)
        loss = pixels + float(self.settings.get("contrast_weight", 0.05)) * apart
        return loss, {"pixels": pixels.item(), "contrast": apart.item()}

    def _keep(self, network: nn.Module, taken: list[Tensor], left: list[Tensor]) -> None:
        """What the next step's contrast sees of this one."""
        kept, number = network.kept, network.kept_number
        assert isinstance(kept, Tensor)
        assert isinstance(number, Tensor)
        for side in (0, 1):
            one = remembered(taken[side], left[side], kept.shape[1])
            kept[side, : len(one)] = one
            number[side] = len(one)

    def measured(self, outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        """``pixel_f1`` of pictures whose mask is known."""
        return measured_f1(outputs, batch)

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """A checkpoint of the authors' program. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "rtm", _KEPT)

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise with an edited square in every second picture."""
        return masked_noise_batch("picture", self.crop, batch, seed)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Whole pictures; in training parts of ``crop`` pixels that keep the grid of the save.

        Raises DataError when no picture to train on has a mask.
        """
        from unmask.datasets.samples import Prepared, require_masks

        part = manifest.select(split=split)
        if split != "train":
            return Prepared(part, self.card.inputs, recipe, train=False)
        require_masks(part, "rtm")
        return Crops(Prepared(part, self.card.inputs, recipe, train=True), self.crop, recipe.seed)
