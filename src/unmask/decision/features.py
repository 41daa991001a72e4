"""What a file and the analyzers' raw outputs look like, as numbers and words.

Only what a report holds is used, so that it costs nothing more.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from unmask.types import Claim, Finding, Kind, MediaInfo

SCORE = "score of "
"""How the name of a number begins that is a model's raw score."""
_LOG = " (log2)"
_QUALITY, _EARLIER = "JPEG quality", "earlier JPEG quality"


def features(
    media: MediaInfo, findings: Iterable[Finding]
) -> tuple[dict[str, float], dict[str, str]]:
    """Numbers and words by name. Sizes, lengths and rates are logarithms to base 2.

    What does not apply to the file is left out.
    """
    numbers = _of_media(media)
    words = {"container": media.container}
    words |= {"codec": media.video_codec} if media.video_codec else {}
    words |= {"sound codec": media.audio_codec} if media.audio_codec else {}
    faces: list[float] = []
    for finding in findings:
        if finding.score is not None:
            name = f"{SCORE}{finding.detector} {finding.claim.value}"
            numbers[name] = max(finding.score, numbers.get(name, -math.inf))
        if finding.claim is Claim.FACE_MANIPULATED:
            faces += [box.area for box in finding.where.boxes]
        if finding.claim is Claim.COMPRESSION:
            _of_saving(finding, numbers, words)
        spoken = finding.details.get("speech_seconds")
        if isinstance(spoken, int | float) and spoken > 0:
            numbers[f"seconds of speech{_LOG}"] = math.log2(spoken)
    if faces and max(faces) > 0:
        numbers[f"pixels of the largest face{_LOG}"] = math.log2(max(faces))
    if media.kind is not Kind.AUDIO:
        numbers["faces"] = float(len(faces))
    finite = {k: round(float(v), 6) for k, v in numbers.items() if math.isfinite(v)}
    return dict(sorted(finite.items())), dict(sorted(words.items()))


def _of_media(media: MediaInfo) -> dict[str, float]:
    found: dict[str, float] = {}
    pixels = (media.width or 0) * (media.height or 0)
    bits = 8.0 * media.bytes
    if pixels:
        found[f"pixels{_LOG}"] = math.log2(pixels)
        found[f"width : height{_LOG}"] = math.log2((media.width or 1) / (media.height or 1))
    if media.kind is Kind.IMAGE:
        return found | (
            {f"bits a pixel{_LOG}": math.log2(bits / pixels)} if pixels and bits else {}
        )
    if media.seconds:
        found[f"seconds{_LOG}"] = math.log2(media.seconds)
        if bits:
            found[f"bits a second{_LOG}"] = math.log2(bits / media.seconds)
    if media.frame_rate:
        found[f"frames a second{_LOG}"] = math.log2(media.frame_rate)
    if media.sample_rate:
        found[f"samples a second{_LOG}"] = math.log2(media.sample_rate)
    if media.channels:
        found["channels of sound"] = float(media.channels)
    return found


def _of_saving(finding: Finding, numbers: dict[str, float], words: dict[str, str]) -> None:
    """JPEG quality, earlier quality and encoder, from the facts about how it was saved."""
    for key, name in (("quality", _QUALITY), ("earlier quality", _EARLIER)):
        value = finding.details.get(key)
        if isinstance(value, int | float) and 0 < value <= 100:
            # The step of the tables, not the name of the setting, is what pictures suffer.
            numbers[name] = math.log2(101 - value)
    for key in ("encoder", "chroma sampling"):
        if value := finding.details.get(key):
            words[key] = str(value)


def readable(name: str, value: float) -> tuple[str, float]:
    """A number's name and value as a person would write them."""
    if name in (_QUALITY, _EARLIER):
        return name, 101 - 2**value
    if _LOG in name:
        return name.replace(_LOG, ""), 2**value
    return name, value
