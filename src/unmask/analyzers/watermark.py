"""Invisible and inaudible marks of generators, read back.

The work is in ``unmask.watermarks``: the messages of public picture pipelines, and PerTh, the mark
of Chatterbox voices, when its weights are installed. A mark is a statement that the file makes
about itself. It does not survive everything, so a file without one may still be generated;
``docs/watermark.md`` has the figures.
"""

from __future__ import annotations

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.errors import UnmaskError
from unmask.types import (
    Absent,
    AudioBlock,
    Claim,
    Finding,
    Frame,
    Kind,
    Label,
    MediaInfo,
    NotChecked,
    Span,
    Where,
)
from unmask.watermarks import perth
from unmask.watermarks.excerpts import Excerpts
from unmask.watermarks.marks import known
from unmask.watermarks.reading import ENOUGH, SMALLEST, Match, Reader

FRAMES = 5
"""Frames of a video that are read, spread over its length."""
_GAP = 2.0
_WHAT = "an invisible mark of a known picture generator (DWT-DCT)"
_HEARD = "the inaudible mark of Chatterbox voices (PerTh)"


class WatermarkAnalyzer(Analyzer):
    """Looks for the marks that public generators embed in pictures and voices."""

    name = "watermark"
    title = "Invisible and inaudible marks of generators"
    kinds = frozenset(Kind)
    wants_frames = True
    wants_sound = True
    votes = False

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self._reader = Reader(known())
        self._read = 0
        self._next = 0.0
        self._small = False
        self._excerpts = Excerpts(media.seconds)
        self._hears = media.audio_codec is not None

    def frame(self, frame: Frame) -> None:
        """Read a still picture, or the next of a few frames of a video."""
        if self._read >= FRAMES or frame.time < self._next:
            return
        height, width = frame.pixels.shape[:2]
        if height * width < SMALLEST:
            self._small = True
            return
        self._reader.add(frame.pixels)
        self._read += 1
        gap = self.media.seconds / FRAMES if self.media.seconds else _GAP
        self._next = frame.time + gap

    def sound(self, block: AudioBlock) -> None:
        """Keep a few stretches of the sound."""
        self._excerpts.add(block)

    def finish(self) -> Result:
        """A finding for each mark that is there; else that none is, or why that is not known."""
        seen = self._seen() if self.media.kind is not Kind.AUDIO else Result()
        heard = self._heard() if self._hears else Result()
        return Result(
            seen.findings + heard.findings,
            seen.not_checked + heard.not_checked,
            seen.absent + heard.absent,
        )

    def _seen(self) -> Result:
        if not self._read:
            why = (
                f"It has fewer than {SMALLEST} pixels: the known encoders mark no such picture."
                if self._small
                else "No frame could be decoded."
            )
            return Result(not_checked=(NotChecked(self.name, _WHAT, why),))
        there = [match for match in self._reader.matches() if match.there]
        if not there:
            return Result(absent=(Absent(self.name, _WHAT),))
        return Result(tuple(self._finding(match) for match in there))

    def _heard(self) -> Result:
        try:
            heard = perth.judged(self._excerpts.all(), perth.load())
        except UnmaskError as error:
            return Result(not_checked=(NotChecked(self.name, _HEARD, str(error)),))
        if heard is None:
            why = "There is no second of sound that is not silence."
            return Result(not_checked=(NotChecked(self.name, _HEARD, why),))
        if not heard.there:
            return Result(absent=(Absent(self.name, _HEARD),))
        long = heard.seconds >= perth.LONG
        finding = Finding(
            analyzer=self.name,
            claim=Claim.WATERMARK,
            kind="fact",
            bearing=Label.SYNTHETIC if long else Label.INCONCLUSIVE,
            reason=(
                f"The sound {'carries' if long else 'seems to carry'} the inaudible mark of PerTh, "
                "which Chatterbox and other products of Resemble AI put into the voices that they "
                "generate"
                + ("." if long else f"; {heard.seconds:.1f} s are too little to be sure.")
            ),
            where=Where(spans=tuple(Span(start, end) for start, end in heard.spans)),
            details={
                "mark": "PerTh",
                "confidence": round(heard.confidence, 3),
                "confidence needed": perth.ENOUGH,
                "seconds read": round(heard.seconds, 2),
                "source": perth.SOURCE,
            },
        )
        return Result((finding,))

    def _finding(self, match: Match) -> Finding:
        mark = match.mark
        what = "The picture" if self.media.kind is Kind.IMAGE else "The video"
        made = (
            "generated by"
            if mark.makes == Label.SYNTHETIC
            else "a photo of which a part was generated by"
        )
        return Finding(
            analyzer=self.name,
            claim=Claim.WATERMARK,
            kind="fact",
            bearing=Label(mark.makes),
            reason=(
                f"{what} carries the invisible mark {mark.name!r} "
                f"({match.agreeing} of {match.bits} bits): it says that it is {made} "
                f"{mark.pipeline}."
            ),
            details={
                "mark": mark.name,
                "pipeline": mark.pipeline,
                "bits": match.bits,
                "agreeing": match.agreeing,
                "z": round(match.z, 2),
                "z needed": ENOUGH,
                "frames read": self._read,
                "source": mark.source,
            },
        )
