"""Naming files that are no photo, video or recording, so that a user sees what went wrong."""

from __future__ import annotations

import re
from pathlib import Path

from unmask.media._source import shown

_HANDLED = (
    "unmask reads photos (JPEG, PNG, WebP, GIF, TIFF, BMP, AVIF, HEIC), videos "
    "(MP4, MOV, MKV, WebM, AVI, …) and recordings (WAV, FLAC, MP3, M4A, OGG, …)"
)
_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive"),
    (b"\x7fELF", "an executable"),
    (b"MZ", "a Windows executable"),
    (b"\xcf\xfa\xed\xfe", "an executable"),
    (b"\xca\xfe\xba\xbe", "an executable or Java class"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"8BPS", "a Photoshop document; export it as PNG"),
    (b"\xff\x0a", "a JPEG XL picture; convert it to PNG"),
    (b"\0\0\0\x0cJXL \r\n\x87\n", "a JPEG XL picture; convert it to PNG"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture; convert it to PNG"),
    (b"\xff\x4f\xff\x51", "a JPEG 2000 picture; convert it to PNG"),
    (b"FUJIFILMCCD-RAW", "a camera raw file; develop it to TIFF or JPEG"),
    (b"\0\0\x01\0", "a Windows icon"),
    (b"MThd", "a MIDI score, which holds no sound"),
    (b"PAR1", "a Parquet table"),
    (b"\x93NUMPY", "a NumPy array"),
)
_TEXTS: tuple[tuple[str, str], ...] = (
    (r"#EXTM3U|ffconcat version|\[playlist\]", "a playlist; name the media file itself"),
    (r"v=0\s+o=|;FFMETADATA", "a stream description; name the media file itself"),
    (r"<smil|<MPD", "a playlist; name the media file itself"),
    (r"<\?xml.*?<MPD", "a playlist; name the media file itself"),
    (r"(<\?xml.*?)?(<!--.*?-->\s*)*(<!DOCTYPE svg.*?)?<svg", "an SVG drawing; render it to PNG"),
    (r"<!DOCTYPE html|<html|<head|<body", "an HTML page; save the media file itself"),
    (r"<\?xml", "an XML document"),
    (r"\{\\rtf", "a text document"),
    (r"%!PS", "a PostScript document"),
    (r"version https://git-lfs", "a Git LFS pointer; fetch the real file with 'git lfs pull'"),
)


def known(head: bytes) -> bool:
    """Whether a file that begins so is known to be something else, or text."""
    return head.startswith(tuple(magic for magic, _ in _OTHERS)) or _as_text(head) is not None


def what_else(head: bytes, path: Path) -> str:
    """One line that says what a file is whose first bytes are these, and what is handled."""
    name = shown(path)
    for magic, what in _OTHERS:
        if head.startswith(magic):
            return f"{name} is {what}. {_HANDLED}."
    if b"ftypcrx " in head[:16]:
        return f"{name} is a camera raw file; develop it to TIFF or JPEG. {_HANDLED}."
    text = _as_text(head)
    if text is None:
        return f"{name} holds data of an unknown kind. {_HANDLED}."
    for pattern, what in _TEXTS:
        if re.match(pattern, text, re.IGNORECASE | re.DOTALL):
            return f"{name} is {what}. {_HANDLED}."
    return f"{name} is a text file. {_HANDLED}."


def _as_text(head: bytes) -> str | None:
    """The beginning as text, or None if it is not text."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "ignore").lstrip("\ufeff \t\r\n")
    try:
        text = head.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if error.start < max(1, len(head) - 4):
            return None
        text = head[: error.start].decode("utf-8-sig")
    if any(ord(char) < 32 and char not in "\t\n\r\f\x1b" for char in text):
        return None
    return text.lstrip()
