"""OmniFD as the research wing sees it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.data import Dataset

from unmask.analyzers.guesses import surest
from unmask.detectors.video.omnifd.convert import from_official
from unmask.detectors.video.omnifd.loss import along_time
from unmask.detectors.video.omnifd.model import FRAMES, SIDE, OmniFD
from unmask.errors import DataError, ModelError
from unmask.train.method import Batch, Method, Outputs, fitted

if TYPE_CHECKING:
    from unmask.datasets.manifest import Manifest
    from unmask.train.recipe import Recipe

_SIZES = (
    "width", "depths", "heads", "known", "latents", "places", "drop_path", "readings", "levels",
)  # fmt: skip
_PICTURES, _MOST = 16, 100


class OmniFDMethod(Method):
    """Liu, Chen, Pan, Hu, Zhao and Li 2025, "OmniFD: A Unified Model for Versatile Face Forgery
    Detection".

    ``settings``: ``pictures`` (beside each clip in training), ``video`` (weight of the losses of
    clips), ``width``, ``depths``, ``heads``, ``known``, ``latents``, ``places``, ``drop_path``,
    ``readings`` and ``levels`` of the network, ``side`` (of the example).
    """

    small: ClassVar[Mapping[str, Any]] = {
        "width": 8,
        "depths": (1, 0),
        "heads": (1, 2),
        "known": 32,
        "latents": 4,
        "places": 8,
        "drop_path": 0.0,
        "readings": 1,
        "levels": 2,
        "side": 16,
    }

    def network(self, pretrained: bool = False) -> nn.Module:
        """A fresh network. Raises ModelError for a start from weights, which is not read here.

        The authors start from Omnivore's weights, in a format of their own.
        """
        if pretrained:
            raise ModelError(
                "Omnivore's weights, which OmniFD starts from, are not read here; set "
                'init = "random", or the path of a checkpoint of OmniFD.'
            )
        return OmniFD(**{name: self.settings[name] for name in _SIZES if name in self.settings})

    def loss(self, network: nn.Module, batch: Batch) -> tuple[Tensor, dict[str, float]]:
        """Clips: whether and when; pictures, where the batch has them: whether and where."""
        omni = cast(OmniFD, network)
        clips = omni.of_clips(batch["frames"])
        weight = float(self.settings.get("video", 0.25))
        label = batch["label"].to(clips["logit"].dtype)
        parts = {"video": weight * F.binary_cross_entropy_with_logits(clips["logit"], label)}
        running = omni.normaliser if network.training else None
        told, reached = along_time(clips["chances"], clips["reaches"], self._steps(batch), running)
        parts |= {"when": weight * told, "ends": weight * reached}
        if "pictures" in batch:
            parts |= self._pictures(omni, batch)
        total = torch.stack(list(parts.values())).sum()
        return total, {name: float(value.detach()) for name, value in parts.items()}

    def _pictures(self, omni: OmniFD, batch: Batch) -> dict[str, Tensor]:
        seen = omni.of_pictures(batch["pictures"].flatten(0, 1))
        label = batch["picture_label"].flatten().to(seen["logit"].dtype)
        mask = batch["picture_mask"].flatten(0, 1).float()
        size = mask.shape[-2:]
        wide = F.interpolate(seen["places"][:, None], size=size, mode="bilinear")[:, 0]
        each = F.binary_cross_entropy_with_logits(wide, mask, reduction="none").mean((1, 2))
        known = batch["picture_masked"].flatten()
        return {
            "picture": F.binary_cross_entropy_with_logits(seen["logit"], label),
            "where": (each * known).sum() / known.sum().clamp(min=1),
        }

    @property
    def _step(self) -> float:
        return self.card.inputs[0].step

    def _steps(self, batch: Batch) -> list[Tensor]:
        """Forged stretches of each clip in steps; where none are known it is forged throughout."""
        if "segments" not in batch:
            whole = torch.tensor([[0.0, float(FRAMES)]], device=batch["label"].device)
            return [whole if label > 0 else whole[:0] for label in batch["label"]]
        return [rows[rows[:, 1] > rows[:, 0]] / self._step for rows in batch["segments"]]

    def completed(self, outputs: Outputs, batch: Batch) -> Outputs:
        """The outputs, and ``proposals`` (B, 100, 3): confidence, start and end in seconds."""
        scale = torch.tensor([1.0, self._step, self._step])
        longest = FRAMES * self._step
        said = outputs["times"].float().cpu().numpy()
        rows = torch.stack([torch.from_numpy(surest(one, _MOST)) for one in said]) * scale
        rows[..., 1:] = rows[..., 1:].clamp(0, longest)
        return {**outputs, "proposals": rows}

    def convert(self, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The authors' unified detector. Raises ModelError when it does not fit."""
        network = self.network()
        tables = {n: v for n, v in network.state_dict().items() if n.endswith("position_index")}
        return fitted(network, tables | from_official(checkpoint), "OmniFD")

    def example(self, batch: int = 2, seed: int = 0) -> Batch:
        """Noise: every second clip is forged in its first half, every second picture in part."""
        rng = torch.Generator().manual_seed(seed)
        side = int(self.settings.get("side", SIDE))
        label = (torch.arange(batch) % 2).float()
        half = FRAMES * self._step / 2
        mask = torch.zeros(batch, 2, side, side)
        mask[:, 1, : side // 2, : side // 2] = 1
        return {
            "frames": torch.rand((batch, FRAMES, 3, side, side), generator=rng) * 255,
            "label": label,
            "segments": torch.where(label[:, None, None] > 0, torch.tensor([[0.0, half]]), -1.0),
            "pictures": torch.rand((batch, 2, 3, side, side), generator=rng) * 255,
            "picture_label": torch.tensor([0.0, 1.0]).expand(batch, 2),
            "picture_mask": mask,
            "picture_masked": torch.ones(batch, 2),
        }

    def samples(self, manifest: Manifest, split: str, recipe: Recipe) -> Dataset[Batch]:
        """Clips; in training with pictures beside them, where the manifest has both.

        Raises DataError when it has no videos.
        """
        from unmask.datasets.samples import Prepared
        from unmask.detectors.video.omnifd.sampling import Beside

        part = manifest.select(split=split)
        videos = part.where(lambda item: item.kind == "video")
        stills = part.where(lambda item: item.kind == "image")
        if not videos.items:
            raise DataError(
                f"The split {split!r} has no videos. OmniFD learns from videos, and from pictures "
                "beside them."
            )
        train = split == "train"
        clips = Prepared(videos, self.card.inputs, recipe, train)
        count = int(self.settings.get("pictures", _PICTURES))
        if not train or not stills.items or not count:
            return clips
        shape = ["batch", *self.card.inputs[0].shape[2:]]
        one = {"name": "picture", "take": "face", "shape": shape, "step": 0.0}
        inputs = [self.card.inputs[0].model_copy(update=one)]
        more = recipe.model_copy(update={"samples": recipe.samples * count})
        return Beside(clips, Prepared(stills, inputs, more, train), count)
