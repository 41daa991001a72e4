"""Fitting the heads on what the encoder makes of pictures; judging sources without their own."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from unmask.datasets.whole_files.listing import Whole
from unmask.decision.evidence import ENCODED, ENCODED_FACE
from unmask.detectors.image.unmask_clip.features import Extractor, Seen
from unmask.detectors.image.unmask_clip.head import (
    TEACHERS,
    Floats,
    Heads,
    fit_head,
    unit,
    write_heads,
)
from unmask.detectors.image.unmask_clip.material import material
from unmask.detectors.image.unmask_clip.views import OF_FACE, WEIGHTS, View
from unmask.errors import DataError, MediaError
from unmask.metrics.detection import auc
from unmask.runtime.encoder import load_encoder
from unmask.train.feature_cache import FeatureCache
from unmask.train.recipe import Recipe
from unmask.train.solved import Say, Solution, Solved

SIGNS = (ENCODED, ENCODED_FACE)
"""What the head is asked of: a picture as a whole, and its face."""
WHOLE = ("pictures by generators", "portraits by a GAN", "clips by generators")
"""Families whose pictures are forged as a whole."""
FACES = (*WHOLE, "swapped faces", "talking heads")
"""Families whose faces are. Redrawn lips are a small part of a face, and not looked for here."""
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


class ClipHead(Solved):
    """The head of ``unmask_clip``; see the recipe's ``settings``."""

    def __init__(self, recipe: Recipe, data: Path) -> None:
        super().__init__(recipe, data)
        settings = recipe.settings
        running = load_encoder(str(settings["encoder"]), recipe.threads)
        self.encoder = running.known
        self.strength = float(settings["strength"])
        self.variants = int(settings["variants"])
        more = Path(settings["more"]) if settings["more"] else None
        if more is not None and not more.is_dir():
            raise DataError(f"There is no {more}. Gather the further sources, or say more = ''.")
        self.files = material(data, more, int(settings["most"]))
        cache = FeatureCache(Path(settings["cache"]), self.encoder.sha256)
        self.extractor = Extractor(running, cache)

    def samples(self, say: Say) -> list[Sample]:
        """Every view of every file, as found and changed."""
        left_out = set(self.recipe.leave_out.split(","))
        files = [one for one in self.files if one.source not in left_out]
        found: list[Sample] = []
        for number, one in enumerate(files, 1):
            for variant in range(self.variants if one.kind == "image" else 1):
                found += self._samples(one, variant)
            say(number, len(files))
        return found

    def _samples(self, one: Whole, variant: int) -> Iterator[Sample]:
        forged, maker = one.label == "fake", one.maker or one.family
        for view in self._seen(one, variant):
            if forged and one.family not in (FACES if view.view in OF_FACE else WHOLE):
                continue
            yield Sample(
                unit(view.numbers[None], self.encoder)[0],
                view.view,
                forged,
                one.source,
                one.item,
                one.group,
                one.family,
                maker,
                variant,
            )

    def _seen(self, one: Whole, variant: int) -> list[Seen]:
        try:
            return self.extractor.of_file(one.path, one.item, variant, one.kind == "video")
        except MediaError:
            return []

    def solve(self, out: Path, say: Say) -> Solution:
        """Fit it on everything; the measures are of sources left out."""
        begun = time.monotonic()
        samples = self.samples(say)
        path = out / "weights.onnx"
        write_heads(path, fitted(samples, self.strength), self.encoder)
        best = measures(scored(samples, self.strength))
        return Solution(path, len(samples), time.monotonic() - begun, best)

    def scored(self, say: Say) -> list[Scored]:
        """Every sample by a head that met nothing of its source."""
        return scored(self.samples(say), self.strength)

    def cross_fitted(self, study: Sequence[Whole], say: Say) -> dict[str, dict[str, float]]:
        """Signs of the files of a study, by heads that met nothing of their sources.

        A sign is the mean over its views, and over the frames of a clip, as in a scan. By item.
        """
        samples = self.samples(lambda done, whole: say(done, whole + len(study)))
        known = [(one.source, one.family) for one in samples]
        folds = folded(known + [(base(one.source), one.family) for one in study])
        found: dict[str, dict[str, float]] = {}
        for fold in range(FOLDS):
            others = [one for one in samples if folds[one.source] != fold]
            heads = fitted(others, self.strength)
            for one in study:
                if folds[base(one.source)] == fold:
                    found[one.item] = self._signs(one, heads)
                    say(len(self.files) + len(found), len(self.files) + len(study))
        return {item: signs for item, signs in found.items() if signs}

    def _signs(self, one: Whole, heads: Heads) -> dict[str, float]:
        seen = self._seen(one, 0)
        if not seen:
            return {}
        views = [square.view for square in seen]
        numbers = unit(np.stack([square.numbers for square in seen]), self.encoder)
        return by_sign(views, heads.logits(numbers, views))


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


def fitted(samples: Sequence[Sample], strength: float) -> Heads:
    """The heads, each on the views that it judges."""
    heads = []
    for teachers in TEACHERS:
        own = [one for one in samples if one.view in teachers]
        rows = np.stack([one.features for one in own])
        labels = np.array([one.forged for one in own])
        heads.append(fit_head(rows, labels, [one.source for one in own], strength))
    return Heads(tuple(heads))


def scored(samples: Sequence[Sample], strength: float) -> list[Scored]:
    """Each file by heads fitted without its fold of sources, as found and changed."""
    folds = folded([(one.source, one.family) for one in samples])
    found: list[Scored] = []
    for fold in sorted(set(folds.values())):
        heads = fitted([one for one in samples if folds[one.source] != fold], strength)
        files: dict[tuple[str, int], list[Sample]] = {}
        for one in samples:
            if folds[one.source] == fold:
                files.setdefault((one.item, one.variant), []).append(one)
        for own in files.values():
            views = [one.view for one in own]
            signs = by_sign(views, heads.logits(np.stack([one.features for one in own]), views))
            first = {one.sign: one for one in reversed(own)}
            found += [Scored(first[sign], value) for sign, value in signs.items()]
    return found


def measures(rows: Sequence[Scored]) -> dict[str, float]:
    """AUC and the share found at 1 %, of either view."""
    found = {}
    for sign in SIGNS:
        own = [row for row in rows if row.sample.sign == sign]
        labels = np.array([row.sample.forged for row in own])
        values = np.array([row.score for row in own])
        if len(set(labels)) < 2:
            continue
        found[f"{sign} auc"] = auc(labels.astype(int), values)
        level = np.quantile(values[~labels], 0.99)
        found[f"{sign} found at 0.01"] = float((values[labels] > level).mean())
    return found
