"""The memory of a training on a processor."""

from __future__ import annotations

import ctypes
import sys

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_MOST = 2**31 - 1


def keep_memory() -> bool:
    """Have this process keep the memory that a step freed, for the next one; whether it can.

    glibc gives large tensors back to the system and gets them again, page by page, in every step:
    a quarter of the processor time of MesoNet, over two fifths of AASIST's. Other C libraries are
    left as they are.
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except AttributeError:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _MOST)) and bool(mallopt(_TRIM_THRESHOLD, _MOST))
