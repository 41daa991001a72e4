"""Bytes of unknown encoding to text, and text to a short line that can be shown."""

from __future__ import annotations

from unmask.metadata.fields import LONGEST_VALUE

_MOST_BYTES = 4 * LONGEST_VALUE
_COMMENT_CODES = {b"ASCII": "utf-8", b"UNICODE": "", b"JIS": "iso2022_jp", b"": ""}


def decoded(data: bytes) -> str:
    """Text from bytes: by byte-order mark, else UTF-8, else Latin-1 (which never fails)."""
    was_cut = len(data) > _MOST_BYTES
    data = data[:_MOST_BYTES]
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", "replace")
    data = data.rstrip(b"\0")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        in_two = was_cut and len(data) - error.start < 4
        return data[: error.start].decode("utf-8") if in_two else data.decode("latin-1")


def wide(data: bytes, order: str) -> str:
    """Text of 16-bit characters in the byte order ``<`` or ``>``."""
    codec = "utf-16-le" if order == "<" else "utf-16-be"
    return data[: _MOST_BYTES // 2 * 2].decode(codec, "replace")


def user_comment(data: bytes, order: str) -> str:
    """An EXIF UserComment: eight bytes name its character code (CIPA DC-008, 4.6.5).

    Writers disagree on the byte order of its Unicode; the one that gives Latin letters is taken.
    """
    code, body = data[:8].rstrip(b"\0 "), data[8:]
    if code not in _COMMENT_CODES:
        return decoded(data)
    if code == b"UNICODE" and body[:2] not in (b"\xff\xfe", b"\xfe\xff"):
        even, odd = body[:400:2].count(0), body[1:400:2].count(0)
        return wide(body, order if even == odd else "<" if odd > even else ">")
    codec = _COMMENT_CODES[code]
    if codec == "iso2022_jp":
        return body[:_MOST_BYTES].decode(codec, "replace")
    return decoded(body)


def shown(text: str, limit: int = 160) -> str:
    """One short line: white space collapsed, characters that do not print left out."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text[: 4 * limit]).split())
    return line if len(line) <= limit else f"{line[: limit - 1].rstrip()}…"
