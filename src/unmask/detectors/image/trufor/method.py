"""TruFor as the research wing sees it (Guillaro et al. 2023)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.trufor.convert import renamed
from unmask.detectors.image.trufor.loss import (
    confidence_loss,
    detection_loss,
    localisation_loss,
)
from unmask.detectors.image.trufor.model import PHASES, TruFor
from unmask.errors import MissingExtra, ModelError, UnknownName
from unmask.nn.mix_transformer import Shape
from unmask.nn.noiseprint import LAYERS
from unmask.nn.segformer_names import stages_of_segformer
from unmask.train.backbones import transformers_model
from unmask.train.made_batches import masked_noise_batch
from unmask.train.masks import measured_f1, with_masks
from unmask.train.method import Batch, Method, fitted, read_checkpoint

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

SEGFORMER = "nvidia/mit-b2"
CROP = 512
"""Side in pixels of what training sees."""


def pretrained_stages(shape: Shape, whose: str) -> dict[str, Tensor]:
    """The stages of SegFormer with its ImageNet weights, under our names.

    ``whose`` method asks. Raises MissingExtra, ModelError when they cannot be had.
    """
    try:
        from transformers import SegformerConfig
    except ImportError:
        raise MissingExtra(f"{whose}'s encoder", "train") from None
    config = SegformerConfig(hidden_sizes=list(shape.widths), depths=list(shape.depths))
    return stages_of_segformer(transformers_model("SegformerModel", SEGFORMER, config).state_dict())


class TruForMethod(Method):
    """TruFor. A phase of training is a setting, as each has its own loss and freezes other parts.

    ``settings``: ``phase`` (localisation, or detection, the last), ``noiseprint`` (path of the
    authors' noiseprint++.th, needed for a pre-trained start), ``class_weights`` (of real and forged
    pixels), ``detection_weight`` and ``forged_share`` (of the detection loss), ``crop`` (side in
    pixels), ``backbone_config`` (fields of ``Shape``), ``second_depths`` (blocks of each stage of
    the second stream) and ``noiseprint_layers`` (all for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "crop": 64,
        "backbone_config": {
            "widths": (16,),
            "depths": (1,),
            "heads": (2,),
            "reductions": (8,),
            "decoder": 24,
        },
        "noiseprint_layers": 3,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.phase = str(self.settings.get("phase") or "detection")
        if self.phase not in PHASES:
            raise UnknownName("phase", self.phase, PHASES)
        self.crop = int(self.settings.get("crop") or CROP)
        self.layers = int(self.settings.get("noiseprint_layers") or LAYERS)
        self.second_depths: Sequence[int] | None = self.settings.get("second_depths")

    def network(self, pretrained: bool = False) -> nn.Module:
        """The network of a phase. ``pretrained``: both streams from SegFormer, and Noiseprint++.

        Raises MissingExtra, ModelError, DataError when one of the two cannot be had.
        """
        changed = dict(self.settings.get("backbone_config") or {})
        if not pretrained:
            return TruFor(Shape(**changed), self.phase, self.layers, self.second_depths)
        if changed or self.phase != "localisation":
            raise ModelError(
                "Only the localisation of the whole network starts from pre-trained parts; for the "
                "phase 'detection' set init in the recipe to the checkpoint of the localisation."
            )
        if not (path := self.settings.get("noiseprint")):
            raise ModelError(
                "The setting 'noiseprint' must name the authors' noiseprint++.th (see the README)."
            )
        fingerprint = read_checkpoint(Path(path))
        shape = Shape()
        stages = pretrained_stages(shape, "TruFor")
        network = TruFor(shape, self.phase)
        network.noiseprint.load_state_dict(fingerprint.get("network", fingerprint))
        network.rgb.load_state_dict(stages)
        network.noise.load_state_dict(stages)
        return network

    mask_loss: ClassVar[Callable[..., Tensor]] = staticmethod(localisation_loss)
    """The loss of the map; a sibling has its own."""
    certainty_loss: ClassVar[Callable[..., Tensor]] = staticmethod(confidence_loss)
    """The loss of the confidence; a sibling has its own."""

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """The loss of the phase. Forged pictures without a mask count for detection only."""
        outputs = self.run(network, batch)
        mask, target = outputs["mask"], batch["mask"]
        known = with_masks(batch)[:, None, None]
        known = known.expand_as(target)
        if self.phase == "localisation":
            real, forged = self.settings.get("class_weights", (0.5, 2.5))
            loss = self.mask_loss(mask, target, known, (real, forged))
            return loss, {"localisation": loss.item()}
        confidence = self.certainty_loss(outputs["confidence"], mask, target, known)
        detection = self.detection_loss(outputs["logit"], batch["label"])
        loss = confidence + float(self.settings.get("detection_weight", 0.5)) * detection
        return loss, {"confidence": confidence.item(), "detection": detection.item()}

    def detection_loss(self, logit: Tensor, label: Tensor) -> Tensor:
        """The loss of the score: classes weighed by the share of forged pictures (``settings``)."""
        return detection_loss(logit, label, float(self.settings.get("forged_share", 0.7)))

    @property
    def selects(self) -> str:  # type: ignore[override]
        """What the authors' configuration of a phase watches on validation."""
        return "pixel_f1" if self.phase == "localisation" else "balanced_accuracy"

    def measured(self, outputs: dict[str, Tensor], batch: Batch) -> dict[str, Tensor]:
        """``pixel_f1`` of pictures whose mask is known."""
        return measured_f1(outputs, batch)

    def score(self, outputs: dict[str, Tensor]) -> Tensor:
        """The integrity score; while only localisation is trained, the mask's highest value."""
        if self.phase == "localisation":
            return outputs["mask"].flatten(1).amax(1)
        return outputs["logit"]

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """trufor.pth.tar, or a checkpoint of the authors' second phase, under our names.

        The second phase has neither confidence nor detection head; ours stay as they start then.
        Raises ModelError when it does not fit.
        """
        theirs = renamed(checkpoint)
        whole = any(name.startswith("detect.") for name in theirs)
        return fitted(self.network(), theirs, "trufor", () if whole else _LATER)

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise with a forged square in every second picture."""
        return masked_noise_batch("picture", self.crop, batch, seed)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Whole pictures; in training a random part of ``crop`` pixels, labelled by its mask.

        Raises DataError when no picture to train on has a mask.
        """
        from unmask.datasets.samples import Prepared, require_masks

        part = manifest.select(split=split)
        if split != "train":
            return Prepared(part, self.card.inputs, recipe, train=False)
        require_masks(part, self.card.name)
        side = {"shape": ["batch", 3, self.crop, self.crop], "fit": "crop"}
        inputs = [self.card.inputs[0].model_copy(update=side)]
        return Relabelled(Prepared(part, inputs, recipe, train=True), recipe.samples)


_LATER = ("confidence_head.", "detect.")


class Relabelled(Dataset[Batch]):
    """A part of a forged picture that shows none of the forgery counts as real."""

    def __init__(self, base: Dataset[Batch], length: int) -> None:
        self.base = base
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> Batch:
        item = dict(self.base[index])
        if "masked" in item and bool(item["masked"]):
            item["label"] = (item["mask"].count_nonzero() > 3).float()
        return item
