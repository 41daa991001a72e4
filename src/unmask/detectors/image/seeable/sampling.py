"""Training of SeeABLE: every real face with the same kind of change in two views."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from unmask.datasets.real_faces import RealFaces, around, jittered, mirrored
from unmask.detectors.image.seeable.discrepancy import KINDS, discrepant
from unmask.detectors.image.seeable.model import SIZE
from unmask.faces.crop import crop, square
from unmask.train.method import Batch
from unmask.types import Face, Pixels

MARGIN = 1.25
"""Side of the crop as a multiple of the face box, in evaluation; the card repeats it."""
_JITTER, _CONTEXT, _FINEST = 0.05, 2.2, 2 * SIZE


def _tensor(pixels: Pixels) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1)))


class Discrepant(RealFaces):
    """Real faces with a change each: ``face`` and ``second`` (two draws of it), ``kind``,
    ``label`` 1.
    """

    def made(self, pixels: Pixels, face: Face, rng: np.random.Generator) -> list[Batch]:
        """One entry, mirrored half the time, its margins varied for each view."""
        portrait, box = around(pixels, face, _CONTEXT, _FINEST)
        if rng.random() < 0.5:
            portrait, box = mirrored(portrait, box)
        kind = int(rng.integers(KINDS))
        views = []
        for _ in range(2):
            region = jittered(square(box, MARGIN), rng.uniform(-_JITTER, _JITTER, 4))
            views.append(_tensor(crop(discrepant(portrait, kind, rng)[0], region, SIZE)))
        return [
            {
                "face": views[0],
                "second": views[1],
                "kind": torch.tensor(kind),
                "label": torch.tensor(1.0),
            }
        ]


class RealAndDiscrepant(RealFaces):
    """Validation without a forged face: every real one as it is, and with a change."""

    each = 2

    def made(self, pixels: Pixels, face: Face, rng: np.random.Generator) -> list[Batch]:
        """``face`` and ``label``, 0 and 1."""
        portrait, box = around(pixels, face, _CONTEXT, _FINEST)
        region = square(box, MARGIN)
        changed, _ = discrepant(portrait, int(rng.integers(KINDS)), rng)
        return [
            {"face": _tensor(crop(part, region, SIZE)), "label": torch.tensor(float(label))}
            for label, part in enumerate((portrait.pixels, changed))
        ]
