"""What a file says about itself that cannot all be true.

Each check takes the evidence and returns what it measured, or "" when nothing contradicts. Which
ones there are, what they mean and how an authentic file comes to them stands in ``rules.toml``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from unmask.metadata.dates import SLACK, apart, gps_time, has_clock, when
from unmask.metadata.fields import Metadata
from unmask.metadata.rules import Contradiction, Match, rules
from unmask.metadata.tables import library_quality
from unmask.metadata.thumbnail import Comparison
from unmask.types import Label, MediaInfo

_TAKEN = "exif:DateTimeOriginal"
_PHONES = (
    "container:com.apple.quicktime.make",
    "container:com.android.version",
    "container:com.android.manufacturer",
    "container:make",
)
_TOLERANCE = 16
"""Pixels that a coder may round a side by."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A file, its tags, the rules that they match, its thumbnail held against it, and the time."""

    metadata: Metadata
    media: MediaInfo
    matched: tuple[Match, ...] = ()
    comparison: Comparison | None = None
    now: datetime.datetime = datetime.datetime.max

    def text(self, *keys: str) -> str:
        """The first of these tags that is set."""
        return self.metadata.text(*keys)

    @property
    def camera(self) -> str:
        """Maker and model of a camera; "" unless both are named."""
        make, model = self.text("exif:Make"), self.text("exif:Model")
        if not make or not model or any(match.field.key == "exif:Make" for match in self.matched):
            return ""
        return model if model.lower().startswith(make.lower()) else f"{make} {model}"

    def names(self, rule: str) -> bool:
        """True if a rule matched."""
        return any(match.rule.id == rule for match in self.matched)


Check = Callable[[Evidence], str]


def contradictions(evidence: Evidence) -> Iterator[tuple[Contradiction, str]]:
    """Every contradiction of the file with what was measured."""
    for known in rules().contradiction:
        if measured := CHECKS[known.check](evidence):
            yield known, measured


def _pair(evidence: Evidence, early: str, late: str) -> str:
    """Both values if the date of ``late`` lies before that of ``early``, beyond zones of time."""
    first, second = when(evidence.text(early)), when(evidence.text(late))
    if first is None or second is None or second >= first - SLACK:
        return ""
    return f"{evidence.text(early)} and {evidence.text(late)}"


def digitised_before_taken(evidence: Evidence) -> str:
    """A camera takes and digitises at once; a scan is digitised later."""
    return _pair(evidence, _TAKEN, "exif:DateTimeDigitized")


def modified_before_taken(evidence: Evidence) -> str:
    """The file cannot be older than its picture."""
    return _pair(evidence, _TAKEN, "exif:DateTime")


def gps_other_day(evidence: Evidence) -> str:
    """Satellites know the time; only zones may lie between them and the camera."""
    taken, fixed = when(evidence.text(_TAKEN)), gps_time(evidence.metadata)
    if taken is None or fixed is None or apart(taken, fixed) <= SLACK:
        return ""
    return f"{evidence.text(_TAKEN)} by the camera, {fixed:%Y:%m:%d %H:%M} UTC by the satellites"


def future_date(evidence: Evidence) -> str:
    """No picture can be from tomorrow."""
    keys = (_TAKEN, "exif:DateTimeDigitized", "exif:DateTime", "box:movie_created")
    for key in keys:
        date = when(evidence.text(key))
        if date is not None and evidence.now < datetime.datetime.max - SLACK:
            late = date > evidence.now + SLACK
            if late:
                return evidence.text(key)
    return ""


def dates_disagree(evidence: Evidence) -> str:
    """EXIF, XMP and IPTC describe the same picture."""
    taken = when(evidence.text(_TAKEN))
    if taken is None:
        return ""
    for key in ("xmp:exif:DateTimeOriginal", "xmp:photoshop:DateCreated", "iptc:DateCreated"):
        text = evidence.text(key)
        if len(text) == 8 and text.isdigit():
            text = f"{text[:4]}:{text[4:6]}:{text[6:]}"
        other = when(text)
        if other is None:
            continue
        away = abs(taken - other if has_clock(text) else taken.date() - other.date())
        if away > SLACK:
            return f"{evidence.text(_TAKEN)} in EXIF, {text} in {key.partition(':')[0].upper()}"
    return ""


def cameras_disagree(evidence: Evidence) -> str:
    """EXIF and XMP describe the same camera."""
    first, second = evidence.text("exif:Model"), evidence.text("xmp:tiff:Model")
    a, b = first.lower(), second.lower()
    return f"{first} in EXIF, {second} in XMP" if a and b and a not in b and b not in a else ""


