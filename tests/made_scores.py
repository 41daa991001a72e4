"""Seeded inputs of the comparisons with official programs; ``reference.json`` holds their answers.

The programs were run once, outside the repository, on what these functions give.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def scores(seed: int = 1, real: int = 300, fake: int = 500) -> tuple[Any, Any]:
    """Labels (1 = forged) and scores that rise with forgery, all different."""
    rng = np.random.default_rng(seed)
    labels = np.array([0] * real + [1] * fake)
    return labels, rng.normal(labels * 1.5 - 0.5, 1.0)


def verifier(seed: int = 2) -> tuple[Any, Any, Any]:
    """Scores of a speaker verifier: targets, impostors, spoofs; they rise with acceptance."""
    rng = np.random.default_rng(seed)
    return rng.normal(3, 1, 400), rng.normal(0, 1, 350), rng.normal(2, 1.2, 300)


def timelines(seed: int = 3, count: int = 60, silent: bool = False) -> list[tuple[Any, Any]]:
    """Forged stretches in seconds and proposals (confidence, start, end in seconds).

    The proposals of a recording are in falling order of confidence, 100 each, or with ``silent``
    none in every fifth.
    """
    rng = np.random.default_rng(seed)
    made = []
    for number in range(count):
        starts = np.sort(rng.uniform(0, 9, rng.integers(0, 3)))
        truth = [(float(s), float(s + rng.uniform(0.2, 1.5))) for s in starts]
        n = 0 if silent and number % 5 == 0 else 100
        proposals = []
        for _ in range(n):
            if truth and rng.random() < 0.15:
                s, e = truth[int(rng.integers(len(truth)))]
                s, e = s + rng.normal(0, 0.15), e + rng.normal(0, 0.15)
                confidence = rng.uniform(0.3, 1)
            else:
                s = rng.uniform(0, 9)
                e = s + rng.uniform(0.1, 2)
                confidence = rng.uniform(0, 0.8)
            proposals.append((float(confidence), float(min(s, e)), float(max(s, e) + 0.05)))
        made.append((truth, sorted(proposals, reverse=True)))
    return made


def picture_texts(seed: int = 4, count: int = 80, words: int = 12) -> dict[str, Any]:
    """Boxes (centre, size in 0…1), word labels and logits, four kinds and their logits."""
    rng = np.random.default_rng(seed)
    boxes = np.concatenate(
        [rng.uniform(0.3, 0.7, (count, 2)), rng.uniform(0.1, 0.5, (count, 2))], 1
    )
    boxes[::4] = 0
    found = np.clip(boxes + rng.normal(0, 0.05, boxes.shape), 0.01, 1)
    found[::8] = 0
    kinds = rng.integers(0, 2, (count, 4))
    tokens = (rng.random((count, words)) < 0.2).astype(int)
    return {
        "boxes": boxes,
        "found": found,
        "kinds": kinds,
        "kind_logits": rng.normal(kinds * 1.5 - 1, 1),
        "tokens": tokens,
        "token_logits": rng.normal(tokens * 2.0 - 1.2, 1),
    }


def frames(seed: int = 5) -> tuple[list[str], Any, Any]:
    """Paths of frames in which one folder name stands for two videos, labels, probabilities."""
    rng = np.random.default_rng(seed)
    paths, labels = [], []
    for kind, label in (("real", 0), ("swap", 1), ("mixed", 1)):
        for video in range(12):
            folder = f"{video:03d}" if kind != "mixed" else f"m{video:03d}"
            for frame in range(4):
                paths.append(f"data/{kind}/frames/{folder}/{frame}.png")
                labels.append(label)
        if kind == "real":
            paths += [f"data/real/frames/r{v:03d}/{f}.png" for v in range(12) for f in range(4)]
            labels += [0] * 48
    array = np.array(labels)
    return paths, array, 1 / (1 + np.exp(-rng.normal(array * 1.0 - 0.5, 1.0)))
