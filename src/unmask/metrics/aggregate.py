"""From the scores of frames or parts to one score of a video or recording."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from pathlib import PurePosixPath
from typing import Literal

import numpy as np

from unmask.errors import DataError
from unmask.metrics.detection import Floats, mode_of

Mode = Literal["none", "mean-probability", "mean-logit", "max", "median", "deepfakebench-folder"]
MODES = ("none", "mean-probability", "mean-logit", "max", "median", "deepfakebench-folder")
_EDGE = 1e-12


def _mean_probability(logits: Floats) -> float:
    """The mean of the probabilities, back as a logit."""
    with np.errstate(over="ignore"):
        mean = float(np.clip(np.mean(1 / (1 + np.exp(-logits))), _EDGE, 1 - _EDGE))
    return float(np.log(mean / (1 - mean)))


_JOIN: dict[str, Callable[[Floats], float]] = {
    "mean-probability": _mean_probability,
    "mean-logit": lambda logits: float(np.mean(logits)),
    "max": lambda logits: float(np.max(logits)),
    "median": lambda logits: float(np.median(logits)),
}


def merged(
    media: Sequence[str],
    labels: Sequence[int],
    scores: Sequence[float],
    mode: Mode,
    paths: Sequence[str] = (),
) -> list[tuple[list[int], int, float]]:
    """The rows of each media, its label and its score, in the order of first appearance.

    Rows are merged by their media id and never by a folder's name. Scores are logits and stay
    logits. ``none`` leaves each row by itself. ``deepfakebench-folder`` is the compatible mode of
    Yan et al. 2023: rows whose files (``paths``) stand in folders of one *name* are one video,
    whatever lies above, and a mixed one counts as real; for comparing with published figures only.
    Raises DataError when a media has both labels.
    """
    mode_of("Aggregation", mode, MODES)
    if mode == "none":
        return [([i], labels[i], scores[i]) for i in range(len(media))]
    by_folder = mode == "deepfakebench-folder"
    places: dict[Hashable, list[int]] = defaultdict(list)
    for i, name in enumerate(media):
        places[PurePosixPath(paths[i]).parent.name if by_folder else name].append(i)
    join = _JOIN["mean-probability" if by_folder else mode]
    out = []
    for video, rows in places.items():
        seen = {labels[i] for i in rows}
        if len(seen) > 1 and not by_folder:
            raise DataError(f"Media {video!r} has real and forged parts; give its parts own ids.")
        score = join(np.array([scores[i] for i in rows], dtype=float))
        out.append((rows, min(seen), score))
    return out
