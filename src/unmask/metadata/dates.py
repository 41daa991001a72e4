"""Dates as tags write them."""

from __future__ import annotations

import datetime
import re

from unmask.metadata.fields import Metadata

_DATE = re.compile(
    r"(\d{4})[:/-](\d{1,2})[:/-](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?:[.,]\d+)?\s*(Z|UTC|GMT|[AaPp][Mm]|[+-]\d{2}:?\d{2})?)?",
    re.ASCII,
)
_FIRST_YEAR, _LAST_YEAR = 1800, 2199
_UNSET = frozenset(
    datetime.date(*day) for day in ((1904, 1, 1), (1970, 1, 1), (1980, 1, 1), (1980, 1, 6))
)
"""Where the clocks of programs, disks and satellites begin: what stands there was never set."""
_ROLLOVER = datetime.timedelta(weeks=1024)
"""The week number of the satellites starts again after so many weeks; old receivers fall behind."""
SLACK = datetime.timedelta(hours=26)
"""Local times of two places on earth differ by up to 26 hours."""


def when(text: str) -> datetime.datetime | None:
    """A date as EXIF, XMP or a container write it, its zone left out; None if it is no date.

    What is malformed in any part, of an impossible year, or the zero of a clock is no date.
    """
    found = _DATE.fullmatch(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    if not _FIRST_YEAR <= year <= _LAST_YEAR:
        return None
    try:
        date = datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None
    return None if date.date() in _UNSET else date


def has_clock(text: str) -> bool:
    """True if the date comes with a time of day."""
    found = _DATE.fullmatch(text.strip())
    return bool(found and found[4])


def gps_time(metadata: Metadata) -> datetime.datetime | None:
    """The satellites' time (UTC); at noon if only the day is known."""
    day = when(metadata.text("gps:GPSDateStamp"))
    if day is None:
        return None
    try:
        hour, minute, second = map(float, metadata.text("gps:GPSTimeStamp").split(","))
    except ValueError:
        return day.replace(hour=12)
    if not (0 <= hour <= 24 and 0 <= minute < 60 and 0 <= second < 61):
        return day.replace(hour=12)
    return day + datetime.timedelta(hours=hour, minutes=minute, seconds=second)


def apart(one: datetime.datetime, other: datetime.datetime) -> datetime.timedelta:
    """How far a camera and the satellites are apart, a restart of the week number left out."""
    away = abs(one - other)
    return min(away, abs(away - _ROLLOVER), abs(away - 2 * _ROLLOVER))


def position(metadata: Metadata) -> str:
    """The place in degrees, "48.858370, 2.294481"; "" if there is none.

    Where the file does not say which half of the earth it means, that is said beside the number.
    """
    degrees: list[float] = []
    shown: list[str] = []
    for name, most, halves, unsaid in (
        ("GPSLatitude", 90, "NS", "north or south is not said"),
        ("GPSLongitude", 180, "EW", "east or west is not said"),
    ):
        try:
            parts = [float(part) for part in metadata.text(f"gps:{name}").split(",")]
        except ValueError:
            return ""
        value = sum(part / 60**power for power, part in enumerate(parts[:3]))
        if not 0 <= value <= most:
            return ""
        half = metadata.text(f"gps:{name}Ref").upper()[:1]
        known = bool(half) and half in halves
        sign = "-" if known and half == halves[1] else ""
        degrees.append(value)
        shown.append(f"{sign}{value:.6f}" + ("" if known else f" ({unsaid})"))
    return ", ".join(shown) if any(degrees) else ""
