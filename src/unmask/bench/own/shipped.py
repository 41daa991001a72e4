"""What a detector that comes with unmask says of an item, through the same analyzer as a scan."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence

import numpy as np

from unmask import registry
from unmask.analyzers.base import Analyzer, Options
from unmask.bench.perturb import SOUND_KINDS, over_picture, over_sound
from unmask.bench.score import Said, outcome
from unmask.cards.card import read_card
from unmask.datasets.manifest import Item, Manifest
from unmask.errors import DataError, MediaError, UnknownName
from unmask.media import probe, read_image, stream
from unmask.metrics.outcomes import Outcome
from unmask.types import AudioBlock, Claim, Frame, Kind, MediaInfo, Pixels, Samples

RATE = 16000
_BLOCK = 4800
_KIND = {Kind.IMAGE: "image", Kind.VIDEO: "video", Kind.AUDIO: "audio"}


class ShippedScorer:
    """A detector behind its analyzer. A file's score is that of its most suspect finding.

    ``claim``: which of the detector's claims; the first of its card when empty. ``fps``: pictures
    a second of a video.
    """

    def __init__(self, name: str, claim: str = "", fps: float = 2.0) -> None:
        card = read_card(registry.detector_card(name))
        claims = [row.claim for row in card.operating]
        if claim and claim not in claims:
            raise UnknownName("claim", claim, claims)
        self.claim = Claim(claim or claims[0])
        self.weights = card.file().sha256
        self._analyzer = self._behind(name)
        self._fps = fps
        self.kinds = frozenset(_KIND[kind] for kind in self._analyzer.kinds if kind in _KIND)

    @staticmethod
    def _behind(name: str) -> type[Analyzer]:
        for other in registry.analyzers():
            if name in registry.analyzer(other).detectors:
                return registry.analyzer(other)
        raise DataError(f"No analyzer uses {name!r}, so a protocol cannot run it.")

    def score(
        self, manifest: Manifest, condition: str, classes: Sequence[str], said: Said
    ) -> Iterator[Outcome]:
        """Rows of a test set; items without a finding are left out with a warning."""
        silent: list[str] = []
        for number, item in enumerate(manifest, 1):
            try:
                score = self._one(item, manifest, condition)
            except MediaError as error:
                score = None
                silent.append(f"{item.path}: {error}")
            else:
                if score is None:
                    silent.append(f"{item.path}: nothing to judge was found")
            if score is not None:
                yield outcome(item, manifest.name, condition, score)
            said(number)
        if silent:
            warnings.warn(f"{len(silent)} of {len(manifest)} left out: {silent[0]}", stacklevel=2)

    def _one(self, item: Item, manifest: Manifest, condition: str) -> float | None:
        path = manifest.file(item)
        media = probe(path)
        if media.kind is Kind.IMAGE:
            return self.picture(item, manifest, over_picture(condition, read_image(path)))
        analyzer = self._analyzer(media, Options(threads=1))
        self._feed(analyzer, item, manifest, media, condition)
        return self._said(analyzer)

    def picture(self, item: Item, manifest: Manifest, pixels: Pixels) -> float | None:
        """The score of an item whose picture is ``pixels``; None without a finding."""
        analyzer = self._analyzer(probe(manifest.file(item)), Options(threads=1))
        analyzer.frame(Frame(0, 0.0, pixels))
        return self._said(analyzer)

    def _said(self, analyzer: Analyzer) -> float | None:
        scores = [
            finding.score
            for finding in analyzer.finish().findings
            if finding.claim == self.claim and finding.score is not None
        ]
        return max(scores, default=None)

    def _feed(
        self,
        analyzer: Analyzer,
        item: Item,
        manifest: Manifest,
        media: MediaInfo,
        condition: str,
    ) -> None:
        sound: list[Samples] = []
        parts = stream(
            manifest.file(item),
            media,
            fps=self._fps,
            rate=RATE,
            want_frames=analyzer.wants_frames and media.kind is Kind.VIDEO,
            want_sound=analyzer.wants_sound and media.audio_codec is not None,
        )
        for part in parts:
            if isinstance(part, Frame):
                pixels = over_picture(condition, part.pixels)
                analyzer.frame(Frame(part.index, part.time, pixels))
            else:
                sound.append(part.samples)
        if not sound:
            return
        samples = np.concatenate(sound)
        if item.kind in SOUND_KINDS:
            samples = over_sound(condition, samples, RATE, item.item_id)
        for at in range(0, len(samples), _BLOCK):
            analyzer.sound(AudioBlock(at / RATE, RATE, samples[at : at + _BLOCK]))
