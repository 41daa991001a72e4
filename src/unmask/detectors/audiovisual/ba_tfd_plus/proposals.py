"""From a boundary map to forged stretches in seconds (Bodla et al. 2017, "Soft-NMS")."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.detectors.audiovisual.ba_tfd_plus.model import FPS

MOST = 101


@dataclass(frozen=True, slots=True)
class Proposal:
    """A stretch from ``start`` to ``end`` in seconds, and how sure it is forged, 0…1."""

    score: float
    start: float
    end: float


def proposals(
    map_: NDArray[np.floating],
    frames: int,
    alpha: float = 0.7234,
    low: float = 0.1968,
    high: float = 0.4123,
    most: int = MOST,
) -> list[Proposal]:
    """Stretches of a map (D, T) of one video, the surest first.

    ``frames``: frames of the video. A stretch that overlaps a surer one of w seconds by more than
    ``low`` + (``high`` - ``low``) · w loses by exp(-overlap² / ``alpha``). The last one left is
    never given, as in the authors' program. The values are those of their configuration.
    """
    durations, places = map_.shape
    length, begin = np.mgrid[:durations, :places]
    kept = (length > 0) & (begin + length <= frames)
    start, end = begin[kept] / FPS, (begin + length)[kept] / FPS
    score = map_[kept].astype(np.float64)
    alive = np.ones(len(score), bool)
    found: list[Proposal] = []
    while alive.sum() > 1 and len(found) < most:
        best = int(np.argmax(np.where(alive, score, -np.inf)))
        found.append(Proposal(float(score[best]), float(start[best]), float(end[best])))
        alive[best] = False
        common = np.minimum(end, end[best]) - np.maximum(start, start[best])
        common = common.clip(0)
        width = end[best] - start[best]
        overlap = common / (end - start + width - common)
        loses = alive & (overlap > low + (high - low) * width)
        score[loses] *= np.exp(-np.square(overlap[loses]) / alpha)
    return sorted(found, key=lambda one: -one.score)
