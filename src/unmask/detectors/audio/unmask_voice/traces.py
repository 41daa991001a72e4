"""The closed-form fit of the window's logit: ridge regression inside sources.

Real and forged clips of one source share microphone, room, codec and words. Each source is
therefore moved so that its two classes lie around zero, and only what tells them apart *there* is
fitted. A source that has one class alone is moved as the middle of all sources' classes is: so
generators without real speech beside them and microphones without fakes count too. How far the
sources lie from each other is known to mean nothing, and enters as a nuisance that the direction
has to avoid (a between-class scatter turned against itself; compare Fisher 1936
and, for nuisance directions, Hatch et al. 2006, within-class covariance normalisation). What a
codec or a band edge does to one and the same recording is another.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice.bank import Entry
from unmask.detectors.audio.unmask_voice.model import Traces

_SHARE = 0.75
"""A source weighs as its number of clips to this power: neither all alike nor all by size."""
_SPREAD = 4.0
"""The classes are fitted to -4 and 4, so that scores are of the size of logits."""


def fit(
    traces: Traces,
    entries: Sequence[Entry],
    statistics: NDArray[np.float32],
    ridge: float,
    nuisance: float,
    copied: float,
    channel: float,
) -> None:
    """Fit ``traces`` in place.

    ``ridge``: the penalty, in units of the mean variance; ``nuisance``: weight of the distances
    between sources; ``copied``: share of the forged weight of a source that its re-synthesised
    clips get where it has others too; ``channel``: weight of what sending did to
    recordings, in units of the scatter inside sources. Partly forged windows do not count. Both
    classes must occur.
    """
    raw = np.asarray(statistics, np.float64)
    mean, scale = raw.mean(axis=0), raw.std(axis=0) + 1e-3
    x = ((raw - mean) / scale).astype(np.float32)
    source = np.array([entry.source for entry in entries])
    label = np.array([entry.label for entry in entries])
    made_here = np.array([entry.kind == "copied" for entry in entries])
    size = x.shape[1]
    overall = np.mean([x[label == side].mean(axis=0) for side in (0, 1)], axis=0)
    square, target = np.zeros((size, size)), np.zeros(size)
    middles, weights = [], []
    for name in sorted(set(source)):
        here = source == name
        part, truth = x[here], label[here] * 2.0 - 1
        means = [part[truth == side].mean(axis=0) for side in (-1, 1) if (truth == side).any()]
        middle = np.mean(means, axis=0) if len(means) == 2 else overall
        size_weight = len(part) ** _SHARE
        weight = _weights(truth, made_here[here], copied) * size_weight
        part = part - middle
        weighted = (part * weight[:, None]).astype(np.float32)
        square += weighted.T @ part
        target += weighted.T @ truth
        middles.append(middle)
        weights.append(size_weight)
    penalty = ridge * np.trace(square) / size
    centre = np.average(middles, axis=0, weights=weights)
    between = (np.stack(middles) - centre) * np.sqrt(np.array(weights))[:, None]
    square += nuisance * between.T @ between
    moved = _moved(entries, x)
    if len(moved):
        square += channel * np.trace(square) / np.sum(moved**2) * moved.T @ moved
    square[np.diag_indices(size)] += penalty
    direction = _SPREAD * np.linalg.solve(square, target)
    values = {"mean": mean, "scale": scale, "weight": direction, "bias": -centre @ direction}
    for name, value in values.items():
        getattr(traces, name).copy_(torch.from_numpy(np.asarray(value, np.float32)))


def _moved(entries: Sequence[Entry], x: NDArray[np.float32]) -> NDArray[np.float32]:
    """What sending did to recordings: each ``sent`` clip less the same one as it is."""
    rows, plain = [], -1
    for row, entry in enumerate(entries):  # those of a recording stand together
        if entry.kind == "whole" and entry.copy == 0:
            plain = row
        elif entry.kind == "sent":
            rows.append((row, plain))
    changed, bare = np.array(rows, int).reshape(-1, 2).T
    return np.asarray(x[changed] - x[bare])


def _weights(
    truth: NDArray[np.float64], made_here: NDArray[np.bool_], copied: float
) -> NDArray[np.float64]:
    """Both classes weigh 1 in all; of the forged, ``copied`` goes to the re-synthesised."""
    weight = np.zeros(truth.size)
    real, forged = truth < 0, truth > 0
    for side in (real, forged):
        if side.any():
            weight[side] = 1 / side.sum()
    others = forged & ~made_here
    if others.any() and made_here.any():
        weight[others] = (1 - copied) / others.sum()
        weight[made_here] = copied / made_here.sum()
    return weight
