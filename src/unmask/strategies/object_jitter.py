"""Object jitter: objects of unforged pictures, changed a little, are the forgeries of a batch.

A part of the unforged pictures gets an object changed where it stands (exposure, size, texture,
saving) under a soft rim; its label and, where the batch has one, its mask follow. Where the batch
has ``object`` (a mask of something in the picture), that is what is changed; otherwise a piece that
follows the picture's own edges.

After the paper, whose objects come from annotated photos and whose program is not published: how
far each change goes is the house's own.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from pydantic import Field

from unmask.errors import DataError
from unmask.forge.object_jitter import jitter
from unmask.forge.shapes import SoftMask, random_mask
from unmask.strategies.base import Settings, Strategy
from unmask.train.task import Batch

CITATION = (
    "Qu, Zhong, He, Li, Jin: Webly-Supervised Image Manipulation Localization via Category-Aware "
    "Auto-Annotation. arXiv 2508.20987, 2025"
)
URL = "https://arxiv.org/abs/2508.20987"


class Jittering(Settings):
    """``share``: of the unforged pictures of a batch, how many are changed. ``strength``: how far
    (1: hardly seen). ``feather``: pixels over which the rim of a given object is softened."""

    share: float = Field(default=0.5, ge=0, le=1)
    strength: float = Field(default=1.0, gt=0, le=3)
    feather: float = Field(default=1.5, ge=0)


class ObjectJitter(Strategy[Jittering]):
    """Forgeries out of unforged pictures of a batch; forged ones are left as they are."""

    settings_type = Jittering

    def batch(self, batch: Batch) -> Batch:
        """The batch with its forgeries. Raises DataError where the method takes no picture."""
        name = next(
            (n for n in self.training.task.inputs
             if batch[n].ndim == 4 and batch[n].shape[1] == 3), None,
        )  # fmt: skip
        if name is None:
            raise DataError("object-jitter changes pictures, and the method takes none.")
        rng = np.random.default_rng(int(torch.randint(2**62, ()).item()))
        changed = {**batch, name: batch[name].clone(), "label": batch["label"].clone()}
        shown = "mask" in batch and batch["mask"].shape[-2:] == batch[name].shape[-2:]
        if shown:
            changed["mask"] = batch["mask"].clone()
            if "masked" in batch:
                changed["masked"] = batch["masked"].clone()
        for i in torch.nonzero(batch["label"] == 0).flatten().tolist():
            if rng.random() >= self.settings.share:
                continue
            pixels = np.ascontiguousarray(
                batch[name][i].permute(1, 2, 0).round().clamp(0, 255).byte().cpu().numpy()
            )
            soft = self._object(batch, i, pixels, rng)
            made = jitter(pixels, soft, rng, self.settings.strength)
            changed[name][i] = torch.from_numpy(made.pixels).permute(2, 0, 1).to(changed[name])
            changed["label"][i] = 1
            if shown:
                changed["mask"][i] = torch.from_numpy(made.mask).to(changed["mask"])
                if "masked" in batch:
                    changed["masked"][i] = 1
        return changed

    def _object(
        self, batch: Batch, place: int, pixels: np.ndarray, rng: np.random.Generator
    ) -> SoftMask:
        """The object that the batch names, softened, or a piece that follows the picture."""
        if "object" not in batch or not bool(batch["object"][place].any()):
            return random_mask(pixels, rng, high=0.2)
        hard = batch["object"][place].float().cpu().numpy()
        if not self.settings.feather:
            return np.asarray(hard, np.float32)
        return np.asarray(cv2.GaussianBlur(hard, (0, 0), self.settings.feather), np.float32)
