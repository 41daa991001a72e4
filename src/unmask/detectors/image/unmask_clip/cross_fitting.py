"""Heads that met nothing of a file's source, and what they make of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from unmask.decision.evidence import ENCODED, ENCODED_FACE
from unmask.detectors.image.unmask_clip.head import TEACHERS, Floats, Heads, Shape, fit_head
from unmask.detectors.image.unmask_clip.views import OF_FACE, WEIGHTS, View

SIGNS = (ENCODED, ENCODED_FACE)
"""What the head is asked of: a picture as a whole, and its face."""
FOLDS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """What the encoder makes of one view, as ``head.unit`` gives it."""

    features: Floats
    view: View
    forged: bool
    source: str
    item: str = ""
    group: str = ""
    family: str = ""
    maker: str = ""
    variant: int = 0

    @property
    def sign(self) -> str:
        """The sign that its score counts as."""
        return sign_of(self.view)


@dataclass(frozen=True, slots=True)
class Scored:
    """What heads that met nothing of its source made of a file: the mean over the views of a sign.

    ``sample``: the first of them.
    """

    sample: Sample
    score: float


def sign_of(view: View) -> str:
    """The sign that the score of a view counts as."""
    return ENCODED_FACE if view in OF_FACE else ENCODED


def by_sign(views: Sequence[View], logits: Floats) -> dict[str, float]:
    """Of each sign the mean over its views, as these weigh."""
    return {
        sign: float(
            np.average(
                [value for view, value in zip(views, logits, strict=True) if sign_of(view) == sign],
                weights=[WEIGHTS[view] for view in views if sign_of(view) == sign],
            )
        )
        for sign in dict.fromkeys(map(sign_of, views))
    }


def base(source: str) -> str:
    """The source that something made of it belongs to."""
    return source.removeprefix("filmed ")


def folded(samples: Sequence[tuple[str, str]]) -> dict[str, int]:
    """A fold for each source, from source and family of all samples.

    Dealt in turn, those of one family one after the other and the largest first: so no fold holds
    all that there is of a family.
    """
    counts = Counter(source for source, _ in samples)
    family = dict(sorted(samples))
    order = sorted(counts, key=lambda source: (family[source], -counts[source], source))
    return {source: number % FOLDS for number, source in enumerate(order)}


def fitted(samples: Sequence[Sample], shape: Shape) -> Heads:
    """The heads, each on the views that it judges."""
    heads = []
    for teachers in TEACHERS:
        own = [one for one in samples if one.view in teachers]
        rows = np.stack([one.features for one in own])
        labels = np.array([one.forged for one in own])
        heads.append(fit_head(rows, labels, [one.source for one in own], shape))
    return Heads(tuple(heads))


class Apart:
    """Heads fitted without a fold of sources, for each fold; fitted when they are asked for."""

    def __init__(self, samples: Sequence[Sample], shape: Shape) -> None:
        self.samples, self.shape = samples, shape
        self._folds = folded([(one.source, one.family) for one in samples])
        self._heads: dict[int, Heads] = {}

    def fold(self, source: str) -> int:
        """That of a source; heads of any fold met nothing of one that gave no sample."""
        return self._folds.get(base(source), 0)

    def heads(self, fold: int) -> Heads:
        """Those that met nothing of the sources of a fold."""
        if fold not in self._heads:
            others = [one for one in self.samples if self.fold(one.source) != fold]
            self._heads[fold] = fitted(others, self.shape)
        return self._heads[fold]

    def scored(self) -> list[Scored]:
        """Each file by heads fitted without its fold of sources, as found and changed."""
        found: list[Scored] = []
        for fold in sorted(set(self._folds.values())):
            heads = self.heads(fold)
            files: dict[tuple[str, int], list[Sample]] = {}
            for one in self.samples:
                if self.fold(one.source) == fold:
                    files.setdefault((one.item, one.variant), []).append(one)
            for own in files.values():
                views = [one.view for one in own]
                signs = by_sign(views, heads.logits(np.stack([one.features for one in own]), views))
                first = {one.sign: one for one in reversed(own)}
                found += [Scored(first[sign], value) for sign, value in signs.items()]
        return found
