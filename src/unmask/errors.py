"""Everything that can go wrong on purpose.

::

    UnmaskError
    ├── MediaError                 one file cannot be judged; a batch goes on
    │   ├── UnreadableMedia        truncated, damaged, not media, renamed, empty
    │   ├── UnsupportedMedia       a kind that is not handled
    │   └── MediaTooLarge          more pixels, seconds or bytes than the limits allow
    ├── ModelError                 a card or weight file is missing, altered or does not fit
    ├── UnknownName                no such detector, analyzer, setting…; suggests the nearest
    ├── SettingError               a value outside what is allowed
    ├── MissingExtra               an optional dependency is needed; says which command adds it
    ├── DataError                  training data is missing or malformed
    ├── UnfitReferences            material of a person is too little, too poor, or of two people
    ├── StoreError                 a file that unmask keeps for you is missing, damaged or locked
    ├── EngineError                machines that a scan was spread over gave up
    └── OutputError                a result cannot be written

Every message is one line that says what was wrong, what is allowed and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class UnmaskError(Exception):
    """Base of all errors that unmask raises on purpose. They travel between processes."""

    def __reduce__(self) -> tuple[object, ...]:
        return _again, (type(self), str(self))


def _again(kind: type[UnmaskError], message: str) -> UnmaskError:
    """The same error in another process, whatever its constructor takes."""
    error = kind.__new__(kind)
    Exception.__init__(error, message)
    return error


class MediaError(UnmaskError):
    """One file cannot be judged. A batch reports it and goes on."""


class UnreadableMedia(MediaError):
    """The bytes are truncated, damaged, empty or not media at all."""


class UnsupportedMedia(MediaError):
    """The file is media of a kind that unmask does not handle."""


class MediaTooLarge(MediaError):
    """The file announces more than the limits allow; raised before memory is spent."""


class ModelError(UnmaskError):
    """A card or weight file is missing, altered or does not fit its card."""


class UnknownName(UnmaskError):
    """No such thing is registered."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        known = sorted(known)
        close = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {close[0]!r}? " if close else ""
        super().__init__(f"No {what} is called {name!r}. {hint}There are: {', '.join(known)}.")


class SettingError(UnmaskError):
    """A setting has a value outside what is allowed."""


class MissingExtra(UnmaskError):
    """An optional dependency is needed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(f"{what} needs more packages. Run: pip install 'unmask[{extra}]'")


class DataError(UnmaskError):
    """Training data is missing or malformed."""


class StoreError(UnmaskError):
    """A file that unmask keeps for its user (an index, a profile) is missing, damaged or locked."""


class UnfitReferences(UnmaskError):
    """Authentic material of a person is too little, too poor, or of two people."""


class EngineError(UnmaskError):
    """The machines that a scan was spread over gave up; what was judged before is kept."""


class OutputError(UnmaskError):
    """A result cannot be written."""
