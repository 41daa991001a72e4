"""The neutral facts of a file: camera, dates, place, programs, coding."""

from __future__ import annotations

from unmask.metadata.contradictions import Evidence
from unmask.metadata.dates import position
from unmask.metadata.fields import Metadata
from unmask.metadata.tables import library_quality
from unmask.metadata.text import shown

TAKEN = (
    "exif:DateTimeOriginal", "xmp:exif:DateTimeOriginal", "xmp:photoshop:DateCreated",
    "iptc:DateCreated", "container:com.apple.quicktime.creationdate",
    "container:creation_time", "container:date", "png:Creation Time",
)  # fmt: skip
"""Tags that say when a picture or recording was made, the best first."""
_FACTS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("lens", ("exif:LensModel", "xmp:aux:Lens")),
    ("taken", TAKEN),
    ("digitised", ("exif:DateTimeDigitized",)),
    ("changed", ("exif:DateTime", "xmp:xmp:ModifyDate", "png:LastModified",
                 "box:movie_modified")),
    ("program", ("exif:Software", "xmp:xmp:CreatorTool", "png:Software",
                 "container:com.apple.quicktime.software", "iptc:OriginatingProgram")),
    ("container written by", ("container:encoder", "container:software", "container:tool")),
    ("sound or pictures coded by", ("bytes:encoder", "stream:encoder")),
    ("device", ("container:com.apple.quicktime.model", "container:com.android.model",
                "container:model")),
    ("place", ("container:com.apple.quicktime.location.iso6709", "container:location",
               "iptc:City")),
    ("author", ("exif:Artist", "xmp:dc:creator", "iptc:By-line", "png:Author",
                "container:artist")),
    ("credit", ("xmp:photoshop:Credit", "iptc:Credit")),
    ("rights", ("exif:Copyright", "xmp:dc:rights", "iptc:CopyrightNotice",
                "container:copyright")),
    ("title", ("exif:ImageDescription", "xmp:dc:title", "iptc:ObjectName", "png:Title",
               "container:title")),
    ("description", ("xmp:dc:description", "iptc:Caption", "png:Description",
                     "container:description")),
    ("comment", ("exif:UserComment", "jpeg:Comment", "png:Comment", "gif:Comment",
                 "container:comment")),
)  # fmt: skip
_MOST_TAGS = 150


def facts(evidence: Evidence) -> dict[str, str]:
    """What the file says about its making, in words, each value one short line."""
    found = {"camera": shown(evidence.camera)} if evidence.camera else {}
    for name, keys in _FACTS:
        if value := shown(evidence.text(*keys), 300):
            found[name] = value
    if place := position(evidence.metadata):
        found["place"] = place
    if size := evidence.text("exif:MakerNoteBytes"):
        found["maker's notes"] = f"{size} bytes"
    if evidence.metadata.thumbnail:
        found["thumbnail"] = f"{len(evidence.metadata.thumbnail)} bytes"
    if coding := _coding(evidence.metadata):
        found["JPEG coding"] = coding
    return found


def tags(metadata: Metadata) -> dict[str, str]:
    """All tags by name, shortened, at most 150; repeated names once."""
    found: dict[str, str] = {}
    for one in metadata.fields:
        if one.text and len(found) < _MOST_TAGS:
            found.setdefault(shown(one.key, 80), shown(one.text, 300))
    return found


def _coding(metadata: Metadata) -> str:
    jpeg = metadata.jpeg
    if jpeg is None or not jpeg.tables:
        return ""
    quality = library_quality(jpeg.tables)
    tables = f"tables of libjpeg at quality {quality}" if quality else "tables of its own"
    return f"{'progressive' if jpeg.progressive else 'baseline'}, {tables}"
