"""The laundering detector as the research wing sees it (Mandelli et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.sd_laundering.convert import from_official
from unmask.detectors.image.sd_laundering.model import BACKBONE, Laundering
from unmask.detectors.image.sd_laundering.patches import SIDE
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

LAUNDERED = ("laundered",)


class LaunderingMethod(Method):
    """Two networks: real against synthetic, and of the synthetic generated against laundered.

    A *laundered* picture is a photo that went through Stable Diffusion's autoencoder: synthetic by
    its traces, real by what it shows.

    ``settings``: ``patches`` (how many are looked at), ``kept`` (share of the highest that count),
    ``laundered`` (generators of the manifest that mean laundered), ``backbone`` (another
    EfficientNet of timm's), ``side`` (of the example).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "backbone": "test_efficientnet",
        "patches": 4,
        "side": 112,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """Both networks. Raises MissingExtra or ModelError when their weights cannot be had."""
        return Laundering(
            pretrained,
            str(self.settings.get("backbone", BACKBONE)),
            int(self.settings.get("patches", 200)),
            float(self.settings.get("kept", 0.75)),
        )

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy of patches: the first network on all, the second on the synthetic."""
        patches = batch["picture"][..., :SIDE, :SIDE]
        first, second = cast(Laundering, network).patch_scores(patches)
        synthetic = batch["label"].round().long()
        origin = F.cross_entropy(first, synthetic)
        each = F.cross_entropy(second, batch["laundered"].long(), reduction="none")
        laundered = (each * synthetic).sum() / synthetic.sum().clamp(min=1)
        return origin + laundered, {"synthetic": origin.item(), "laundered": laundered.item()}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' two files as one (see the README). Raises ModelError when one is missing."""
        return fitted(self.network(), from_official(checkpoint), "sd_laundering")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise; real and synthetic in turn, every second synthetic one laundered."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", 2 * SIDE))
        place = torch.arange(batch)
        return {
            "picture": torch.rand((batch, 3, side, side), generator=rng) * 255,
            "label": (place % 2).float(),
            "laundered": place // 2 % 2,
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Whole pictures; in training one random patch of each."""
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        if split != "train":
            return Prepared(part, self.card.inputs, recipe, train=False)
        patch = {"shape": ["batch", 3, SIDE, SIDE], "fit": "crop"}
        inputs = [self.card.inputs[0].model_copy(update=patch)]
        return Prepared(part, inputs, recipe, train=True, targets=self.targets)

    def targets(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        """``laundered``: 1 for a photo that went through the autoencoder."""
        names = self.settings.get("laundered", LAUNDERED)
        return {"laundered": np.array(int(item.generator in names), np.int64)}
