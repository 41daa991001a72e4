"""From moments and edges to forged stretches in seconds (Bodla et al. 2017, "Soft-NMS")."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unmask.detectors.audiovisual.ba_tfd_plus.proposals import MOST, Proposal
from unmask.detectors.audiovisual.dimodif.model import FPS

_SPREAD = 0.5


def proposals(
    chances: NDArray[np.floating], edges: NDArray[np.floating], most: int = MOST
) -> list[Proposal]:
    """The stretch around each moment, surest first; what overlaps a surer one loses.

    ``chances`` (T): 0…1; ``edges`` (T, 2): moments back to the start and on to the end.
    """
    middle = np.arange(len(chances)) + 0.5
    start = (middle - edges[:, 0]).clip(0)
    end = (middle + edges[:, 1]).clip(max=len(chances))
    score = chances.astype(np.float64)
    alive = np.ones(len(score), bool)
    found = []
    for _ in range(min(most, len(score))):
        best = int(np.argmax(np.where(alive, score, -np.inf)))
        found.append(Proposal(float(score[best]), float(start[best] / FPS), float(end[best] / FPS)))
        alive[best] = False
        common = (np.minimum(end, end[best]) - np.maximum(start, start[best])).clip(0)
        union = (end - start) + (end[best] - start[best]) - common
        score = score * np.exp(-np.square(common / np.maximum(union, 1e-6)) / _SPREAD)
    return sorted(found, key=lambda one: -one.score)
