"""What crosses from one room of the house to another.

Every type is a frozen dataclass of plain values and numpy arrays. Coordinates are those of the
*original* file: pixels of the upright (rotation applied) picture with the origin at the top left,
seconds from the start of the recording, character offsets of a text.

The sign convention of the house: **a higher score means forged**. A log-likelihood ratio (``llr``)
is natural-log ``p(score | forged) / p(score | authentic)``; it holds no prior.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
"""Height × width × 3, RGB, upright."""
Samples = NDArray[np.float32]
"""Mono samples in -1…1."""
Tensor = NDArray[np.float32]


class Kind(StrEnum):
    """What a file holds, found from its bytes and never from its name."""

    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"


class Claim(StrEnum):
    """What a finding says about the file."""

    FACE_MANIPULATED = "face-manipulated"
    PICTURE_EDITED = "picture-edited"
    PICTURE_GENERATED = "picture-generated"
    VOICE_SYNTHETIC = "voice-synthetic"
    VOICE_EDITED = "voice-edited"
    FACE_IDENTITY = "face-identity"
    VOICE_IDENTITY = "voice-identity"
    PROVENANCE = "provenance"
    METADATA = "metadata"
    WATERMARK = "watermark"
    COMPRESSION = "compression"
    KNOWN_ITEM = "known-item"

    @property
    def makes(self) -> Label:
        """The verdict that a score with this claim leads to; a fact says so by ``bearing``."""
        whole = (Claim.PICTURE_GENERATED, Claim.VOICE_SYNTHETIC)
        return Label.SYNTHETIC if self in whole else Label.MANIPULATED


class Label(StrEnum):
    """A verdict. ``inconclusive`` is a result, not a failure.

    ``no-sign-found`` is worth what the power of the checks is in a file like this one. Nobody
    certifies *authentic*: only a valid signature of a trusted signer states where a file is from.
    """

    NO_SIGN = "no-sign-found"
    MANIPULATED = "manipulated"
    SYNTHETIC = "synthetic"
    INCONCLUSIVE = "inconclusive"


FLAGGED = (Label.MANIPULATED, Label.SYNTHETIC)
"""The verdicts that flag a file, and the bearings with which a fact settles one."""


class Vote(StrEnum):
    """Which side of its operating point a finding stands on."""

    FORGED = "forged"
    CLEAR = "clear"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle in pixels of the original: left, top, width, height."""

    x: float
    y: float
    width: float
    height: float

    @property
    def area(self) -> float:
        """Pixels inside."""
        return max(0.0, self.width) * max(0.0, self.height)

    def iou(self, other: Box) -> float:
        """Intersection over union, 0…1."""
        w = min(self.x + self.width, other.x + other.width) - max(self.x, other.x)
        h = min(self.y + self.height, other.y + other.height) - max(self.y, other.y)
        shared = max(0.0, w) * max(0.0, h)
        union = self.area + other.area - shared
        return shared / union if union > 0 else 0.0


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of time in seconds."""

    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Mask:
    """How suspect each part of a picture is: ``values`` (rows × columns, 0…1) laid over ``box``.

    The grid may be coarser than the pixels; a reader stretches it over the box. ``level`` is the
    value from which on a cell counts as marked. ``time`` is the second of the frame it belongs to
    (``None`` for a still picture).
    """

    values: NDArray[np.float32]
    box: Box
    level: float = 0.5
    time: float | None = None


@dataclass(frozen=True, slots=True)
class Where:
    """The place of a finding. What does not apply is empty."""

    boxes: tuple[Box, ...] = ()
    spans: tuple[Span, ...] = ()
    masks: tuple[Mask, ...] = ()


@dataclass(frozen=True, slots=True)
class Series:
    """A score along time: ``values[i]`` (a probability, 0…1) holds at ``times[i]`` seconds."""

    name: str
    times: tuple[float, ...]
    values: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A picture kept as evidence for the report: the frame of ``time`` (``None``: the picture)."""

    pixels: Pixels
    box: Box
    time: float | None = None
    caption: str = ""


