"""What a scan found in a file, as the few numbers that the decision is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from unmask.types import Claim, Finding, Kind, MediaInfo

FACE, EDITED, GENERATED = "face", "edited", "generated"
ENCODED, ENCODED_FACE = "encoder", "encoder-face"
VOICE, PARTS = "voice", "parts"
SAVED, LAID, THUMBNAIL, COPIED = "saved-differently", "laid-in", "other-thumbnail", "copied"
FACTS = (SAVED, LAID, THUMBNAIL, COPIED)
"""Signs that are facts: where they are missing they count as not there."""
OF_FACES = (FACE, ENCODED_FACE)
"""Signs of which there is one a face."""
OF_ENCODER = (ENCODED, ENCODED_FACE)
"""Signs that need an encoder on the user's shelf. The rule has a part for scans without it."""
SIGNS: Mapping[tuple[str, Claim], str] = {
    ("unmask_face", Claim.FACE_MANIPULATED): FACE,
    ("unmask_picture", Claim.PICTURE_EDITED): EDITED,
    ("unmask_picture", Claim.PICTURE_GENERATED): GENERATED,
    ("unmask_voice", Claim.VOICE_SYNTHETIC): VOICE,
    ("unmask_voice", Claim.VOICE_EDITED): PARTS,
    ("unmask_clip", Claim.PICTURE_GENERATED): ENCODED,
    ("unmask_clip", Claim.FACE_MANIPULATED): ENCODED_FACE,
}
"""The sign that the score of a detector's claim counts as."""
DETECTORS = tuple(dict.fromkeys(name for name, _ in SIGNS))
"""Whose scores the rule knows; every other detector joins beside it."""


class Situation(StrEnum):
    """What there is to judge. A rule is fitted for each."""

    PICTURE = "picture"
    ONE_FACE = "picture-one-face"
    FACES = "picture-faces"
    MUTE_CLIP = "clip-mute"
    CLIP = "clip-sound"
    RECORDING = "recording"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The signs of one file.

    ``signs``: raw scores by sign, of faces that of the most suspect; a fact that counts by how
    often it errs is 1, or its ``degree`` where its details have one. ``faces``: how many were
    judged. ``where_from``: number of the finding that each sign comes from. ``withheld``: numbers
    of the findings whose score does not count. ``quality``: width, height, JPEG quality, face
    (pixels), speech (seconds), band (Hz), bit rate.
    """

    situation: Situation
    signs: Mapping[str, float]
    faces: int = 0
    where_from: Mapping[str, int] = field(default_factory=dict)
    withheld: tuple[int, ...] = ()
    quality: Mapping[str, float] = field(default_factory=dict)

    def among(self, sign: str) -> float:
        """Of how many faces or stretches of speech a sign is the most suspect one's."""
        if sign in OF_FACES:
            return max(1.0, self.faces)
        return max(1.0, self.quality.get("tries", 1.0)) if sign == PARTS else 1.0


def gather(media: MediaInfo, findings: Sequence[Finding]) -> Evidence:
    """The evidence of a file."""
    signs: dict[str, float] = {}
    origin: dict[str, int] = {}
    faces = 0
    for number, finding in enumerate(findings):
        sign, value = _sign(finding)
        if not sign or finding.withheld:
            continue
        faces += sign == FACE
        if value > signs.get(sign, float("-inf")):
            signs[sign], origin[sign] = value, number
    return Evidence(
        situation=_situation(media.kind, faces, VOICE in signs),
        signs=signs,
        faces=faces,
        where_from=origin,
        withheld=tuple(n for n, finding in enumerate(findings) if finding.withheld),
        quality=_quality(media, findings, origin),
    )


def _sign(finding: Finding) -> tuple[str, float]:
    """Which sign a finding is, and its value; "" when the rule does not know it."""
    if finding.score is not None:
        return SIGNS.get((finding.detector, finding.claim), ""), finding.score
    degree = float(finding.details.get("degree", 1.0))
    return (finding.sign, degree) if finding.sign else ("", 0.0)


def _situation(kind: Kind, faces: int, voice: bool) -> Situation:
    if kind is Kind.AUDIO:
        return Situation.RECORDING
    if kind is Kind.VIDEO:
        return Situation.CLIP if voice else Situation.MUTE_CLIP
    return (Situation.PICTURE, Situation.ONE_FACE)[faces] if faces < 2 else Situation.FACES


def _quality(
    media: MediaInfo, findings: Sequence[Finding], origin: Mapping[str, int]
) -> dict[str, float]:
    values: dict[str, float | None] = {"width": media.width, "height": media.height}
    if media.seconds:
        values["seconds"] = media.seconds
        values["kbps"] = media.bytes * 8 / media.seconds / 1000
    for finding in findings:
        if finding.claim is Claim.COMPRESSION and "quality" in finding.details:
            values["jpeg"] = float(finding.details["quality"])
    if FACE in origin and (boxes := findings[origin[FACE]].where.boxes):
        values["face"] = max(boxes[0].width, boxes[0].height)
    if VOICE in origin:
        details = findings[origin[VOICE]].details
        values |= {"speech": details.get("speech_seconds"), "band": details.get("band_hz")}
    if PARTS in origin:
        values["tries"] = findings[origin[PARTS]].details.get("tries")
    return {name: float(value) for name, value in values.items() if value is not None}
