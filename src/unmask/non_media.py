"""What lies in folders beside media: notes, databases of thumbnails, side files of programs."""

from __future__ import annotations

import mimetypes
from pathlib import Path

from unmask.errors import MediaError
from unmask.media import sniff
from unmask.media._source import open_regular

_MEDIA = ("image/", "video/", "audio/")
_DRAWN = frozenset({"image/svg+xml", "image/vnd.microsoft.icon", "image/x-icon", "audio/midi"})
"""Kinds that a browser shows or plays, in which nothing was photographed or recorded."""
_UNKNOWN_TO_SYSTEMS = frozenset(
    {
        "3fr", "amr", "ape", "arw", "caf", "cr2", "cr3", "dav", "dff", "dng", "dsf", "dv", "erf",
        "evo", "h264", "h265", "heic", "heif", "iiq", "ivf", "j2k", "jfif", "jpe", "jxl", "m2ts",
        "mj2", "mka", "mpc", "mrw", "mts", "mxf", "nef", "nrw", "nut", "orf", "pef", "psb", "psd",
        "raf", "raw", "rw2", "sr2", "srw", "tak", "tta", "voc", "vob", "wv", "x3f", "y4m", "yuv",
    }
)  # fmt: skip


def no_medium(path: Path) -> str:
    """Why a file that could not be judged is no photo, video or recording; "" if it may be one.

    It is none where neither its bytes nor the ending of its name say so. A file that calls itself
    a picture and holds something else stays an error, and so does one without an ending that
    nothing is known of.
    """
    if _called_medium(path):
        return ""
    try:
        with open_regular(path) as file:
            if not path.suffix and not _known_stranger(file.read(512) or b""):
                return ""
            sniff.sniff(file, path)
    except MediaError as error:
        return str(error).partition(". ")[0] + "."
    return ""


def _called_medium(path: Path) -> bool:
    suffix = path.suffix[1:].lower()
    kind = mimetypes.guess_type(f"a.{suffix}", strict=False)[0] or ""
    if kind in _DRAWN:
        return False
    known = suffix in sniff.known_suffixes() or suffix in _UNKNOWN_TO_SYSTEMS
    return bool(suffix) and (known or kind.startswith(_MEDIA))


def _known_stranger(head: bytes) -> bool:
    """True for text, and for nothing at all."""
    return not any(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in head)
