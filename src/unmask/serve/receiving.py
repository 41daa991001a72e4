"""Uploads taken from the wire straight to the disk, within limits.

Nothing is kept in memory but a piece at a time, and nothing goes to the system's temporary folder.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.exceptions import HTTPException

from unmask.serve.files import Files, safe_name, told

_MOST_FIELDS = 64
_MOST_FIELD = 1 << 16
_MOST_HEADER = 1 << 13
_SLOWEST = 1024
"""Bytes a second below which a client that has used up its patience is let go."""


@dataclass(slots=True)
class Upload:
    """A file on the disk of the service. ``field``: the name of its part in the form."""

    field: str
    name: str
    path: Path
    bytes: int = 0
    sha256: str = ""


@dataclass(slots=True)
class Form:
    """What a form held."""

    fields: dict[str, str] = field(default_factory=dict)
    uploads: list[Upload] = field(default_factory=list)

    def drop(self) -> None:
        """Delete the files again; those that a job has taken are gone from here already."""
        for upload in self.uploads:
            upload.path.unlink(missing_ok=True)


async def pieces(request: Request, most: int, patience: float) -> AsyncIterator[bytes]:
    """The body of a request, piece by piece.

    Raises HTTPException: 413 beyond ``most`` bytes, whatever the client announced; 408 when nothing
    comes for ``patience`` seconds, or hardly anything for longer.
    """
    announced = request.headers.get("content-length", "0")
    if announced.isdigit() and int(announced[:20]) > most:
        raise too_large(most)
    begun, got = time.monotonic(), 0
    stream = request.stream()
    while True:
        try:
            piece = await asyncio.wait_for(anext(stream), patience)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise HTTPException(408, f"Nothing came for {patience:g} s. Send it again.") from None
        got += len(piece)
        if got > most:
            raise too_large(most)
        if time.monotonic() - begun > patience + got / _SLOWEST:
            raise HTTPException(408, "It came too slowly. Send it over a better line.")
        yield piece


def too_large(most: int) -> HTTPException:
    """The refusal of what is too large."""
    return HTTPException(413, f"This is larger than the {most:,} bytes that are taken here.")


async def receive(
    request: Request, files: Files, *, most: int, count: int, patience: float
) -> Form:
    """Take a multipart form: at most ``count`` files of ``most`` bytes in all.

    Raises HTTPException for what is malformed, too large or too slow; NoSpace, OutputError.
    """
    kind, options = parse_options_header(request.headers.get("content-type", ""))
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not boundary or len(boundary) > 200:
        raise HTTPException(415, "Send the file as multipart/form-data, in a part named 'file'.")
    announced = request.headers.get("content-length", "0")
    files.room(int(announced) if announced.isdigit() and len(announced) < 20 else 0)
    reader = _Reader(files, count)
    try:
        parser = MultipartParser(boundary, reader.callbacks())
        async for piece in pieces(request, most, patience):
            with told():
                parser.write(piece)
            if reader.due():
                files.room()
        parser.finalize()
        if not reader.ended:
            raise HTTPException(400, "The form ends in the middle. Send it again.")
        await asyncio.to_thread(reader.settle)
    except BaseException as error:
        reader.abandon()
        if isinstance(error, FormParserError):
            raise HTTPException(400, f"The form cannot be read: {error}.") from error
        raise
    return reader.form


class _Reader:
    """Builds a form from what the parser meets."""

    def __init__(self, files: Files, count: int) -> None:
        self.form, self.ended = Form(), False
        self._files, self._count = files, count
        self._header: list[bytes] = [b"", b""]
        self._disposition, self._headers, self._parts = b"", 0, 0
        self._name, self._text = "", bytearray()
        self._file: BinaryIO | None = None
        self._hash = hashlib.sha256()
        self._checked = time.monotonic()

    def callbacks(self) -> Any:
        """What the parser calls."""
        return {
            "on_part_begin": self._begin,
            "on_header_field": lambda data, start, end: self._head(0, data[start:end]),
            "on_header_value": lambda data, start, end: self._head(1, data[start:end]),
            "on_header_end": self._headed,
            "on_headers_finished": self._open,
            "on_part_data": lambda data, start, end: self._data(data[start:end]),
            "on_part_end": self._close,
            "on_end": self._end,
        }

    def due(self) -> bool:
        """True once a second: time to look whether there is room left."""
        now = time.monotonic()
        if now - self._checked < 1:
            return False
        self._checked = now
        return True

    def settle(self) -> None:
        """Have everything on the disk before anybody relies on it."""
        with told():
            for upload in self.form.uploads:
                with upload.path.open("rb") as file:
                    os.fsync(file.fileno())

    def abandon(self) -> None:
        """Delete what was taken so far."""
        if self._file:
            self._file.close()
        self.form.drop()

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > self._count + _MOST_FIELDS:
            raise HTTPException(413, f"At most {self._count} files and {_MOST_FIELDS} fields.")
        self._disposition, self._headers = b"", 0

    def _head(self, which: int, data: bytes) -> None:
        self._headers += len(data)
        if self._headers > _MOST_HEADER:
            raise HTTPException(400, "The headers of a part are too long.")
        self._header[which] += data

    def _headed(self) -> None:
        name, value = self._header
        if name.lower() == b"content-disposition":
            self._disposition = value
        self._header = [b"", b""]

    def _open(self) -> None:
        _, options = parse_options_header(self._disposition)
        if b"name" not in options:
            raise HTTPException(400, "A part of the form has no name.")
        self._name = options[b"name"].decode("utf-8", "replace")
        self._text = bytearray()
        if b"filename" not in options:
            return
        if len(self.form.uploads) >= self._count:
            raise HTTPException(413, f"At most {self._count} files at a time.")
        given = options[b"filename"].decode("utf-8", "backslashreplace")
        upload = Upload(self._name, safe_name(given), self._files.new())
        self._file = upload.path.open("xb")
        self.form.uploads.append(upload)
        self._hash = hashlib.sha256()

    def _data(self, data: bytes) -> None:
        if self._file is None:
            self._text += data
            if len(self._text) > _MOST_FIELD:
                raise HTTPException(413, f"The field {self._name[:40]!r} is too long.")
            return
        self._file.write(data)
        self._hash.update(data)
        self.form.uploads[-1].bytes += len(data)

    def _close(self) -> None:
        if self._file is None:
            self.form.fields[self._name] = self._text.decode("utf-8", "replace")
            return
        self._file.close()
        self._file = None
        self.form.uploads[-1].sha256 = self._hash.hexdigest()

    def _end(self) -> None:
        self.ended = True
