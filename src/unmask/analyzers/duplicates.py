"""Is the file a copy or an edit of something that the user knows, by the user's own index?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from unmask.analyzers.base import Analyzer, Options, Result
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
    Pixels,
    Span,
    Where,
)

if TYPE_CHECKING:
    from unmask.index.changes import Changes
    from unmask.index.films import Watched
    from unmask.index.item import Item
    from unmask.index.pictures import Seen
    from unmask.index.recordings import Heard

_DOUBT = (
    "Either this file was edited, or the item in the index was: which of the two is the original "
    "the index cannot say."
)
_UPRIGHT, _MIRRORED = 1, 2
_TURNED = {
    2: "mirrored",
    3: "turned upside down",
    4: "mirrored top to bottom",
    5: "turned and mirrored",
    6: "turned by a quarter",
    7: "turned and mirrored",
    8: "turned by a quarter",
}
_SAME_PLACE = 1.5


class DuplicatesAnalyzer(Analyzer):
    """Looks the file up in the index of known items and says what differs."""

    name = "duplicates"
    title = "Known items"
    kinds = frozenset({Kind.IMAGE, Kind.VIDEO, Kind.AUDIO})
    wants_frames = True
    wants_sound = True
    votes = False
    needs = "index"

    @classmethod
    def prepare(cls, options: Options) -> None:
        """Open the index. Raises StoreError when it is missing, damaged or locked."""
        from unmask.index.library import opened

        opened(options.index)

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        from unmask.index.audio_fingerprint import HOP, Listening
        from unmask.index.keys import Filming
        from unmask.index.library import opened

        self._library = opened(options.index)
        self._picture: Pixels | None = None
        self._filming = Filming((_UPRIGHT, _MIRRORED))
        self._listening = Listening(), Listening(late=HOP // 2)

    def frame(self, frame: Frame) -> None:
        """Take the next frame."""
        if self.media.kind is Kind.IMAGE:
            self._picture = frame.pixels
        else:
            self._filming.feed(frame.time, frame.pixels)

    def sound(self, block: AudioBlock) -> None:
        """Take the next block of sound."""
        for listening in self._listening:
            listening.feed(block.samples)

    def finish(self) -> Result:
        """Say which known items are in the file, and where they differ from it."""
        findings: list[Finding] = []
        same = self._library.same_bytes(self.media.sha256)
        if same is not None:
            findings.append(
                self._finding(
                    same, f"This is a copy, byte for byte, of the known item {_of(same)}."
                )
            )
        findings += self._pictures() + self._films() + self._recordings()
        findings = [
            finding
            for finding in findings
            if finding is findings[0] or same is None or finding.details["sha256"] != same.sha256
        ]
        not_checked: tuple[NotChecked, ...] = ()
        store = self._library.store
        if store.damaged:
            why = f"{store.left_out()}: restore the index from a copy, or add the files again"
            not_checked = (NotChecked(self.name, "a part of the index", why),)
        absent = () if findings else (Absent(self.name, "a copy or an edit of an indexed item"),)
        return Result(tuple(findings), not_checked, absent)

    def _finding(
        self,
        item: Item,
        reason: str,
        where: Where | None = None,
        bearing: Label | None = None,
        **details: Any,
    ) -> Finding:
        about = {"item": item.name, "path": item.path, "sha256": item.sha256, "added": item.added}
        return Finding(
            analyzer=self.name,
            claim=Claim.KNOWN_ITEM,
            reason=reason,
            where=where or Where(),
            kind="fact",
            subject=item.name,
            bearing=bearing,
            details=about | details,
        )

    def _pictures(self) -> list[Finding]:
        if self._picture is None:
            return []
        from unmask.index.changes import changes
        from unmask.index.library import original

        findings = []
        for item, seen in self._library.pictures(self._picture):
            kept = self._library.kept(item)
            if kept is not None:
                made = changes(seen, self._picture, kept, original(item))
                findings.append(self._pictured(item, seen, made))
        return findings

    def _pictured(self, item: Item, seen: Seen, made: Changes) -> Finding:
        mask = made.mask
        how = [_TURNED[made.turn]] if made.turn in _TURNED else []
        how += [f"cut down to {made.shown:.0%} of it"] if made.cropped else []
        how += [f"filling {made.covered:.0%} of this picture"] if made.framed else []
        said = f" ({', '.join(how)})" if how else ""
        if mask is None:
            reason = (
                f"This is a re-saved copy of the known picture {_of(item)}{said}. What both show "
                "is the same, but for saving, scaling and colours."
            )
        else:
            places = "one place" if len(made.boxes) == 1 else f"{len(made.boxes)} places"
            reason = (
                f"This is the known picture {_of(item)}{said} with a difference in {places}, "
                f"{_share(made.share)} of what both show. {_DOUBT}"
            )
        return self._finding(
            item,
            reason,
            Where(boxes=made.boxes, masks=(mask,)) if mask else Where(),
            Label.INCONCLUSIVE if mask else None,
            relation="edited" if mask else "copy",
            distance_bits=seen.bits,
            similarity=round(seen.likeness.share, 3),
            misfit_pixels=round(seen.likeness.shift, 3),
            differs_share=round(made.share, 4),
            shown_share=round(made.shown, 3),
            covered_share=round(made.covered, 3),
            turned=_TURNED.get(made.turn, "upright"),
        )

    def _films(self) -> list[Finding]:
        times = self._filming.times
        if self.media.kind is not Kind.VIDEO or not len(times):
            return []
        found = self._library.films(times, self._filming.turns)
        return [self._watched(item, watched) for item, watched in found]

    def _watched(self, item: Item, watched: Watched) -> Finding:
        mirrored = ", mirrored" if watched.turn == _MIRRORED else ""
        reason = (
            f"The pictures from {_seconds(watched.start, watched.end)} are those of the known "
            f"video {_of(item)} from its second {watched.known:.1f} on{mirrored}."
        )
        if watched.differs:
            reason += f" They differ at {_spans(watched.differs)}. {_DOUBT}"
        else:
            reason += " Small changes inside a frame are not looked for."
        return self._finding(
            item,
            reason,
            Where(spans=watched.differs or (Span(watched.start, watched.end),)),
            Label.INCONCLUSIVE if watched.differs else None,
            relation="edited" if watched.differs else "copy",
            distance_bits=watched.bits,
            similarity=round(1 - watched.bits / 256, 3),
            frames=watched.frames,
            known_second=watched.known,
        )

    def _recordings(self) -> list[Finding]:
        found = self._library.recordings([one.codes() for one in self._listening])
        return [self._heard(item, heard) for item, heard in found]

    def _heard(self, item: Item, heard: Heard) -> Finding:
        from unmask.index.recordings import missing

        first = heard.pieces[0]
        pieces = "; ".join(
            f"{_seconds(p.start, p.end)} from its second {p.known:.1f} on" for p in heard.pieces
        )
        kind = "sound of the known video" if item.kind is Kind.VIDEO else "known recording"
        reason = f"The {kind} {_of(item)} is heard: {pieces}."
        if heard.differs:
            reason += f" In between it differs at {_spans(heard.differs)}."
        cuts = missing(heard)
        if cuts:
            said = ", ".join(f"{seconds:+.1f} s at {at:.1f} s" for at, seconds in cuts)
            reason += f" Its pieces do not follow each other as in the known one ({said})."
        edited = bool(heard.differs or cuts)
        around = [Span(max(0.0, at - _SAME_PLACE / 2), at + _SAME_PLACE / 2) for at, _ in cuts]
        spans = (*heard.differs, *around) if edited else _pieces(heard)
        return self._finding(
            item,
            f"{reason} {_DOUBT}" if edited else reason,
            Where(spans=spans),
            Label.INCONCLUSIVE if edited else None,
            relation="edited" if edited else "copy",
            distance_bits=round(32 * heard.errors, 2),
            similarity=round(1 - heard.errors, 3),
            seconds=round(heard.seconds, 2),
            known_second=first.known,
            pieces=[[p.start, p.end, p.known] for p in heard.pieces],
        )


def _of(item: Item) -> str:
    return f"{item.name!r} (added {item.added[:10]})"


def _share(share: float) -> str:
    return "under 1 %" if share < 0.01 else f"{100 * share:.0f} %"


def _seconds(start: float, end: float) -> str:
    return f"{start:.1f} to {end:.1f} s"


def _spans(spans: tuple[Span, ...]) -> str:
    return ", ".join(_seconds(span.start, span.end) for span in spans[:5])


def _pieces(heard: Heard) -> tuple[Span, ...]:
    return tuple(Span(piece.start, piece.end) for piece in heard.pieces)
