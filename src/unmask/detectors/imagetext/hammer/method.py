"""HAMMER as the research wing sees it (Shao et al. 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.imagetext.hammer.convert import renamed
from unmask.detectors.imagetext.hammer.loss import IGNORED, total_loss
from unmask.detectors.imagetext.hammer.model import Hammer, Shape
from unmask.detectors.imagetext.hammer.words import VOCABULARY, Words
from unmask.errors import ModelError
from unmask.train.method import Batch, Method, fitted, read_checkpoint

if TYPE_CHECKING:
    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

TYPES = ("face_swap", "face_attribute", "text_swap", "text_attribute")
"""What the four outputs of ``types`` stand for, and the names in a manifest."""
WEIGHTS = {
    "contrast": 0.1,
    "match": 1.0,
    "types": 1.0,
    "box": 0.1,
    "overlap": 0.1,
    "tokens": 1.0,
}
"""The authors' train.yaml."""


class HammerMethod(Method):
    """HAMMER.

    ``settings``: ``albef`` (path of ALBEF_4M.pth, needed for a pre-trained start), ``vocabulary``
    (path of a vocab.txt of BERT or its name on the hub), ``weights`` (of the parts of the loss),
    ``momentum``, ``share`` (of targets that come from the momentum twin) and ``ramp`` (samples over
    which it grows from 0), ``backbone_config`` (fields of ``Shape``, for small networks).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "backbone_config": {
            "side": 32,
            "tokens": 9,
            "width": 24,
            "heads": 2,
            "layers": 2,
            "alone": 1,
            "picture_layers": 1,
            "vocabulary": 40,
            "common": 8,
            "queue": 12,
        }
    }

    judged_as_trained = True

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.shape = Shape(**(self.settings.get("backbone_config") or {}))

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. ``pretrained``: both encoders as ALBEF has them, as the paper starts.

        Raises ModelError, DataError when ALBEF's checkpoint is not there or does not fit.
        """
        if not pretrained:
            return Hammer(self.shape)
        if not (path := self.settings.get("albef")):
            raise ModelError(
                "The setting 'albef' must name ALBEF_4M.pth, which HAMMER starts from (see the "
                "README); without it set init = 'random'."
            )
        theirs = renamed(read_checkpoint(Path(path)))
        network = Hammer(self.shape)
        ours = network.encoders.state_dict()
        new = {name: value for name, value in ours.items() if name.startswith("tokens.")}
        known = {
            name: theirs[f"encoders.{name}"]
            for name in ours
            if f"encoders.{name}" in theirs and name not in new
        }
        state = fitted(network.encoders, known, "ALBEF in hammer", ("tokens.",))
        network.encoders.load_state_dict({**state, **new})
        network.momentum.load_state_dict(network.encoders.state_dict())
        return network

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Contrast, match, types, box, overlap and tokens."""
        hammer = cast(Hammer, network)
        ramp = float(self.settings.get("ramp", 0))
        grown = min(1.0, hammer.steps.item() / ramp) if ramp else 1.0
        return total_loss(
            hammer,
            batch,
            {**WEIGHTS, **self.settings.get("weights", {})},
            float(self.settings.get("share", 0.4)) * grown,
            float(self.settings.get("momentum", 0.995)),
        )

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint under our names. Raises ModelError when it does not fit."""
        return fitted(self.network(), renamed(checkpoint), "hammer", ("steps",))

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise and made-up tokens; every second pair has a swapped face and two forged words."""
        rng = torch.Generator().manual_seed(seed)
        side, length = self.shape.side, self.shape.tokens
        text = torch.randint(3, self.shape.vocabulary, (batch, length), generator=rng)
        text[:, length - 2 :] = 0
        label = (torch.arange(batch) % 2).float()
        tokens = torch.zeros(batch, length, dtype=torch.long)
        tokens[1::2, 1:3] = 1
        tokens[:, 0] = IGNORED
        tokens[:, length - 2 :] = IGNORED
        return {
            "picture": torch.rand(batch, 3, side, side, generator=rng) * 255,
            "text": text,
            "label": label,
            "types": label[:, None] * torch.tensor([1.0, 0.0, 0.0, 1.0]),
            "box": label[:, None] * torch.tensor([0.5, 0.4, 0.3, 0.2]),
            "tokens": tokens,
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Pictures with their captions as tokens, and what was forged in both."""
        from unmask.datasets.samples import Prepared

        words = Words(str(self.settings.get("vocabulary") or VOCABULARY))

        def targets(item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
            text, tags = words(item.text, item.tokens, self.shape.tokens)
            boxed = item.box and loaded.view is not None
            return {
                "text": text,
                "tokens": tags,
                "types": np.array([name in item.types for name in TYPES], np.float32),
                "box": loaded.view.target(item.box)
                if boxed and loaded.view is not None
                else np.zeros(4, np.float32),
            }

        part = manifest.select(split=split)
        return Prepared(part, self.card.inputs, recipe, train=split == "train", targets=targets)
