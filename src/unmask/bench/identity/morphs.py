"""Morphs made from the London set, honest photos beside them, and what the checks say of each."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from unmask.bench.identity.media import laundered, main_face, rows_of
from unmask.bench.identity.pairs import half
from unmask.errors import DataError
from unmask.faces.embed import FaceEmbedder
from unmask.forge.morph import Landmarks, morph, read_tem
from unmask.identity.distance import distances
from unmask.identity.morph import evidence
from unmask.media import read_image
from unmask.types import Face, Pixels, Tensor

CONDITIONS = ("clean", "jpeg:50")
HONEST, WHOLE, SPLICED = "honest photo", "whole pictures mixed", "face spliced"
_TEMPLATE_SIDE = 1350
"""Pixels of the pictures that the London landmarks were made for."""
_PASSPORT = 90
"""JPEG quality of every suspect photo."""


@dataclass(frozen=True, slots=True)
class Person:
    """The photo with landmarks, a second one that stands for a live capture, and traits."""

    name: str
    gender: str
    photo: Pixels
    points: Landmarks
    live: Pixels


@dataclass(frozen=True, slots=True)
class Suspect:
    """One suspect photo under one condition.

    ``second``: distance of the second nearest of the two people of the pair; ``among``: of the
    second nearest of all people of its half. ``seen``: what the differential check sees, against
    the live picture of the first person.
    """

    kind: str
    half: str
    first: str
    second_person: str
    condition: str
    label: int
    second: float
    among: float
    seen: list[float]


def people(data: Path, genders: Mapping[str, str]) -> list[Person]:
    """The people of the London set. ``genders`` by name; empty: look-alikes of any gender."""
    photos: dict[str, list[dict[str, object]]] = {}
    for row in rows_of(data):
        if "images/london/" in row["path"]:
            photos.setdefault(row["group"], []).append(row)
    found = []
    for name, own in sorted(photos.items()):
        marked = [row for row in own if row.get("landmarks")]
        plain = [row for row in own if not row.get("landmarks")]
        if len(marked) == 1 and len(plain) == 1:
            photo = read_image(data / str(marked[0]["path"]))
            points = read_tem(data / str(marked[0]["landmarks"])) * photo.shape[1] / _TEMPLATE_SIDE
            live = read_image(data / str(plain[0]["path"]))
            found.append(Person(name, genders.get(name, ""), photo, points, live))
    if len(found) < 40:
        raise DataError(f"{data} holds {len(found)} people with landmarks; 40 are needed.")
    return found


def suspects(everybody: Sequence[Person], alike: int = 2, processes: int = 1) -> list[Suspect]:
    """Morphs of each person with look-alikes of the same half, and the honest photos.

    An honest photo is held against the same look-alikes, so that the check is not made easy. Both
    photos of a person are honest ones in turn, the other is then the live picture.
    """
    found: list[Suspect] = []
    with ProcessPoolExecutor(processes) as pool:
        for part in ("calibration", "test"):
            own = [person for person in everybody if half(person.name) == part]
            chunks = [own[i::processes] for i in range(processes)]
            vectors = {k: v for made in pool.map(_vectors, chunks) for k, v in made.items()}
            photos = np.stack([vectors[person.name][0] for person in own])
            live = np.stack([vectors[person.name][1] for person in own])
            pairs = look_alikes(own, photos, alike)
            jobs = [
                [(own[i], own[j], (photos, live), i, j, part) for i, j in pairs[k::processes]]
                for k in range(processes)
            ]
            found += [row for rows in pool.map(_pairs, jobs) for row in rows]
    return found


def _vectors(own: Sequence[Person]) -> dict[str, tuple[Tensor, Tensor]]:
    """Vectors of the photo and of the live picture, by name."""
    embedder = FaceEmbedder(threads=1)
    return {
        p.name: (embedder.embed(p.photo, _face(p.photo)), embedder.embed(p.live, _face(p.live)))
        for p in own
    }


_Job = tuple[Person, Person, tuple[Tensor, Tensor], int, int, str]
"""Two people, vectors of all photos and live pictures of a half, the places of both, the half."""


def _pairs(jobs: Sequence[_Job]) -> list[Suspect]:
    embedder = FaceEmbedder(threads=1)
    found = []
    for one, other, (photos, live), i, j, part in jobs:
        both = (one.photo, one.points), (other.photo, other.points)
        for kind, pixels, trusted in (
            (HONEST, one.photo, live),
            (HONEST, one.live, photos),
            (WHOLE, morph(*both), live),
            (SPLICED, morph(*both, spliced=True), live),
        ):
            saved = _passport(pixels)
            face = _face(saved)
            for condition in CONDITIONS:
                changed = laundered(saved, condition, face)
                vector = embedder.embed(changed, _face(changed))
                away = distances(vector[None], trusted)[0]
                found.append(
                    Suspect(
                        kind,
                        part,
                        one.name,
                        other.name,
                        condition,
                        int(kind != HONEST),
                        round(float(max(away[i], away[j])), 5),
                        round(float(np.sort(away)[1]), 5),
                        [round(float(v), 4) for v in evidence(vector, trusted[i])],
                    )
                )
    return found


def look_alikes(own: Sequence[Person], vectors: Tensor, count: int) -> list[tuple[int, int]]:
    """Each person with the ``count`` nearest of the same gender, each pair once."""
    away = distances(vectors, vectors)
    pairs = set()
    for i, person in enumerate(own):
        others = [j for j, one in enumerate(own) if j != i and one.gender == person.gender]
        for j in sorted(others, key=lambda j, i=i: float(away[i, j]))[:count]:  # type: ignore[misc]
            if (j, i) not in pairs:
                pairs.add((i, j))
    return sorted(pairs)


def _face(pixels: Pixels) -> Face:
    face = main_face(pixels)
    if face is None:
        raise DataError("No face is found in a studio photo: this is not the London set.")
    return face


def _passport(pixels: Pixels) -> Pixels:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=_PASSPORT)
    return np.asarray(Image.open(buffer).convert("RGB"))


def fit_differential(rows: Sequence[Suspect]) -> tuple[Tensor, float, NDArray[np.float64]]:
    """A linear classifier on the calibration half: weights, bias, and its scores of the rows.

    The scores are those of classifiers that did not see the person (five folds), so that
    thresholds fitted on them hold.
    """
    own = [row for row in rows if row.half == "calibration"]
    seen = np.array([row.seen for row in own])
    labels = np.array([row.label for row in own])
    who = np.array([row.first for row in own])
    model = make_pipeline(
        StandardScaler(), LogisticRegression(C=0.003, class_weight="balanced", max_iter=2000)
    )
    scores = cross_val_predict(
        model, seen, labels, groups=who, cv=GroupKFold(5), method="decision_function"
    )
    model.fit(seen, labels)
    scaler, linear = model[0], model[1]
    weight = linear.coef_[0] / scaler.scale_
    bias = float(linear.intercept_[0] - weight @ scaler.mean_)
    return weight.astype(np.float32), bias, np.asarray(scores, float)
