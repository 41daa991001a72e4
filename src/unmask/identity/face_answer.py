"""Is the face of a file that of a person?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from unmask.cards.card import Operating
from unmask.identity.cards import operating
from unmask.identity.distance import distance, distances, mean_vector
from unmask.identity.face_drift import Episode, changes, episodes
from unmask.identity.face_trail import FaceTrail
from unmask.identity.likeness import drift_operating
from unmask.identity.outcome import PART_SHARE, WHOLE_SHARE, Drift, Outcome, Score, curve
from unmask.identity.references import Person
from unmask.types import Series, Span, Tensor, Vote


def face_outcome(trail: FaceTrail, person: Person, template: Tensor, fpr: float) -> Outcome:
    """Compare the faces of a picture or video with a person's mean embedding.

    The face that is nearest is the one compared; others beside it are no sign of anything.
    ``fpr`` is shared by the whole and its stretches. The trail must hold looks.
    """
    table = operating("face_identity", person.count("face"))
    share = fpr * PART_SHARE
    found = episodes(trail.looks)
    centres = _centres(found)
    nearest = min(centres, key=lambda who: distance(centres[who], template))
    whole = Score.by(table, distance(centres[nearest], template), fpr * WHOLE_SHARE)
    drifts: list[Drift] = []
    inner: list[Drift] = []
    shots: list[Span] = []
    both = mean_vector(np.stack([centres[nearest], template]))
    part, inside = drift_operating("face", "part"), drift_operating("face", "inside")
    moved = changes(found, trail.cuts)
    for episode in found:
        if episode.person == nearest:
            continue
        near = [c for c in moved if episode in (c.before, c.after)]
        linked = [c for c in near if nearest in (c.before.person, c.after.person)]
        if any(c.inplace for c in linked):
            score = Score.by(part, distance(episode.centre, both), share)
            drifts.append(Drift(episode.span, "part", score))
        elif not _accompanied(episode, found, nearest) and whole.vote is not Vote.FORGED:
            shots.append(episode.span)
        same_track = [c for c in near if c.before.track == c.after.track]
        if same_track:
            other = same_track[0].before if same_track[0].after is episode else same_track[0].after
            score = Score.by(inside, distance(episode.centre, centres[other.person]), fpr)
            if score.vote is Vote.FORGED:
                inner.append(Drift(episode.span, "inside", score))
    return Outcome(
        "face",
        person.name,
        whole,
        tuple(drifts) if whole.vote is not Vote.FORGED else (),
        tuple(inner),
        tuple(shots),
        None if trail.still else _curve(trail, template, table, person.name),
        float(len({look.time for look in trail.looks})),
        len(centres) - 1,
    )


def _centres(found: Sequence[Episode]) -> dict[int, Tensor]:
    """The mean embedding of each person of a file."""
    rows: dict[int, list[Tensor]] = {}
    for episode in found:
        rows.setdefault(episode.person, []).append(episode.vectors)
    return {who: mean_vector(np.concatenate(some)) for who, some in rows.items()}


def _accompanied(episode: Episode, found: Sequence[Episode], who: int) -> bool:
    """Whether the person is seen during more than half of an episode of somebody else."""
    span = episode.span
    shared = sum(
        max(0.0, min(span.end, other.span.end) - max(span.start, other.span.start))
        for other in found
        if other.person == who
    )
    return shared > 0.5 * (span.end - span.start)


def _curve(trail: FaceTrail, template: Tensor, table: Operating, name: str) -> Series:
    """Along time, how unlike the nearest face is."""
    rows = np.stack([look.vector for look in trail.looks])
    away = distances(rows, template[None])[:, 0]
    nearest: dict[float, float] = {}
    for look, value in zip(trail.looks, away, strict=True):
        nearest[look.time] = min(float(value), nearest.get(look.time, np.inf))
    times = sorted(nearest)
    return curve(f"not {name}'s face", times, [nearest[time] for time in times], table)
