"""The published form of a result: what every key of the JSON means, in which unit.

The models here are the only place where the form is written down; ``json_schema`` turns them into
JSON Schema 2020-12. Within version 2 keys are added and never removed, renamed or given another
meaning, so a reader must ignore keys that it does not know.
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from unmask.types import Claim, Kind, Label, Vote

SCHEMA_VERSION = "2.0"

Probability = Annotated[float, Field(ge=0, le=1)]
Seconds = Annotated[float, Field(ge=0)]
Base64 = Annotated[str, Field(json_schema_extra={"contentEncoding": "base64"})]
Version = Annotated[str, Field(pattern=r"^2\.[0-9]+$")]


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False)


class BoxRecord(_Record):
    """A rectangle in pixels of the upright original; the origin is its top left corner."""

    x: float = Field(description="Left edge in pixels.")
    y: float = Field(description="Top edge in pixels.")
    width: float = Field(description="Width in pixels.")
    height: float = Field(description="Height in pixels.")


class SpanRecord(_Record):
    """A stretch of time in seconds from the start of the recording."""

    start: float = Field(description="First second.")
    end: float = Field(description="Last second.")


class MaskRecord(_Record):
    """How suspect each part of a picture is, as a grid that is stretched over ``box``."""

    png: Base64 = Field(
        description="The grid as a base64 PNG, 8-bit grey: value / 255 is the suspicion, 0 to 1.",
        json_schema_extra={"contentMediaType": "image/png"},
    )
    rows: int = Field(ge=1, description="Rows of the grid.")
    columns: int = Field(ge=1, description="Columns of the grid.")
    box: BoxRecord = Field(description="Where the grid lies in the original.")
    level: float = Field(description="From this suspicion on a cell counts as marked.")
    time: float | None = Field(description="Second of the frame; null for a still picture.")


class WhereRecord(_Record):
    """The place of a finding. Lists that do not apply are empty."""

    boxes: list[BoxRecord] = Field(description="Rectangles in the picture.")
    spans: list[SpanRecord] = Field(description="Stretches of time.")
    masks: list[MaskRecord] = Field(description="Heat-maps.")


class SeriesRecord(_Record):
    """A probability along time: ``values[i]`` holds at ``times[i]``."""

    name: str = Field(description="What is drawn.")
    times: list[float] = Field(description="Seconds from the start, ascending.")
    values: list[Probability | None] = Field(
        description="Probability of forgery, 0 to 1; null where nothing could be judged."
    )


class SnapshotRecord(_Record):
    """A picture kept as evidence. Present only where the caller asked for snapshots."""

    jpeg: Base64 = Field(
        description="The picture as a base64 JPEG, possibly reduced.",
        json_schema_extra={"contentMediaType": "image/jpeg"},
    )
    box: BoxRecord = Field(description="The part of the original that it shows.")
    time: float | None = Field(description="Second of the frame; null for a still picture.")
    caption: str = Field(description="What it shows, in words.")


class NodeRecord(_Record):
    """A branch of a tree, such as a picture and what it was made from."""

    label: str = Field(description="What it is.")
    remark: str = Field(description="A remark; may be ''.")
    children: list[NodeRecord] = Field(description="What hangs on it.")


class FindingRecord(_Record):
    """One thing an analyzer has to say."""

    analyzer: str = Field(description="Which analyzer says it.")
    claim: Claim = Field(description="What is said about the file.")
    kind: Annotated[str, Field(pattern="^(score|fact)$")] = Field(
        description="'score': a calibrated opinion. 'fact': something read, not estimated."
    )
    subject: str = Field(description="Tells findings of one analyzer apart ('face 2'); may be ''.")
    detector: str = Field(description="Name of the detector that scored it; '' for a fact.")
    score: float | None = Field(
        description="Raw output of the detector, no unit, higher = forged; null for a fact."
    )
    llr: float | None = Field(
        description="Natural log of p(score | forged) / p(score | authentic); null for a fact."
    )
    probability: Probability | None = Field(
        description="Posterior probability of forgery under verdict.prior; null for a fact."
    )
    vote: Vote | None = Field(
        description="'forged': it decided that the file is flagged, or would alone; 'undecided': "
        "over the threshold of 5 % of authentic files; else 'clear'; null for a fact."
    )
    reason: str = Field(description="One or two sentences for a person.")
    where: WhereRecord = Field(description="The place in the file.")
    series: list[SeriesRecord] = Field(description="Scores along time.")
    details: dict[str, Any] = Field(
        description="More values of this analyzer. Their keys may change with its version."
    )
    snapshots: list[SnapshotRecord] = Field(description="Evidence pictures; empty unless asked.")
    bearing: Label | None = Field(
        description="What a fact decides by itself: 'manipulated' and 'synthetic' settle the "
        "verdict, 'inconclusive' forbids to clear the file; null for a score, and where it "
        "decides nothing."
    )
    tree: list[NodeRecord] = Field(description="What the file was made from, where it says so.")
    rate: Probability | None = Field(
        description="Of a detector that joins: the share of authentic items with so high a score, "
        "by its own calibration; else null."
    )
    withheld: str = Field(description="Why the score does not count in this file; else ''.")


class NotCheckedRecord(_Record):
    """Something that was not judged."""

    analyzer: str = Field(description="Which analyzer would have judged it.")
    what: str = Field(description="What was not judged.")
    why: str = Field(description="Why not.")


class AbsentRecord(_Record):
    """Something that was looked for and is not there."""

    analyzer: str = Field(description="Which analyzer looked.")
    what: str = Field(description="What it looked for.")


class PowerRecord(_Record):
    """How often forgeries of one kind are found in files like this one."""

    detector: str = Field(description="The detector whose card says so.")
    kind: str = Field(description="The kind of forgery.")
    bucket: str = Field(description="The quality of the files that were counted.")
    share: Probability = Field(
        description="Share of known forgeries, of makers and sources left out of training, that "
        "is flagged at 'fpr'."
    )
    files: int = Field(ge=1, description="How many were counted.")
    fpr: Probability = Field(description="The false-positive rate it was counted at.")


class VerdictRecord(_Record):
    """The fused answer."""

    label: Label = Field(
        description="'no-sign-found' is no proof: 'powers' says what it is worth. "
        "'inconclusive' is a result, not a failure."
    )
    probability: Probability | None = Field(
        description="Posterior probability of forgery under prior; null where no score counted."
    )
    llr: float | None = Field(description="Combined log-likelihood ratio in nats, holds no prior.")
    fpr: Probability = Field(
        description="False-positive rate of the operating point: share of authentic files that "
        "would be flagged, as measured on the calibration data."
    )
    prior: Probability = Field(description="Assumed share of forged files before looking.")
    reason: str = Field(description="Why, in words.")
    rate: Probability | None = Field(
        description="Share of authentic files of this situation whose signs are at least as "
        "strong, 0.0001 at the lowest: the 'fpr' at which the file would just be flagged; null "
        "where nothing could be judged."
    )
    decided_by: int | None = Field(
        ge=0, description="Number, from 0, of the finding that decided; null where none did."
    )
    powers: list[PowerRecord] = Field(
        description="What 'no-sign-found' is worth: one entry for each kind of forgery."
    )
    basis: str = Field(description="The authentic files that the rate was held on; may be ''.")
    unlike: str = Field(
        description="Why the rate may not hold for this file, if it is unlike those; else ''."
    )


class MediaRecord(_Record):
    """What the file is, found from its bytes. What does not apply is null."""

    path: str = Field(description="Path as given. Bytes that are not Unicode are escaped (\\u…).")
    kind: Kind = Field(description="What the file holds.")
    container: str = Field(description="File format.")
    bytes: int = Field(ge=0, description="Size of the file in bytes.")
    sha256: str = Field(description="SHA-256 of the file's bytes, lower-case hexadecimal.")
    width: int | None = Field(description="Width of the upright picture in pixels.")
    height: int | None = Field(description="Height of the upright picture in pixels.")
    seconds: float | None = Field(description="Duration in seconds.")
    frame_rate: float | None = Field(description="Mean frames per second.")
    frames: int | None = Field(description="Number of frames, where known.")
    video_codec: str | None = Field(description="Codec of the pictures.")
    audio_codec: str | None = Field(description="Codec of the sound.")
    sample_rate: int | None = Field(description="Samples per second of the sound, in hertz.")
    channels: int | None = Field(description="Channels of the sound.")
    notes: list[str] = Field(description="What was noticed while reading the file.")
    audio_bitrate: float | None = Field(description="Bits a second of the sound.")
    further: list[str] = Field(description="Tracks that were not decoded, in words.")


class CalibrationRecord(_Record):
    """The birth certificate of a detector's thresholds for one claim."""

    claim: str = Field(description="The claim that is calibrated.")
    fitted_on: str = Field(description="Data that calibration and thresholds were fitted on.")
    laundering: str = Field(description="What was done to that data before.")
    date: str = Field(description="When.")
    reals: int = Field(description="Number of authentic items.")
    fakes: int = Field(description="Number of forged items.")
    groups: int = Field(description="Number of independent identities or recordings.")
    miss: float = Field(description="Share of known fakes whose score counts as 'clear'.")


