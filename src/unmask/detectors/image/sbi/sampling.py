"""Training pairs of SBI: a real face and the same face blended with itself."""

from __future__ import annotations

import numpy as np
import torch

from unmask.datasets.real_faces import RealFaces, around, jittered, mirrored
from unmask.detectors.image.sbi.model import SIZE
from unmask.faces.crop import crop, square
from unmask.forge.selfblend import Blended, augment, self_blended
from unmask.train.method import Batch
from unmask.types import Face, Pixels

MARGIN = 1.25
"""Side of the crop as a multiple of the face box, in evaluation; the card repeats it."""
_JITTER = 0.075  # of the side, at each edge: margins of 5 to 20 % of the box
_CONTEXT = 2.2  # side, in face boxes, of what is blended
_FINEST = 2 * SIZE  # pixels of a face box; larger ones are scaled down first


class SelfBlended(RealFaces):
    """Entries 2k and 2k + 1 are a real face and the fake made of it.

    Each has ``face`` (3 × 380 × 380, 8 bits) and ``label``. In training they are mirrored half the
    time, with margins that vary and both of a pair altered alike.
    """

    each = 2

    def made(self, pixels: Pixels, face: Face, rng: np.random.Generator) -> list[Batch]:
        """Real and fake as the network takes them."""
        portrait, box = around(pixels, face, _CONTEXT, _FINEST)
        if self.train and rng.random() < 0.5:
            portrait, box = mirrored(portrait, box)
        blended: Blended = self_blended(portrait, rng)
        region = square(box, MARGIN)
        if self.train:
            blended = augment(blended, rng)
            region = jittered(region, rng.uniform(-_JITTER, _JITTER, 4))
        pair = crop(blended.real, region, SIZE), crop(blended.fake, region, SIZE)
        return [
            {
                "face": torch.from_numpy(np.ascontiguousarray(part.transpose(2, 0, 1))),
                "label": torch.tensor(float(label)),
            }
            for label, part in enumerate(pair)
        ]