def _sizes(evidence: Evidence) -> tuple[int, int, int, int] | None:
    """The recorded size and the real one, longer side first; None where they agree."""
    keys = ("exif:ExifImageWidth", "exif:ExifImageHeight")
    try:
        said = sorted((int(evidence.text(key)) for key in keys), reverse=True)
    except ValueError:
        return None
    real = sorted((evidence.media.width or 0, evidence.media.height or 0), reverse=True)
    near = all(abs(a - b) <= _TOLERANCE for a, b in zip(said, real, strict=True))
    return None if near or not all((*said, *real)) else (said[0], said[1], real[0], real[1])


def _resized(evidence: Evidence, cropped: bool) -> str:
    sizes = _sizes(evidence)
    if sizes is None:
        return ""
    long, short, real_long, real_short = sizes
    slack = 1.5 * max(1 / real_short, 1 / short) + 0.005
    other_shape = abs((long / short) / (real_long / real_short) - 1) > slack
    words = f"{long} × {short} recorded, {real_long} × {real_short} here"
    return words if other_shape == cropped else ""


def size_scaled(evidence: Evidence) -> str:
    """The recorded size has the same shape and another scale."""
    return _resized(evidence, cropped=False)


def size_cropped(evidence: Evidence) -> str:
    """The recorded size has another shape."""
    return _resized(evidence, cropped=True)


def _of_thumbnail(kind: str) -> Check:
    """The thumbnail held against the picture came out as ``kind``, or the picture was so moved."""

    def check(evidence: Evidence) -> str:
        found = evidence.comparison
        named = found is not None and kind in (found.kind, found.moved)
        return f"correlation {found.correlation:.2f}" if found is not None and named else ""

    return check


def photoshop_unnamed(evidence: Evidence) -> str:
    """Photoshop keeps its JPEG quality in a resource and always its name in Software."""
    quality = evidence.text("photoshop:JPEGQuality")
    named = evidence.names("photo-editor") or "adobe" in evidence.text("exif:Software").lower()
    return (
        f"JPEG quality {quality} of Photoshop" if quality and evidence.camera and not named else ""
    )


def not_camera_coding(evidence: Evidence) -> str:
    """Exif allows the baseline process with colour at half the width, or half of both sides."""
    jpeg = evidence.metadata.jpeg
    if jpeg is None or not evidence.camera or len(jpeg.sampling) != 3:
        return ""
    if jpeg.progressive:
        return "progressive"
    full = len(set(jpeg.sampling)) == 1
    return "full colour (4:4:4)" if full else ""


def apple_standard_tables(evidence: Evidence) -> str:
    """Apple's cameras do not use the tables of libjpeg. At quality 100 all tables are alike."""
    jpeg = evidence.metadata.jpeg
    if jpeg is None or evidence.text("exif:Make") != "Apple":
        return ""
    quality = library_quality(jpeg.tables)
    return f"tables of libjpeg at quality {quality}" if 0 < quality < 100 else ""


def camera_and_generator(evidence: Evidence) -> str:
    """A generated picture was taken by no camera."""
    made = [match for match in evidence.matched if match.rule.bearing is Label.SYNTHETIC]
    return f"{evidence.camera}; {made[0].rule.says}" if made and evidence.camera else ""


def container_order(evidence: Evidence) -> str:
    """Nothing is changed before it exists."""
    created, modified = (evidence.text(f"box:movie_{name}") for name in ("created", "modified"))
    first, second = when(created), when(modified)
    minute = datetime.timedelta(minutes=1)
    early = first is not None and second is not None and second < first - minute
    return f"created {created}, changed {modified}" if early else ""


def container_times(evidence: Evidence) -> str:
    """Movie, tracks and camera name the moment of one recording."""
    texts = [one.text for one in evidence.metadata.fields if one.key.endswith("_created")]
    texts.append(evidence.text("container:com.apple.quicktime.creationdate"))
    dates = [(date, text) for text in texts if (date := when(text)) is not None]
    if len(dates) < 2 or max(dates)[0] - min(dates)[0] <= SLACK:
        return ""
    return f"{min(dates)[1]} and {max(dates)[1]}"


def phone_in_ffmpeg(evidence: Evidence) -> str:
    """Phones write their containers themselves."""
    phone = evidence.text(*_PHONES)
    return (
        f"{phone}; {evidence.text('container:encoder')}" if phone and evidence.names("lavf") else ""
    )


_OF_THUMBNAIL = ("region", "crop", "other", "turned", "mirrored")
CHECKS: dict[str, Check] = {f"thumbnail_{kind}": _of_thumbnail(kind) for kind in _OF_THUMBNAIL} | {
    check.__name__: check
    for check in (
        digitised_before_taken, modified_before_taken, gps_other_day, future_date, dates_disagree,
        cameras_disagree, size_scaled, size_cropped, photoshop_unnamed, not_camera_coding,
        apple_standard_tables, camera_and_generator, container_order, container_times,
        phone_in_ffmpeg,
    )
}  # fmt: skip
"""The checks by the name that ``rules.toml`` uses."""