class DetectorRecord(_Record):
    """A detector that ran, as its card describes it."""

    name: str = Field(description="Name in the registry.")
    title: str = Field(description="Name for a person.")
    version: str = Field(description="Version of the card and weights.")
    weights_sha256: str = Field(description="SHA-256 of the weights file.")
    weights_licence: str = Field(description="Licence of the weights (SPDX).")
    limits: list[str] = Field(description="What it cannot do, in words.")
    calibrations: list[CalibrationRecord] = Field(description="One for each claim.")


class ReportRecord(_Record):
    """Everything about one scanned file."""

    schema_version: Version = Field(description="Version of this form.")
    path: str = Field(description="Same as media.path; results and errors share this key.")
    media: MediaRecord
    verdict: VerdictRecord
    findings: list[FindingRecord] = Field(description="All findings, in the order of the scan.")
    not_checked: list[NotCheckedRecord] = Field(description="As important as the findings.")
    absent: list[AbsentRecord] = Field(description="What was looked for and is not there.")
    detectors: list[DetectorRecord] = Field(description="The detectors that ran.")
    settings: dict[str, Any] = Field(description="Settings of the scan.")
    versions: dict[str, str] = Field(description="Versions of unmask and of what it ran on.")
    created: str = Field(description="When the report was made: ISO 8601 with time zone.")
    seconds: Seconds = Field(description="How long the scan took, in seconds.")


class ErrorDetail(_Record):
    """What went wrong."""

    kind: str = Field(description="Class of the error, such as 'UnreadableMedia'.")
    message: str = Field(description="One line: what was wrong, what is allowed, what to do.")


class ErrorRecord(_Record):
    """A file that could not be scanned. In a batch it stands in place of a report."""

    schema_version: Version = Field(description="Version of this form.")
    path: str = Field(description="Path as given.")
    error: ErrorDetail


class SkippedDetail(_Record):
    """What a file is instead."""

    why: str = Field(description="One line: what the file is.")


class SkippedRecord(_Record):
    """A file found in a folder that is no photo, video or recording, so that none was judged."""

    schema_version: Version = Field(description="Version of this form.")
    path: str = Field(description="Path as found.")
    skipped: SkippedDetail


def json_schema() -> dict[str, Any]:
    """JSON Schema 2020-12 of one line of output: a report, an error or a file passed over."""
    form = TypeAdapter(ReportRecord | ErrorRecord | SkippedRecord).json_schema(mode="serialization")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:unmask:report:{SCHEMA_VERSION}",
        "title": "unmask result",
        "description": "One file: a report, an error where it could not be scanned, or what it "
        "is where a folder held it and it is no medium.",
        **form,
    }