@dataclass(frozen=True, slots=True)
class Node:
    """A branch of a tree: what it is, a remark, and what hangs on it."""

    label: str
    remark: str = ""
    children: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Saying:
    """What a finding says, and which place it marks, if it gets this vote."""

    vote: Vote
    reason: str
    where: Where = field(default_factory=Where)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing an analyzer has to say.

    ``kind`` is ``"score"`` (a calibrated opinion: ``llr``, ``score`` and ``vote`` are set) or
    ``"fact"`` (something read and not estimated: they are ``None``). ``score`` is the raw output
    that the card's thresholds speak about. ``subject`` tells findings of one analyzer apart
    ("face 2"). ``reason`` is one or two sentences for a person.

    ``bearing`` is for facts: what this one decides by itself. *manipulated* and *synthetic* settle
    the verdict, *inconclusive* forbids to clear the file, ``None`` decides nothing. No fact clears.
    ``sign`` is for facts that are wrong at a known rate and count in the decision like a score:
    which sign of ``unmask.decision.evidence`` they are. ``withheld``: why a score does not count
    here ("the speech came through AMR-NB"); the file is then not cleared. ``rate``: of a detector
    that joins, the share of authentic items with so high a score by its own calibration.
    ``sayings``: reason and place by vote, from which the decision about the whole file takes those
    of its final vote.
    """

    analyzer: str
    claim: Claim
    reason: str
    where: Where = field(default_factory=Where)
    kind: str = "score"
    subject: str = ""
    detector: str = ""
    score: float | None = None
    llr: float | None = None
    vote: Vote | None = None
    series: tuple[Series, ...] = ()
    snapshots: tuple[Snapshot, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)
    bearing: Label | None = None
    tree: tuple[Node, ...] = ()
    sign: str = ""
    withheld: str = ""
    rate: float | None = None
    sayings: tuple[Saying, ...] = ()

    def settled(self, vote: Vote) -> Finding:
        """This finding with the vote that the decision about the whole file gives it."""
        for saying in self.sayings:
            if saying.vote is vote:
                return replace(self, vote=vote, reason=saying.reason, where=saying.where)
        return replace(self, vote=vote)

    def probability(self, prior: float = 0.5) -> float | None:
        """Posterior probability of forgery under ``prior``; ``None`` for a fact."""
        return None if self.llr is None else posterior(self.llr, prior)


@dataclass(frozen=True, slots=True)
class NotChecked:
    """Something that was not judged, and why. As important as a finding."""

    analyzer: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Absent:
    """Something that was looked for and is not there: "a C2PA manifest"."""

    analyzer: str
    what: str


@dataclass(frozen=True, slots=True)
class Power:
    """How often forgeries of one kind would have been found in files like this one.

    Of ``files`` known forgeries by makers left out of training, in files of the same ``bucket`` of
    quality, a share ``share`` (0…1) is flagged at the rate ``fpr``.
    """

    detector: str
    kind: str
    bucket: str
    share: float
    files: int
    fpr: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The fused answer. ``fpr`` is the false-positive rate of the operating point.

    ``surprise``: minus the natural logarithm of the share of authentic files of this situation
    whose signs are at least as strong; the file is flagged where it exceeds that of ``fpr``.
    ``decided_by``: number of the finding (from 0, in the order of the report) that did most for
    it; of a fact that settles the verdict, that fact. ``powers``: what *no sign found* is worth.
    ``basis``: on which authentic files the rate was fitted. ``unlike``: why the rate may not hold
    for this file, where it is unlike those; empty otherwise.
    """

    label: Label
    llr: float | None
    probability: float | None
    fpr: float
    prior: float
    reason: str
    surprise: float | None = None
    decided_by: int | None = None
    powers: tuple[Power, ...] = ()
    basis: str = ""
    unlike: str = ""


@dataclass(frozen=True, slots=True)
class MediaInfo:
    """What the file is. Width and height are those of the upright picture.

    ``path`` is fit for reading: bytes of a name that are no UTF-8 are written out. ``file`` is the
    one to open.
    ``audio_bitrate``: bits a second of the sound track, by its packets where no header says it.
    ``further``: tracks that the file holds besides those that are decoded, in words.
    """

    path: str
    kind: Kind
    container: str
    bytes: int
    sha256: str
    width: int | None = None
    height: int | None = None
    seconds: float | None = None
    frame_rate: float | None = None
    frames: int | None = None
    video_codec: str | None = None
    audio_codec: str | None = None
    sample_rate: int | None = None
    channels: int | None = None
    notes: tuple[str, ...] = ()
    opened_as: str = ""
    audio_bitrate: float | None = None
    further: tuple[str, ...] = ()

    @property
    def file(self) -> Path:
        """The file itself, under the very bytes of its name."""
        return Path(self.opened_as or self.path)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a stream: its number in the file, its second and its pixels."""

    index: int
    time: float
    pixels: Pixels


@dataclass(frozen=True, slots=True)
class AudioBlock:
    """A stretch of mono sound that starts at ``start`` seconds.

    ``filled``: silence that stands for a time in which the file holds no sound.
    """

    start: float
    rate: int
    samples: Samples
    filled: bool = False


@dataclass(frozen=True, slots=True)
class Face:
    """A detected face: box, confidence 0…1 and five points (5 × 2 pixels).

    The points are, as seen by the viewer: left eye, right eye, nose tip, left and right corner of
    the mouth.
    """

    box: Box
    confidence: float
    points: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Report:
    """Everything about one scanned file."""

    media: MediaInfo
    verdict: Verdict
    findings: tuple[Finding, ...]
    not_checked: tuple[NotChecked, ...]
    detectors: tuple[str, ...]
    seconds: float
    settings: dict[str, Any] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    created: str = ""
    absent: tuple[Absent, ...] = ()


def posterior(llr: float, prior: float) -> float:
    """Probability of forgery from a log-likelihood ratio (nats) and a prior in (0, 1)."""
    z = llr + math.log(prior / (1 - prior))
    return 1 / (1 + math.exp(-z)) if z >= 0 else math.exp(z) / (1 + math.exp(z))
