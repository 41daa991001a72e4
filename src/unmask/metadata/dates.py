"""Dates as tags write them."""

from __future__ import annotations

import datetime
import re

from unmask.metadata.fields import Metadata

_DATE = re.compile(
    r"^(\d{4})[:/-](\d{1,2})[:/-](\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2}))?"
    r"(?:\.\d+)?\s*(Z|[+-]\d{2}:?\d{2})?)?"
)
SLACK = datetime.timedelta(hours=26)
"""Local times of two places on earth differ by up to 26 hours."""


def when(text: str) -> datetime.datetime | None:
    """A date as EXIF, XMP or a container write it, its zone left out; None if it is no date."""
    found = _DATE.match(text.strip())
    if not found:
        return None
    year, month, day, hour, minute, second = (int(part or 0) for part in found.groups()[:6])
    try:
        return datetime.datetime(year, month, day, hour, minute, second)
    except ValueError:
        return None


def has_clock(text: str) -> bool:
    """True if the date comes with a time of day."""
    found = _DATE.match(text.strip())
    return bool(found and found[4])


def gps_time(metadata: Metadata) -> datetime.datetime | None:
    """The satellites' time (UTC); at noon if only the day is known."""
    day = when(metadata.text("gps:GPSDateStamp"))
    if day is None:
        return None
    parts = metadata.text("gps:GPSTimeStamp").split(",")
    try:
        hour, minute, second = (float(part) for part in parts)
    except ValueError:
        return day.replace(hour=12)
    return day + datetime.timedelta(hours=hour, minutes=minute, seconds=second)


def position(metadata: Metadata) -> str:
    """The place in degrees, "48.858370, 2.294481"; "" if there is none."""
    values = []
    for name, negative in (("GPSLatitude", "S"), ("GPSLongitude", "W")):
        try:
            parts = [float(part) for part in metadata.text(f"gps:{name}").split(",")]
        except ValueError:
            return ""
        degrees = sum(part / 60**power for power, part in enumerate(parts[:3]))
        if not 0 < degrees <= 180:
            return ""
        sign = -1 if metadata.text(f"gps:{name}Ref").upper().startswith(negative) else 1
        values.append(f"{sign * degrees:.6f}")
    return ", ".join(values)
