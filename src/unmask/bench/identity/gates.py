"""Fitting and measuring the gates of faces: does a degraded face still match its own person?

Rows are stored; the forest, its thresholds and every figure come from them.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter
from sklearn.ensemble import RandomForestClassifier

from unmask.bench.identity.media import Sample, main_face
from unmask.bench.identity.pairs import CALIBRATION, half
from unmask.faces.embed import FaceEmbedder
from unmask.faces.recognise import features
from unmask.identity.distance import distance, mean_vector
from unmask.media import read_image
from unmask.runtime.forest import Forest
from unmask.types import Face, Pixels, Tensor

_WORST = 0.1
"""Share of the faces, furthest from their own person, whose mean is the centre."""
_DEPTH, _TREES, _LEAF = 6, 60, 12
Gathered = list[tuple[Sample, Tensor, Tensor, float]]
"""Photo, what was seen, vector, and distance from the person's other photo."""


@dataclass(frozen=True, slots=True)
class Degraded:
    """One degraded photo: what was seen, and the distance from the person's other photo.

    ``index``: of the vector, see ``faces.recognise``.
    """

    item: str
    identity: str
    half: str
    seen: list[float]
    index: float
    score: float


def degraded(pixels: Pixels, face: Face, rng: np.random.Generator) -> Pixels:
    """A photo as it may arrive: smaller, blurred, darker, noisy and saved again, at random."""
    factor = min(1.0, float(np.exp2(rng.uniform(3.6, 7.0))) / face.box.height)
    size = (max(20, round(pixels.shape[1] * factor)), max(20, round(pixels.shape[0] * factor)))
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)
    unit = face.box.height * factor / 60
    if rng.random() < 0.4:
        picture = picture.filter(ImageFilter.GaussianBlur(float(rng.uniform(0.3, 3.5)) * unit))
    values = np.asarray(picture, np.float64)
    if rng.random() < 0.4:
        values = 255 * (values / 255) ** float(np.exp(rng.uniform(-1.3, 1.6)))
    if rng.random() < 0.3:
        values = values + rng.normal(0, float(rng.uniform(2, 30)), values.shape)
    picture = Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))
    if rng.random() < 0.7:
        buffer = io.BytesIO()
        picture.save(buffer, "JPEG", quality=int(rng.integers(8, 95)))
        picture = Image.open(buffer)
    return np.asarray(picture.convert("RGB"))


def collect(photos: Sequence[Sample], draws: int, processes: int = 1) -> Gathered:
    """Degraded photos with their vectors: ``draws`` of each person's second photo.

    ``photos``: two of each person in turn. The draws of a photo depend on its name only.
    """
    pairs = list(zip(photos[0::2], photos[1::2], strict=True))
    with ProcessPoolExecutor(processes) as pool:
        parts = pool.map(_vectors, [pairs[i::processes] for i in range(processes)], repeat(draws))
        return [row for part in parts for row in part]


def centre_of(found: Gathered) -> Tensor:
    """Where the vectors (128) of unrecognisable faces gather.

    The mean over the faces of the calibration half that lie furthest from their own person.
    """
    own = [(score, vector) for sample, _, vector, score in found if _calibrating(sample)]
    limit = np.quantile([score for score, _ in own], 1 - _WORST)
    return mean_vector(np.stack([vector for score, vector in own if score >= limit]))


def as_rows(found: Gathered, centre: Tensor) -> list[Degraded]:
    """What is stored of degraded photos: no vectors."""
    return [
        Degraded(
            sample.item.item_id,
            sample.item.identity,
            half(sample.item.identity),
            [round(float(value), 5) for value in seen],
            round(distance(vector, centre), 5),
            round(score, 5),
        )
        for sample, seen, vector, score in found
    ]


def _calibrating(sample: Sample) -> bool:
    return half(sample.item.identity) == CALIBRATION


def _vectors(pairs: Sequence[tuple[Sample, Sample]], draws: int) -> Gathered:
    embedder = FaceEmbedder(threads=1)
    found: Gathered = []
    for first, second in pairs:
        reference, pixels = read_image(first.path), read_image(second.path)
        known, face = main_face(reference), main_face(pixels)
        if known is None or face is None:
            continue
        own = embedder.embed(reference, known)
        rng = np.random.default_rng(zlib.crc32(second.item.item_id.encode()))
        for _ in range(draws):
            changed = degraded(pixels, face, rng)
            again = main_face(changed)
            if again is not None:
                vector = embedder.embed(changed, again)
                found.append((second, features(changed, again), vector, distance(own, vector)))
    return found


def fit_forest(rows: Sequence[Degraded], threshold: float) -> Forest:
    """A forest for the probability that a face matches its own person, on the calibration half."""
    own = [row for row in rows if row.half == CALIBRATION]
    table = np.array([row.seen for row in own], np.float32)
    still = np.array([row.score <= threshold for row in own])
    model = RandomForestClassifier(
        _TREES, max_depth=_DEPTH, min_samples_leaf=_LEAF, random_state=0, n_jobs=1
    )
    model.fit(table, still)
    return as_forest(model)


def as_forest(model: RandomForestClassifier) -> Forest:
    """A fitted forest of two classes as plain arrays."""
    trees = [one.tree_ for one in model.estimators_]
    first = np.cumsum([0, *(tree.node_count for tree in trees[:-1])])

    def moved(children: NDArray[np.int64], by: int) -> NDArray[np.int64]:
        return np.where(children < 0, -1, children + by)

    shares = [
        tree.value[:, 0, :] / tree.value[:, 0, :].sum(axis=1, keepdims=True) for tree in trees
    ]
    return Forest(
        first.astype(np.int32),
        np.concatenate([np.maximum(tree.feature, 0) for tree in trees]).astype(np.int32),
        np.concatenate([tree.threshold for tree in trees]).astype(np.float32),
        np.concatenate(
            [moved(t.children_left, b) for t, b in zip(trees, first, strict=True)]
        ).astype(np.int32),
        np.concatenate(
            [moved(t.children_right, b) for t, b in zip(trees, first, strict=True)]
        ).astype(np.int32),
        np.concatenate([share[:, 1] for share in shares]).astype(np.float32),
    )
