"""OmniAID as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.detectors.image.omniaid.convert import from_official
from unmask.detectors.image.omniaid.experts import balance
from unmask.detectors.image.omniaid.model import BASE, OmniAid
from unmask.errors import DataError, UnknownName
from unmask.nn.towers import CLIPS, TINY
from unmask.train.method import Batch, Method, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Item, Manifest
    from unmask.datasets.reading import Loaded
    from unmask.train.recipe import Recipe

STAGES = ("experts", "router")
SETS: Mapping[str, Mapping[str, Any]] = {
    "mirage": {
        "experts": ("human", "animal", "object", "scene", "anime", "artefact"),
        "rank": 8,
        "hidden": 256,
        "top": 2,
        "orthogonality": 0.001,
        "evenness": 0.001,
    },
    "genimage": {
        "experts": ("content-1", "content-2", "artefact"),
        "rank": 4,
        "hidden": 64,
        "top": 1,
        "orthogonality": 0.01,
        "evenness": 0.1,
    },
}
"""What the authors' two configurations set, by variant; the names of experts are the house's."""


class OmniAidMethod(Method):
    """Guo et al. 2025, "OmniAID: Decoupling Semantic and Artifacts for Universal AI-Generated Image
    Detection in the Wild".

    ``settings``: ``stage`` (experts: one of them is trained by itself; router: which of them
    count), ``active`` (the expert of the first stage), ``experts``, ``rank``, ``hidden``, ``top``,
    ``orthogonality``, ``evenness`` and ``routing`` (weights of the losses), ``smoothing`` (of the
    labels), ``backbone_config``
    (values of CLIP's configuration to change; such a CLIP has no published weights).
    """

    variants = ("mirage", "genimage")
    small: ClassVar[Mapping[str, Any]] = {
        "experts": ("human", "scene", "artefact"),
        "rank": 2,
        "hidden": 8,
        "top": 1,
        "stage": "experts",
        "active": "human",
        "backbone_config": TINY,
    }

    def __init__(self, settings: Mapping[str, Any] | None = None) -> None:
        super().__init__(settings)
        self.all = {**SETS[self.variant], **self.settings}
        self.experts = tuple(self.all["experts"])
        self.stage = str(self.all.get("stage") or STAGES[1])
        if self.stage not in STAGES:
            raise UnknownName("stage", self.stage, STAGES)
        self.active = str(self.all.get("active") or self.experts[0])
        if self.active not in self.experts:
            raise UnknownName("expert", self.active, self.experts)

    def network(self, pretrained: bool = False) -> nn.Module:
        """Two CLIP ViT-L/14 at 336 pixels. Raises MissingExtra, ModelError, SettingError."""
        return OmniAid(
            self.experts,
            int(self.all["rank"]),
            int(self.all["hidden"]),
            int(self.all["top"]),
            self.experts.index(self.active) if self.stage == "experts" else None,
            pretrained,
            dict(self.all.get("backbone_config") or {}),
        )

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Cross-entropy; in stage 1 the expert's overlap, in stage 2 balance and routing."""
        outputs = self.run(network, batch)
        logit = outputs["logit"]
        smooth = float(self.all.get("smoothing", 0.1))
        target = batch["label"].to(logit) * (1 - smooth) + smooth / 2
        total = F.binary_cross_entropy_with_logits(logit, target)
        parts = {"bce": total.item()}
        if self.stage == "experts":
            overlap = self.overlap(cast(OmniAid, network))
            parts["overlap"] = overlap.item()
            return total + float(self.all["orthogonality"]) * overlap, parts
        even = balance(outputs["routes"], outputs["gates"])
        total = total + float(self.all["evenness"]) * even
        parts["balance"] = even.item()
        domain = batch.get("domain")
        if domain is not None and bool((domain >= 0).any()):
            known = domain >= 0
            routing = F.cross_entropy(outputs["routes"][known], domain[known].long())
            total = total + float(self.all.get("routing", 0.1)) * routing
            parts["routing"] = routing.item()
        return total, parts

    def overlap(self, network: OmniAid) -> Tensor:
        """Of the active expert, averaged over layers; that of artefacts is not held against those
        of content, nor they against it."""
        number = self.experts.index(self.active)
        before = [] if number == len(self.experts) - 1 else list(range(number))
        return torch.stack([layer.overlap(number, before) for layer in network.layers()]).mean()

    def described(self) -> Mapping[str, Any]:
        """The names of the experts."""
        return {"experts": list(self.experts)}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' checkpoint of either stage. Raises ModelError for another."""
        network = self.network()
        numbers = [n for n in network.state_dict() if n.endswith("position_ids")]
        return fitted(network, from_official(checkpoint), "OmniAID", numbers)

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise of the encoder's size, labels and domains that take turns."""
        side = {**CLIPS[BASE], **(self.all.get("backbone_config") or {})}["image_size"]
        rng = torch.Generator().manual_seed(seed)
        return {
            "picture": torch.rand(batch, 3, side, side, generator=rng) * 255,
            "label": (torch.arange(batch) % 2).float(),
            "domain": torch.arange(batch) % (len(self.experts) - 1),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """In stage 1 items of the active expert's domain (``family`` of the manifest), in stage 2
        all, each with its domain. Raises DataError when an expert has no item to train on."""
        from unmask.datasets.manifest import Manifest as Part
        from unmask.datasets.samples import Prepared

        part = manifest.select(split=split)
        train = split == "train"
        if self.stage == "experts" and train:
            own = tuple(item for item in part if item.family == self.active)
            if not own:
                raise DataError(
                    f"No item to train on belongs to the expert {self.active!r}: its domain stands "
                    "in the column family of the manifest."
                )
            part = Part(part.root, own, part.name)
        return Prepared(part, self.card.inputs, recipe, train=train, targets=self._domain)

    def _domain(self, item: Item, loaded: Loaded) -> dict[str, NDArray[np.generic]]:
        content = self.experts[:-1]
        known = content.index(item.family) if item.family in content else -1
        return {"domain": np.asarray(known, np.int64)}
