"""What the file says about itself: who made it, with what, and what contradicts that."""

from __future__ import annotations

import datetime
from typing import TYPE_CHECKING

from unmask.analyzers.base import Analyzer, Options, Result
from unmask.decision.evidence import THUMBNAIL
from unmask.errors import MediaError
from unmask.types import (
    Absent,
    Claim,
    Finding,
    Frame,
    Kind,
    Mask,
    MediaInfo,
    NotChecked,
    Where,
)

if TYPE_CHECKING:
    from unmask.metadata.contradictions import Evidence
    from unmask.metadata.fields import Metadata
    from unmask.metadata.rules import Contradiction, Match
    from unmask.metadata.thumbnail import Comparison

_SEEN = {
    "specification": "a published standard",
    "code": "the code of a program that writes or reads it",
    "reported": "others describe files that hold it",
    "name": "only the product's own name",
}
_OTHER = ("thumbnail_region", "thumbnail_other")
"""Checks whose outcome counts in the decision as a thumbnail that shows another picture."""
_TOLD = ("prompt", "model", "seed")
_FIRST = ("camera", "device", "taken", "program", "container written by", "place")


class MetadataFacts(Analyzer):
    """Reads every tag and holds them against the rules and against each other."""

    name = "metadata"
    title = "What the file says about itself, and what contradicts it"
    kinds = frozenset(Kind)
    votes = False

    def __init__(self, media: MediaInfo, options: Options) -> None:
        super().__init__(media, options)
        self.wants_frames = media.kind is Kind.IMAGE
        self._comparison: Comparison | None = None
        self._failure = ""
        self._read: Metadata | None = None

    def frame(self, frame: Frame) -> None:
        """Hold the picture against the embedded thumbnail; the pixels are not kept."""
        metadata = self._metadata()
        if metadata is None or not metadata.thumbnail:
            return
        from unmask.metadata import thumbnail

        turn = metadata.text("thumbnail:Orientation", "exif:Orientation")
        known = len(turn) == 1 and turn in "12345678"
        turned = int(turn) if known else 1
        self._comparison = thumbnail.held_against(metadata.thumbnail, turned, frame.pixels)

    def finish(self) -> Result:
        """Declarations first, then contradictions, then what is neutral."""
        metadata = self._metadata()
        if metadata is None:
            return Result(not_checked=(NotChecked(self.name, "the metadata", self._failure),))
        from unmask.metadata.contradictions import Evidence, contradictions
        from unmask.metadata.rules import matches, rules

        matched = tuple(matches(metadata))
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        evidence = Evidence(metadata, self.media, matched, self._comparison, now)
        declared = [match for match in matched if match.rule.bearing is not None]
        findings = [self._declared(match) for match in declared]
        findings += [self._against(known, text) for known, text in contradictions(evidence)]
        findings += self._neutral(evidence)
        traces = sum(rule.bearing is not None for rule in rules().rule)
        absent = [] if declared else [f"a trace of a generator in the metadata ({traces} rules)"]
        if not metadata.fields:
            absent.append("any metadata")
        return Result(
            findings=tuple(findings),
            not_checked=tuple(
                NotChecked(self.name, "a part of the metadata", note) for note in metadata.notes
            ),
            absent=tuple(Absent(self.name, what) for what in absent),
        )

    def _metadata(self) -> Metadata | None:
        """The tags, read once; None where the file cannot be read any more."""
        if self._read is None and not self._failure:
            from unmask.metadata.reading import read_metadata

            try:
                self._read = read_metadata(self.media.file)
            except MediaError as error:
                self._failure = str(error)
        return self._read

    def _declared(self, match: Match) -> Finding:
        from unmask.metadata.declared import extract
        from unmask.metadata.text import shown

        rule, field = match.rule, match.field
        read = extract(rule.details, field.text)
        told = [f" {key.capitalize()}: {shown(read[key], 120)}." for key in _TOLD if key in read]
        return Finding(
            analyzer=self.name,
            claim=Claim.METADATA,
            subject=rule.id,
            kind="fact",
            reason=f"The file says so itself: {rule.says}.{''.join(told)} "
            "Anybody can write or remove a tag.",
            bearing=rule.bearing,
            details={
                "tag": shown(field.key, 80),
                "value": shown(field.text, 600),
                **read,
                "rule from": rule.source,
                "rule rests on": _SEEN[rule.seen],
            },
        )

    def _against(self, known: Contradiction, measured: str) -> Finding:
        from unmask.metadata.text import shown

        return Finding(
            analyzer=self.name,
            claim=Claim.METADATA,
            subject=known.id,
            kind="fact",
            reason=f"{known.opening}: {known.says} "
            f"({shown(measured, 200)}). It can be innocent: {known.innocent}.",
            bearing=known.bearing,
            sign=THUMBNAIL if known.check in _OTHER else "",
            where=self._place() if known.id == "thumbnail-region" else Where(),
            details={"measured": shown(measured, 300), "rule from": known.source},
        )

    def _place(self) -> Where:
        found = self._comparison
        if found is None or found.values is None or found.box is None:
            return Where()
        return Where(masks=(Mask(found.values, found.box),))

    def _neutral(self, evidence: Evidence) -> list[Finding]:
        from unmask.metadata.facts import facts, tags
        from unmask.metadata.text import shown

        neutral = [match.rule.says for match in evidence.matched if match.rule.bearing is None]
        said = facts(evidence)
        if not evidence.metadata.fields or not (said or neutral):
            return []
        told = [f"{name}: {shown(said[name], 100)}" for name in _FIRST if name in said]
        sentences = ["; ".join(told)] if told else []
        sentences += [f"By its tags {says}" for says in neutral[:3]]
        if not sentences:
            sentences = ["It names neither camera nor program nor date"]
        return [
            Finding(
                analyzer=self.name,
                claim=Claim.METADATA,
                subject="what the file says about itself",
                kind="fact",
                reason=". ".join(text[0].upper() + text[1:] for text in sentences) + ".",
                details={**said, "by its tags": neutral, **tags(evidence.metadata)},
            )
        ]
