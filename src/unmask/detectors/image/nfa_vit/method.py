"""NFA-ViT as the research wing sees it (Cai et al. 2026)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.nfa_vit.convert import renamed
from unmask.detectors.image.nfa_vit.loss import pixels_and_picture
from unmask.detectors.image.nfa_vit.model import B0, B2, NfaVit
from unmask.errors import MissingExtra, ModelError
from unmask.nn.mix_transformer import Shape
from unmask.nn.noiseprint import LAYERS
from unmask.nn.segformer_names import stages_of_segformer
from unmask.train.backbones import transformers_model
from unmask.train.made_batches import masked_noise_batch
from unmask.train.masks import with_masks
from unmask.train.method import Batch, Method, fitted, read_checkpoint

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

SIDE = 512
_STARTS = {"noise": ("nvidia/mit-b0", B0), "rgb": ("nvidia/mit-b2", B2)}


class NfaVitMethod(Method):
    """NFA-ViT.

    ``settings``: ``picture_weight`` (of the whole pictures' part of the loss), ``noiseprint`` (path
    of the authors' noiseprint.pth, needed for a pre-trained start), ``side`` (in pixels, a multiple
    of 32 and 64 at least), ``noise_config`` and ``picture_config`` (fields of TruFor's ``Shape``)
    and ``noiseprint_layers`` (for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "side": 64,
        "noise_config": {
            "widths": (8, 16),
            "depths": (1, 1),
            "heads": (1, 2),
            "reductions": (4, 1),
        },
        "picture_config": {
            "widths": (16, 32),
            "depths": (2, 1),
            "heads": (1, 2),
            "reductions": (4, 1),
            "decoder": 24,
        },
        "noiseprint_layers": 3,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.side = int(self.settings.get("side") or SIDE)
        if self.side % 32 or self.side < 64:
            raise ModelError(
                f"The setting 'side' is {self.side}; NFA-ViT takes a multiple of 32, 64 at least."
            )

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. ``pretrained``: both streams from SegFormer, and Noiseprint++.

        Raises MissingExtra, ModelError, DataError when one of them cannot be had.
        """
        noise, picture = (
            dict(self.settings.get(name) or {}) for name in ("noise_config", "picture_config")
        )
        layers = int(self.settings.get("noiseprint_layers") or LAYERS)
        network = NfaVit(
            Shape(**noise) if noise else B0, Shape(**picture) if picture else B2, layers
        )
        if not pretrained:
            return network
        if noise or picture:
            raise ModelError("SegFormer has no weights for streams of other sizes.")
        if not (path := self.settings.get("noiseprint")):
            raise ModelError(
                "The setting 'noiseprint' must name the authors' noiseprint.pth (see the README)."
            )
        fingerprint = read_checkpoint(Path(path))
        network.noiseprint.load_state_dict(fingerprint.get("network", fingerprint))
        try:
            from transformers import SegformerConfig
        except ImportError:
            raise MissingExtra("NFA-ViT's streams", "train") from None
        for part, (name, shape) in _STARTS.items():
            config = SegformerConfig(hidden_sizes=list(shape.widths), depths=list(shape.depths))
            theirs = transformers_model("SegformerModel", name, config).state_dict()
            stages = from_segformer(theirs, noise=part == "noise")
            network.get_submodule(part).load_state_dict(stages)
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of pixels and .5 × of pictures. Without a mask only the picture counts."""
        outputs = self.run(network, batch)
        target = batch["mask"]
        known = with_masks(batch)[:, None, None]
        weight = float(self.settings.get("picture_weight", 0.5))
        loss, pixels, picture = pixels_and_picture(
            outputs["mask"],
            target,
            known.expand_as(target),
            outputs["logit"],
            batch["label"],
            weight,
        )
        return loss, {"pixels": pixels.item(), "picture": picture.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint of BR-Gen. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "nfa_vit")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise with a forged square in every second picture."""
        return masked_noise_batch("picture", self.side, batch, seed)

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Whole pictures at ``side``. Raises DataError when none to train on has a mask."""
        from unmask.datasets.samples import Prepared, require_masks

        part = manifest.select(split=split)
        if split == "train":
            require_masks(part, "NFA-ViT")
        shape = {"shape": ["batch", 3, self.side, self.side]}
        inputs = [self.card.inputs[0].model_copy(update=shape)]
        return Prepared(part, inputs, recipe, train=split == "train")


def from_segformer(state: Mapping[str, Tensor], noise: bool) -> dict[str, Tensor]:
    """SegFormer's encoder (transformers) as one of the streams.

    The noise stream takes the mean over the first layer's colours, and has no norm before its
    attention.
    """
    stages = stages_of_segformer(state)
    if not noise:
        return stages
    stages["0.embed.weight"] = stages["0.embed.weight"].mean(1, keepdim=True)
    return {name: value for name, value in stages.items() if ".norm1." not in name}
