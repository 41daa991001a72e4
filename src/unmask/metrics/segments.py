"""How well proposed stretches of time fit the forged ones (Cai et al. 2022, LAV-DF).

Both figures take one ``Timeline`` a recording, reals included. Modes: ``strict`` sorts proposals
by confidence and keeps every recording in the count. ``official`` does as the programs of LAV-DF
and AV-Deepfake1M do, for comparing with published figures: proposals are matched in the order they
are given; the AP curve starts at the first proposal and not at recall 0, so a hit at rank one is
lost; and in AR a recording without any proposal leaves the count with all its forged stretches, so
silence costs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unmask.metrics.detection import Floats, mode_of

MODES = ("strict", "official")
IOUS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Forged stretches of a recording and what was proposed.

    ``truth``: (start, end) in seconds; ``proposals``: (confidence, start, end).
    """

    truth: tuple[tuple[float, float], ...]
    proposals: tuple[tuple[float, float, float], ...]


def overlaps(proposals: Floats, truth: Floats) -> Floats:
    """Intersection over union of stretches, proposals × truth."""
    start = np.maximum(proposals[:, None, 0], truth[None, :, 0])
    end = np.minimum(proposals[:, None, 1], truth[None, :, 1])
    shared = np.clip(end - start, 0, None)
    length = (proposals[:, 1] - proposals[:, 0])[:, None] + (truth[:, 1] - truth[:, 0])[None]
    union = length - shared
    return np.asarray(np.divide(shared, union, out=np.zeros_like(shared), where=union > 0))


def _arrays(line: Timeline, mode: str) -> tuple[Floats, Floats, Floats]:
    """Confidences, proposals and truth."""
    rows = np.array(line.proposals, dtype=float).reshape(-1, 3)
    if mode == "strict":
        rows = rows[np.argsort(-rows[:, 0], kind="stable")]
    return rows[:, 0], rows[:, 1:], np.array(line.truth, dtype=float).reshape(-1, 2)


def ap_at_iou(lines: Sequence[Timeline], iou: float = 0.5, mode: str = "strict") -> float:
    """Average precision of proposals over an IoU of ``iou``, under the precision envelope.

    Each forged stretch takes the first proposal that overlaps it enough and is not taken. NaN when
    nothing is forged.
    """
    mode_of("AP@IoU", mode, MODES)
    confidences, hits, total = [], [], 0
    for line in lines:
        confidence, proposed, truth = _arrays(line, mode)
        enough = overlaps(proposed, truth) > iou
        hit = np.zeros(len(confidence), bool)
        for column in enough.T:
            free = np.flatnonzero(column & ~hit)
            if len(free):
                hit[free[0]] = True
        confidences.append(confidence)
        hits.append(hit)
        total += len(truth)
    if not total:
        return float("nan")
    order = np.argsort(-np.concatenate(confidences), kind="stable")
    right = np.cumsum(np.concatenate(hits)[order])
    if not len(right):
        return 0.0
    precision = right / np.arange(1, len(right) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]
    steps = np.diff(right, prepend=right[0] if mode == "official" else 0)
    return float((steps * envelope).sum() / total)


def ar_at_n(
    lines: Sequence[Timeline], n: int = 100, mode: str = "strict", ious: Sequence[float] = IOUS
) -> float:
    """Recall of forged stretches by the first ``n`` proposals, averaged over IoUs.

    NaN when no forged stretch is counted.
    """
    mode_of("AR@N", mode, MODES)
    best: list[float] = []
    for line in lines:
        _, proposed, truth = _arrays(line, mode)
        if mode == "official" and not len(proposed):
            continue
        best += list(overlaps(proposed[:n], truth).max(axis=0, initial=0.0))
    if not best:
        return float("nan")
    return float(np.mean([np.mean(np.array(best) > iou) for iou in ious]))


def localisation(lines: Sequence[Timeline], mode: str = "strict") -> float:
    """Mean AP at four IoUs and mean AR at five numbers of proposals, halved: one figure for both.

    After the second task of the 1M-Deepfakes challenge. NaN when nothing is forged.
    """
    aps = [ap_at_iou(lines, iou, mode) for iou in (0.5, 0.75, 0.9, 0.95)]
    ars = [ar_at_n(lines, n, mode) for n in (50, 30, 20, 10, 5)]
    return (sum(aps) / len(aps) + sum(ars) / len(ars)) / 2
