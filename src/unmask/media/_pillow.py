"""Pillow's process-wide switches and its libraries' chatter, set aside while a picture is read."""

from __future__ import annotations

import logging
import os
import threading
import warnings

from PIL import Image, ImageFile

_STDERR = 2
# Without any handler Python would print Pillow's complaints about damaged files.
logging.getLogger("PIL").addHandler(logging.NullHandler())


class _Shared:
    """A state that the first user switches on and the last one off, in any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._users = 0

    def __enter__(self) -> None:
        with self._lock:
            if self._users == 0:
                self.begin()
            self._users += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._users -= 1
            if self._users == 0:
                self.end()

    def begin(self) -> None:
        """Switch on."""

    def end(self) -> None:
        """Switch back."""


class _Rules(_Shared):
    """Our pixel limit instead of Pillow's, which is lower; no filling of holes; no warnings.

    A host program may have told Pillow to fill truncated pictures with grey: that would forge
    pixels. Held only while Pillow works, never while a caller does.
    """

    def begin(self) -> None:
        self._kept = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES)
        Image.MAX_IMAGE_PIXELS = None
        ImageFile.LOAD_TRUNCATED_IMAGES = False
        self._warnings = warnings.catch_warnings()
        self._warnings.__enter__()
        warnings.simplefilter("ignore")

    def end(self) -> None:
        self._warnings.__exit__(None, None, None)
        Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES = self._kept


class _Quiet(_Shared):
    """Standard error goes nowhere: libtiff writes its complaints there and has no other way.

    What other threads write to standard error in the meantime is lost too, so it is used only
    for compressed TIFF files.
    """

    def begin(self) -> None:
        self._kept = -1
        try:
            self._kept = os.dup(_STDERR)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, _STDERR)
            os.close(nowhere)
        except OSError:  # standard error is closed: nothing can be printed
            return

    def end(self) -> None:
        if self._kept >= 0:
            os.dup2(self._kept, _STDERR)
            os.close(self._kept)


RULES = _Rules()
QUIET = _Quiet()
