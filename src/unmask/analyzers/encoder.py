"""The whole frame and its face, as a frozen general encoder sees them: made by a camera or not?

Card: ``unmask_clip``, a head on an encoder of the user's shelf (``encoders``). Without that encoder
nothing is looked at, and the report says so. Both are seen twice, cut out at native size and as a
whole, scaled. Of a video some frames are looked at, fewer the longer it is. Scores are averaged.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.cards.card import Operating
from unmask.detectors.image.unmask_clip.looks import Looks
from unmask.detectors.image.unmask_clip.views import COLUMNS, OF_FACE, WEIGHTS, Shown, shown_of
from unmask.encoders.known import encoder
from unmask.runtime.encoder import load_encoder, remedy
from unmask.runtime.model import load_model
from unmask.types import (
    Box,
    Claim,
    Finding,
    Frame,
    Kind,
    MediaInfo,
    NotChecked,
    Saying,
    Series,
    Snapshot,
    Vote,
    Where,
    posterior,
)

DETECTOR = "unmask_clip"
SMALLEST = 64
"""Pixels of the shorter side under which a picture is not judged."""
_SUSPECT = 0.1
_SNAPSHOT = 640
_SUBJECT = {
    Claim.PICTURE_GENERATED: "as a general encoder sees it",
    Claim.FACE_MANIPULATED: "the largest face, as a general encoder sees it",
}
_SEEN = {
    (Claim.PICTURE_GENERATED, Vote.FORGED): (
        "To a general picture encoder the picture looks like those that generators made, "
        "not like photographs."
    ),
    (Claim.PICTURE_GENERATED, Vote.CLEAR): (
        "To a general picture encoder the picture looks like photographs of cameras."
    ),
    (Claim.PICTURE_GENERATED, Vote.UNDECIDED): (
        "To a general picture encoder the picture looks less like a photograph than most; "
        "that is too weak to call it generated."
    ),
    (Claim.FACE_MANIPULATED, Vote.FORGED): (
        "To a general picture encoder this face looks like generated or swapped ones, "
        "not like faces before a camera."
    ),
    (Claim.FACE_MANIPULATED, Vote.CLEAR): (
        "To a general picture encoder this face looks like faces before a camera."
    ),
    (Claim.FACE_MANIPULATED, Vote.UNDECIDED): (
        "To a general picture encoder this face looks less like one before a camera than most; "
        "that is too weak to call it forged."
    ),
}


@dataclass(slots=True)
class _Seen:
    """Scores of one claim along time, and the frame that looks most suspect."""

    claim: Claim
    scores: list[tuple[float, float]] = field(default_factory=list)
    weights: list[float] = field(default_factory=list)
    frame: Frame | None = None
    box: Box | None = None

    def add(self, score: float, frame: Frame, shown: Shown) -> None:
        if self.frame is None or score > max(value for _, value in self.scores):
            self.frame, self.box = frame, shown.face
        self.scores.append((frame.time, score))
        self.weights.append(WEIGHTS[shown.view])


class EncoderAnalyzer(Analyzer):
    """Judges the frame and its largest face by a head on a frozen encoder."""

    name = "encoder"
    title = "Whole picture and faces, by a general encoder"
    kinds = frozenset({Kind.IMAGE, Kind.VIDEO})
    wants_frames = True
    detectors = (DETECTOR,)

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._head = load_model(DETECTOR, options.threads)
        self._encoder = encoder(str(self._head.card.parameters["encoder"]))
        self._running = load_encoder(self._encoder.name, options.threads) if self._here else None
        self._looks = Looks(media.kind is Kind.VIDEO)
        self._whole = _Seen(Claim.PICTURE_GENERATED)
        self._face = _Seen(Claim.FACE_MANIPULATED)
        self._turn = 0
        self._small = 0
        self._last: Frame | None = None

    @property
    def _here(self) -> bool:
        return self._encoder.here

    def frame(self, frame: Frame) -> None:
        """Look at a still picture, or at a frame of a video whose turn it is."""
        if self._running is None:
            return
        if min(frame.pixels.shape[:2]) < SMALLEST:
            self._small += 1
            return
        self._last = frame
        if self._looks.wants(frame.time):
            self._look(frame)

    def _look(self, frame: Frame) -> None:
        assert self._running is not None
        moving = self.media.kind is Kind.VIDEO
        shown = shown_of(frame.pixels, self._encoder.side, self._turn if moving else None)
        self._turn += 1
        features = self._running.features([one.square for one in shown])
        rows = self._head.run({"features": features})["logit"]
        for one, row in zip(shown, rows, strict=True):
            score = float(row[COLUMNS[one.view]])
            (self._face if one.view in OF_FACE else self._whole).add(score, frame, one)

    def finish(self) -> Result:
        """A finding for the whole frame and one a face, or the reason why there is none."""
        if self._running is None:
            why = f"the encoder {self._encoder.name} is not on this machine. "
            return self._nothing(why + remedy(self._encoder.name))
        if self._last is not None and not self._whole.scores:
            self._look(self._last)  # a video shorter than the first pause
        if not self._whole.scores:
            return self._nothing(
                f"The picture is smaller than {SMALLEST} pixels on one side."
                if self._small
                else "No frame could be decoded."
            )
        findings = [self._finding(seen) for seen in (self._whole, self._face) if seen.scores]
        if self.media.kind is Kind.IMAGE:
            return Result(tuple(findings))
        note = (
            f"{self._turn} frames were looked at: in turn the whole and the largest face, that as "
            "a whole and at native size."
        )
        return Result(tuple(findings), (NotChecked(self.name, "every frame", note),))

    def _nothing(self, why: str) -> Result:
        return Result(not_checked=(NotChecked(self.name, self.title, why),))

    def _finding(self, seen: _Seen) -> Finding:
        row = self._head.card.for_claim(seen.claim.value)
        score = float(np.average([value for _, value in seen.scores], weights=seen.weights))
        assert seen.frame is not None
        still = self.media.kind is Kind.IMAGE
        where = Where(boxes=(seen.box,)) if seen.box is not None else Where()
        return Finding(
            analyzer=self.name,
            claim=seen.claim,
            reason="",
            detector=DETECTOR,
            subject=_SUBJECT[seen.claim],
            score=score,
            llr=row.llr(score),
            series=() if still else (_course(seen, row),),
            snapshots=(
                (_snapshot(seen.frame, seen.box, still),) if score > row.threshold(_SUSPECT) else ()
            ),
            details={"looks": len(seen.scores), "calibrated on": row.fitted_on},
            sayings=tuple(Saying(vote, _SEEN[seen.claim, vote], where) for vote in Vote),
        ).settled(row.vote(score, self.options.fpr))


def _course(seen: _Seen, row: Operating) -> Series:
    times = tuple(time for time, _ in seen.scores)
    return Series(
        seen.claim.value, times, tuple(posterior(row.llr(v), 0.5) for _, v in seen.scores)
    )


def _snapshot(frame: Frame, box: Box | None, still: bool) -> Snapshot:
    height, width = frame.pixels.shape[:2]
    picture = Image.fromarray(frame.pixels)
    picture.thumbnail((_SNAPSHOT, _SNAPSHOT))
    caption = "The frame that looks most generated" if box is None else "The face that was judged"
    time = None if still else frame.time
    return Snapshot(np.asarray(picture), Box(0, 0, width, height), time, caption)
