"""Opening a local file safely, and turning what decoders throw into one clear line."""

from __future__ import annotations

import io
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from PIL import UnidentifiedImageError

from unmask.errors import MediaError, MediaTooLarge, UnreadableMedia
from unmask.media.limits import Clock

_INVALID_DATA = -int.from_bytes(b"INDA", "little")
# A badly interleaved file is read many times over, a kilobyte of every buffer; no more than this.
_FREE_BYTES, _TIMES_READ = 256_000_000, 200
_SPECIAL = (
    (stat.S_ISDIR, "is a folder; name a file in it"),
    (stat.S_ISFIFO, "is a pipe; save its content to a file first"),
    (stat.S_ISSOCK, "is a socket; save its content to a file first"),
    (stat.S_ISCHR, "is a device; save its content to a file first"),
    (stat.S_ISBLK, "is a device; save its content to a file first"),
)


def shown(path: Path) -> str:
    """The file's name for a message: quoted, on one line, without bytes that do not print."""
    return repr(path.name or str(path))


def plain(path: str | Path) -> str:
    """The path as text that can always be written as UTF-8."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def missing(path: Path) -> str:
    """One line on a path where nothing is: an address and "-" are told from a wrong name."""
    text = re.sub(r"^([A-Za-z][A-Za-z0-9+.-]+):/(?!/)", r"\1://", plain(path))  # a Path drops one
    address = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)
    if text == "-":
        what = "'-' would be the standard input, which is not read"
    elif address and address[1].lower() == "file":
        return f"{text!r} is an address. Name the file by its path, without 'file:'."
    elif address:
        what = f"{text!r} is an address, and unmask fetches nothing"
    else:
        return f"{shown(path)} does not exist. Check the path."
    return f"{what}. It takes files and folders on this machine: save it to a file and name that."


def open_regular(path: Path) -> io.FileIO:
    """Open a regular file for reading, never waiting for a pipe or a device.

    Raises UnreadableMedia if there is no such file, it is not a regular file, or may not be read.
    """
    name = shown(path)
    try:
        _refuse_special(name, path.stat().st_mode)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(path, flags | getattr(os, "O_BINARY", 0))
    except FileNotFoundError:
        raise UnreadableMedia(missing(path)) from None
    except PermissionError:
        raise UnreadableMedia(
            f"{name} may not be read by this user. Change its permissions."
        ) from None
    except (OSError, ValueError) as error:
        raise UnreadableMedia(
            f"{name} cannot be opened: {reason(error)}. Check the path."
        ) from None
    file = io.FileIO(descriptor, "rb", closefd=True)
    try:
        _refuse_special(name, os.fstat(descriptor).st_mode)
    except MediaError:
        file.close()
        raise
    return file


def _refuse_special(name: str, mode: int) -> None:
    for is_kind, why in _SPECIAL:
        if is_kind(mode):
            raise UnreadableMedia(f"{name} {why}.")
    if not stat.S_ISREG(mode):
        raise UnreadableMedia(f"{name} is not a regular file; save its content to a file first.")


class Source:
    """The bytes of an open file for a demuxer.

    It never raises, because FFmpeg's callbacks cannot carry exceptions: when the time is over,
    the disk fails, or a damaged index makes the demuxer read the same part for ever, the file
    seems to end, and the clock tells why when it is checked next.

    Decoders get this object and never a name, so that a name cannot be read as an address, a
    pattern or an option, and nothing but this file can be opened.
    """

    def __init__(self, file: io.FileIO, clock: Clock) -> None:
        self._file = file
        self._clock = clock
        self._left = _FREE_BYTES + _TIMES_READ * os.fstat(file.fileno()).st_size

    def read(self, size: int = -1) -> bytes:
        """Up to ``size`` bytes; none at the end."""
        if self._clock.expired() or self._clock.failure:
            return b""
        try:
            data = self._file.read(size) or b""
        except OSError as error:
            self._clock.failure = f"the disk failed ({reason(error)}); copy it elsewhere first"
            return b""
        self._left -= len(data)
        if self._left < 0:
            self._clock.failure = "its index leads in circles; convert it with another program"
        return data

    def seek(self, offset: int, whence: int = 0) -> int:
        """Move to a byte; FFmpeg's code for invalid data if there can be no such byte."""
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError, OverflowError):
            return _INVALID_DATA

    def tell(self) -> int:
        """The present byte."""
        return self._file.tell()

    def seekable(self) -> bool:
        """Always: it is a regular file."""
        return True


def reason(error: BaseException) -> str:
    """What an exception of a decoder says: one short line without a path."""
    if isinstance(error, UnidentifiedImageError):
        return "its header makes no sense"
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return " ".join(str(text).split())[:160].rstrip(".")


@contextmanager
def decoding(path: Path, what: str) -> Iterator[None]:
    """Turn whatever a third-party decoder throws at hostile bytes into one of our errors.

    ``what`` says what was being read ("the picture"). Raises UnreadableMedia, or MediaTooLarge
    if memory ran out.
    """
    try:
        yield
    except MediaError:
        raise
    except MemoryError as error:
        raise MediaTooLarge(
            f"{shown(path)}: not enough memory to read {what}. Scale it down or cut it first."
        ) from error
    except Exception as error:  # decoders raise anything from struct.error to SyntaxError
        raise UnreadableMedia(
            f"{shown(path)}: {what} cannot be read, it is damaged or truncated "
            f"({reason(error)}). Get an intact copy."
        ) from error
