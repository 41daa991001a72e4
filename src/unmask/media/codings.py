"""Codings of TIFF and BMP that the picture library does not read, or reads as something else.

They are whole files, so a user is told to convert them and not to look for an intact copy.
"""

from __future__ import annotations

import io
import re
from typing import Any

from PIL import BmpImagePlugin, Image, TiffImagePlugin

from unmask.errors import UnsupportedMedia
from unmask.media import sniff

_PLUGINS: dict[sniff.Container, Any] = {
    sniff.TIFF: TiffImagePlugin.TiffImageFile,
    sniff.BMP: BmpImagePlugin.BmpImageFile,
}
_CODING = re.compile(
    r"unknown pixel mode|unknown photometric|unsupported|not implemented|\d+", re.I
)
"""What Pillow says of a header that makes sense and that it has no decoder for. A bare number is
a compression."""
_BITS, _COMPRESSION, _SAMPLES, _PLANAR = 258, 259, 277, 284


def refuse_unknown(file: io.BufferedReader, container: sniff.Container, name: str) -> None:
    """Raise UnsupportedMedia if a file that did not open has only a coding that is not read."""
    plugin = _PLUGINS.get(container)
    if plugin is None:
        return
    file.seek(0)
    if file.read(4) == b"MM\0+":
        raise _refused(name, container, "BigTIFF of the other byte order")
    file.seek(0)
    try:
        plugin(file)
    except Exception as error:  # Pillow's plug-ins raise anything
        text = str(error)
        if _CODING.match(text):
            raise _refused(name, container, _said(text)) from error


def refuse_misread(image: Image.Image, name: str) -> None:
    """Raise UnsupportedMedia for deep planes without compression, which Pillow misreads."""
    tags: Any = getattr(image, "tag_v2", None)
    if image.format != "TIFF" or tags is None:
        return
    deep = any(bits != 8 for bits in tags.get(_BITS, (1,)))
    apart = tags.get(_PLANAR, 1) == 2 and tags.get(_SAMPLES, 1) > 1
    if apart and deep and tags.get(_COMPRESSION, 1) == 1:
        raise _refused(name, sniff.TIFF, "separate planes of other than 8 bits")


def _said(text: str) -> str:
    if text.isdigit():
        return f"compression {text}"
    if text == "unknown pixel mode":
        return "its kind and number of samples"
    return text[:1].lower() + text[1:]


def _refused(name: str, container: sniff.Container, what: str) -> UnsupportedMedia:
    return UnsupportedMedia(
        f"{name}: this coding of {container.title} is not read ({what}). "
        "Convert it to PNG, or to TIFF of 8 bits, first."
    )
