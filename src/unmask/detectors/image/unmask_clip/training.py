"""Fitting the heads on what the encoder makes of pictures; judging sources without their own."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from unmask.datasets.whole_files.listing import Whole
from unmask.detectors.image.unmask_clip.cross_fitting import (
    FOLDS,
    SIGNS,
    Apart,
    Sample,
    Scored,
    by_sign,
    fitted,
)
from unmask.detectors.image.unmask_clip.features import Extractor, Seen
from unmask.detectors.image.unmask_clip.head import (
    Heads,
    Shape,
    unit,
    write_heads,
)
from unmask.detectors.image.unmask_clip.material import material
from unmask.detectors.image.unmask_clip.views import OF_FACE
from unmask.errors import DataError, MediaError
from unmask.metrics.detection import auc
from unmask.runtime.encoder import load_encoder
from unmask.train.feature_cache import FeatureCache
from unmask.train.recipe import Recipe
from unmask.train.solved import Say, Solution, Solved

WHOLE = ("pictures by generators", "portraits by a GAN", "clips by generators")
"""Families whose pictures are forged as a whole."""
FACES = (*WHOLE, "swapped faces", "talking heads", "redrawn lips")
"""Families whose faces are, as a whole or in part."""


class ClipHead(Solved):
    """The head of ``unmask_clip``; see the recipe's ``settings``."""

    def __init__(self, recipe: Recipe, data: Path) -> None:
        super().__init__(recipe, data)
        settings = recipe.settings
        running = load_encoder(str(settings["encoder"]), recipe.threads)
        self.encoder = running.known
        self.shape = Shape(
            hidden=int(settings["hidden"]),
            members=int(settings["members"]),
            dropout=float(settings["dropout"]),
            decay=float(settings["decay"]),
            epochs=int(settings["epochs"]),
            seed=recipe.seed,
        )
        self.variants = int(settings["variants"])
        more = Path(settings["more"]) if settings["more"] else None
        if more is not None and not more.is_dir():
            raise DataError(f"There is no {more}. Gather the further sources, or say more = ''.")
        self.files = material(data, more, int(settings["most"]))
        cache = FeatureCache(Path(settings["cache"]), self.encoder.sha256)
        self.extractor = Extractor(running, cache)
        self._apart: Apart | None = None

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
        apart = self.apart(say)
        path = out / "weights.onnx"
        write_heads(path, fitted(apart.samples, self.shape), self.encoder)
        best = measures(apart.scored())
        return Solution(path, len(apart.samples), time.monotonic() - begun, best)

    def apart(self, say: Say) -> Apart:
        """Heads that met nothing of a source, whichever; read and fitted once."""
        if self._apart is None:
            self._apart = Apart(self.samples(say), self.shape)
        return self._apart

    def scored(self, say: Say) -> list[Scored]:
        """Every sample by a head that met nothing of its source."""
        return self.apart(say).scored()

    def cross_fitted(self, study: Sequence[Whole], say: Say) -> dict[str, dict[str, float]]:
        """Signs of the files of a study, by heads that met nothing of their sources.

        A sign is the mean over its views, and over the frames of a clip, as in a scan. By item.
        """
        apart = self.apart(lambda done, whole: say(done, whole + len(study)))
        found: dict[str, dict[str, float]] = {}
        for fold in range(FOLDS):
            heads = apart.heads(fold)
            for one in study:
                if apart.fold(one.source) == fold:
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
