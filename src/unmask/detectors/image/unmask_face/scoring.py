"""Looks at faces as the analyzer takes them, and the network's scores of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.detectors.image.unmask_face.model import MARGINS, SIZE
from unmask.errors import DataError
from unmask.faces.views import views
from unmask.forge.clip import filmed
from unmask.runtime.session import open_session
from unmask.types import Box, Pixels

Looks = NDArray[np.uint8]
"""Looks at one face: number × size × size × 3."""


def crop(pixels: Pixels, box: Box) -> Looks:
    """All looks at a face of a still picture."""
    return np.stack([view.take(pixels, box, SIZE) for view in views(MARGINS)])


def in_turn(frames: Sequence[Pixels], boxes: Sequence[Box]) -> Looks:
    """The looks at a face of a video: one a frame, in turn."""
    seen = zip(cycle(views(MARGINS)), frames, boxes, strict=False)
    return np.stack([view.take(frame, box, SIZE) for view, frame, box in seen])


def film(pixels: Pixels, box: Box, seed: list[int]) -> Looks:
    """The looks at a still picture that a swaying camera films."""
    return in_turn(*filmed(pixels, box, np.random.default_rng(seed)))


class Scorer:
    """Runs an ONNX file over faces."""

    def __init__(self, onnx: Path) -> None:
        if not onnx.exists():
            raise DataError(f"There are no weights at {onnx}. Train first, or give --weights.")
        self._session = open_session(onnx)

    def __call__(self, faces: Sequence[Looks]) -> list[float]:
        """Mean logits of faces over their looks."""
        batch = np.concatenate(faces).transpose(0, 3, 1, 2).astype(np.float32)
        logits = self._session.run(["logit"], {"face": batch})[0]
        return [float(v) for v in np.reshape(logits, (len(faces), -1)).mean(1)]
