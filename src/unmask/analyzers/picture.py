"""The whole frame: is a part of it spliced, copied or filled, or was all of it generated?

Card: ``unmask_picture``. A still picture is judged as a whole. Of a video about one frame a second
is looked at, through a few spread tiles; the frame with the highest score is judged as a whole at
the end, so that a finding can show a place.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.cards.card import Card, Operating
from unmask.detectors.image.unmask_picture.pattern import regular_pattern
from unmask.detectors.image.unmask_picture.tiles import Budget, Judgement, glance, islands, judge
from unmask.runtime.model import load_model
from unmask.types import (
    Box,
    Claim,
    Finding,
    Frame,
    Kind,
    Mask,
    MediaInfo,
    NotChecked,
    Pixels,
    Saying,
    Series,
    Snapshot,
    Tensor,
    Vote,
    Where,
    posterior,
)

DETECTOR = "unmask_picture"
SMALLEST = 64
"""Pixels of the shorter side under which a picture is not judged."""
FRAME_TILES = 6
"""Tiles looked at in one frame of a video."""
KEPT_FRAMES = 600
"""Frames of a video whose scores are kept; the interval doubles when there are more."""
SNAPSHOT = 1024
"""Pixels of the longer side of the evidence picture."""
MOST_BOXES = 8
_SUSPECT = 0.1
"""Of a score over the threshold of this rate the picture is kept as evidence."""

_CLAIMS = (Claim.PICTURE_EDITED, Claim.PICTURE_GENERATED)
_SEEN = {
    (Claim.PICTURE_EDITED, Vote.FORGED): (
        "Noise and compression traces in a part of the picture do not match the rest: "
        "it looks pasted, copied or filled in."
    ),
    (
        Claim.PICTURE_EDITED,
        Vote.CLEAR,
    ): "Noise and compression traces agree over the whole picture.",
    (Claim.PICTURE_EDITED, Vote.UNDECIDED): (
        "Parts of the picture differ in their traces as in few real pictures; "
        "that is too weak to call an edit."
    ),
    (Claim.PICTURE_GENERATED, Vote.FORGED): (
        "The fine grain of the picture has the regularities that a generator's up-sampling leaves."
    ),
    (Claim.PICTURE_GENERATED, Vote.CLEAR): (
        "The fine grain of the picture shows none of the up-sampling traces of known generators."
    ),
    (Claim.PICTURE_GENERATED, Vote.UNDECIDED): (
        "The fine grain of the picture has up-sampling traces as few real pictures have; "
        "they are too weak to tell a generator from saving and scaling."
    ),
}
_PATTERN = "a regular pattern of its own covers the picture"
_PATTERNED = {
    claim: (
        "A regular pattern of its own covers the picture (dots, lines, weave, a screen, repeated "
        f"pixels or rows). This model cannot tell it from {mistaken}, so its score does not count."
    )
    for claim, mistaken in (
        (Claim.PICTURE_EDITED, "the traces of an edit"),
        (Claim.PICTURE_GENERATED, "the regularities that a generator leaves"),
    )
}


class PictureAnalyzer(Analyzer):
    """Looks for edits and for generation in the whole frame."""

    name = "picture"
    title = "Whole picture: edits and generation"
    kinds = frozenset({Kind.IMAGE, Kind.VIDEO})
    wants_frames = True
    detectors = (DETECTOR,)

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._model = load_model(DETECTOR, options.threads)
        self._budget = _budget(self._model.card)
        self._still: Frame | None = None
        self._scores: list[tuple[float, float, float]] = []
        self._interval = 1.0
        self._next = float("-inf")
        self._looked = 0
        self._small = 0
        self._best: tuple[float, Frame] | None = None

    def _run(self, tiles: Tensor) -> tuple[Tensor, Tensor]:
        out = self._model.run({"tile": tiles})
        return out["logits"], out["mask"]

    def frame(self, frame: Frame) -> None:
        """Keep a still picture; glance at about one frame a second of a video."""
        if min(frame.pixels.shape[:2]) < SMALLEST:
            self._small += 1
            return
        if self.media.kind is Kind.IMAGE:
            if self._still is None:
                self._still = frame
            return
        if frame.time < self._next:
            return
        self._next = frame.time + self._interval
        edited, generated = glance(frame.pixels, self._run, self._budget, FRAME_TILES)
        self._looked += 1
        self._scores.append((frame.time, edited, generated))
        if len(self._scores) > KEPT_FRAMES:
            self._scores = self._scores[::2]
            self._interval *= 2
        if self._best is None or edited > self._best[0]:
            self._best = (edited, frame)

    def finish(self) -> Result:
        """One finding a claim, or the reason why there is none."""
        if self._still is not None:
            return self._of_picture(self._still)
        if self._scores:
            return self._of_video()
        why = (
            f"The picture is smaller than {SMALLEST} pixels on one side."
            if self._small
            else "No frame could be decoded."
        )
        return Result(not_checked=(NotChecked(self.name, "edits and generation", why),))

    def _of_picture(self, frame: Frame) -> Result:
        judgement = judge(frame.pixels, self._run, self._budget)
        regular = _pattern(frame, judgement)
        findings = tuple(
            self._finding(claim, score, frame, judgement, still=True, regular=regular)
            for claim, score in zip(_CLAIMS, (judgement.edited, judgement.generated), strict=True)
        )
        if judgement.shrunk == 1.0:
            return Result(findings)
        note = (
            f"The picture was shrunk to {judgement.shrunk:.0%} to look at all of it; "
            f"at full size only {self._budget.spread} spread tiles were looked at."
        )
        return Result(findings, (NotChecked(self.name, "every pixel at full size", note),))

    def _of_video(self) -> Result:
        assert self._best is not None
        frame = self._best[1]
        judgement = judge(frame.pixels, self._run, self._budget)
        regular = _pattern(frame, judgement)
        table = np.array(self._scores)
        findings = []
        for column, claim in enumerate(_CLAIMS, start=1):
            scores = table[:, column]
            row = self._model.card.for_claim(claim.value)
            chances = tuple(posterior(row.llr(float(score)), 0.5) for score in scores)
            series = Series(claim.value, tuple(float(t) for t in table[:, 0]), chances)
            finding = self._finding(
                claim,
                float(scores.mean()),
                frame,
                judgement,
                still=False,
                regular=regular,
                series=(series,),
            )
            findings.append(finding)
        note = (
            f"{self._looked} frames were looked at (one every {self._interval:g} s), "
            f"{FRAME_TILES} tiles in each; the thresholds were fitted on still pictures."
        )
        return Result(tuple(findings), (NotChecked(self.name, "every frame", note),))

    def _finding(
        self,
        claim: Claim,
        score: float,
        frame: Frame,
        judgement: Judgement,
        still: bool,
        regular: bool,
        series: tuple[Series, ...] = (),
    ) -> Finding:
        row = self._model.card.for_claim(claim.value)
        suspect = score > row.threshold(_SUSPECT)
        time = None if still else frame.time
        sayings = tuple(
            Saying(
                vote,
                _PATTERNED[claim] if regular else _SEEN[claim, vote],
                _where(frame.pixels, judgement, _level(self._model.card), vote, time)
                if claim is Claim.PICTURE_EDITED
                else Where(),
            )
            for vote in Vote
        )
        return Finding(
            analyzer=self.name,
            claim=claim,
            reason="",
            detector=DETECTOR,
            score=score,
            llr=row.llr(score),
            series=series,
            snapshots=(_snapshot(frame.pixels, time, claim),) if suspect else (),
            details=_details(row, judgement, self._looked),
            sayings=sayings,
            withheld=_PATTERN if regular else "",
        ).settled(Vote.UNDECIDED if regular else row.vote(score, self.options.fpr))


def _pattern(frame: Frame, judgement: Judgement) -> bool:
    """Whether a regular pattern covers the picture, as it is or as it was shrunk to be judged."""
    if regular_pattern(frame.pixels):
        return True
    if judgement.shrunk == 1.0:
        return False
    height, width = (round(side * judgement.shrunk) for side in frame.pixels.shape[:2])
    small = Image.fromarray(frame.pixels).resize((width, height), Image.Resampling.LANCZOS)
    return regular_pattern(np.asarray(small))


def _budget(card: Card) -> Budget:
    """How pictures are cut, as the card says."""
    given = card.parameters
    return Budget(
        side=int(given["tile"]),
        step=int(given["step"]),
        cover=int(given["cover_tiles"]),
        spread=int(given["spread_tiles"]),
    )


def _level(card: Card) -> float:
    return float(card.parameters["mask_level"])


def _details(row: Operating, judgement: Judgement, frames: int) -> dict[str, object]:
    return {
        "tiles": judgement.tiles,
        "shrunk": round(judgement.shrunk, 3),
        "frames": frames or 1,
        "calibrated on": row.fitted_on,
    }


def _where(
    pixels: Pixels, judgement: Judgement, level: float, vote: Vote, time: float | None
) -> Where:
    """The mask over the whole picture, and boxes around marked areas of a forged one."""
    height, width = pixels.shape[:2]
    values: NDArray[np.float32] = (1 / (1 + np.exp(-judgement.mask))).astype(np.float32)
    mask = Mask(values, Box(0, 0, width, height), level, time)
    if vote is Vote.CLEAR:
        return Where(masks=(mask,))
    down, across = height / values.shape[0], width / values.shape[1]
    boxes = tuple(
        Box(left * across, top * down, (right - left) * across, (bottom - top) * down)
        for top, left, bottom, right in islands(values >= level)[:MOST_BOXES]
    )
    return Where(boxes=boxes, masks=(mask,))


def _snapshot(pixels: Pixels, time: float | None, claim: Claim) -> Snapshot:
    height, width = pixels.shape[:2]
    picture = Image.fromarray(pixels)
    picture.thumbnail((SNAPSHOT, SNAPSHOT))
    caption = "Marked: where an edit is suspected" if claim is Claim.PICTURE_EDITED else ""
    return Snapshot(np.asarray(picture), Box(0, 0, width, height), time, caption)
