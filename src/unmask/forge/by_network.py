"""Pictures restored and voices enhanced by a network that the user names: an ONNX file.

Restoring a face and cleaning speech are harmless by themselves and may take away what a detector
looks for. No such network comes with this project. One for pictures takes 1 × 3 × height × width
and one for sound 1 × samples or 1 × 1 × samples, as 32-bit floats of 0 … 1 and of -1 … 1, and
gives the same; a fixed size is met by scaling, and a larger result is scaled back. What a network
needs besides (places of eyes and mouth, spectra) must be inside the file.

``restore`` is the condition under which the face restorer cited below launders pictures; that one
looks components up by their place, so an export of it has to find them itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import soxr
from PIL import Image

from unmask.errors import ModelError, SettingError
from unmask.runtime.session import open_session
from unmask.types import Pixels, Samples

KEY = "dfdnet-restore"
CITATION = (
    "Li, Chen, Zhou, Lin, Zuo, Zhang: Blind Face Restoration via Deep Multi-scale Component "
    "Dictionaries. ECCV 2020"
)
URL = "https://arxiv.org/abs/2008.00418"
SHARES = ("0.2", "0.4", "0.6", "0.8", "1")
"""How much of the network's result is mixed in, by severity; the rest is what it was given."""
OPTIONS = {"restore": "--restorer", "enhance": "--enhancer"}
"""The option that names the network of each condition."""
RATE = 48_000


class Network:
    """One file, opened. ``rate``: of the samples that a network for sound takes.

    Raises ModelError when it does not load or does not take one picture, or one recording.
    """

    def __init__(self, path: Path, rate: int = 0) -> None:
        if not path.is_file():
            raise ModelError(f"There is no network at {path}.")
        self.path, self.rate = path, rate
        self.sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
        self._session = open_session(path)
        inputs = self._session.get_inputs()
        shape = list(inputs[0].shape) if len(inputs) == 1 else []
        fits = len(shape) in (2, 3) if rate else len(shape) == 4 and shape[1] in (3, "C", None)
        if not fits:
            wanted = "1 × samples" if rate else "1 × 3 × height × width"
            raise ModelError(
                f"{path.name} takes {[list(one.shape) for one in inputs]}; it must take one array "
                f"of {wanted}."
            )
        self._name, self._shape = inputs[0].name, shape

    def _run(self, given: Any) -> Any:
        try:
            found = np.asarray(self._session.run(None, {self._name: given})[0], np.float32)
        except Exception as error:  # the runtime raises its own unexported types
            raise ModelError(f"{self.path.name}: {str(error).splitlines()[0]}") from error
        if found.ndim != given.ndim or not np.isfinite(found).all():
            raise ModelError(f"{self.path.name} gives {list(found.shape)}, or what is no number.")
        return found

    def picture(self, pixels: Pixels) -> Pixels:
        """What it makes of a picture, in the picture's own size."""
        size = (pixels.shape[1], pixels.shape[0])
        high, wide = self._shape[2:]
        fixed = isinstance(high, int) and isinstance(wide, int)
        given = _scaled(pixels, (wide, high) if fixed else size)
        found = self._run(np.moveaxis(given, 2, 0)[None].astype(np.float32) / 255)[0]
        if found.shape[0] != 3:
            raise ModelError(f"{self.path.name} gives {found.shape[0]} channels and not 3.")
        bytes_ = np.clip(np.moveaxis(found, 0, 2) * 255 + 0.5, 0, 255).astype(np.uint8)
        return _scaled(bytes_, size)

    def sound(self, samples: Samples, rate: int) -> Samples:
        """What it makes of a recording, in the recording's own rate and length."""
        taken = soxr.resample(samples, rate, self.rate).astype(np.float32)
        found = self._run(taken.reshape((1,) * (len(self._shape) - 1) + (-1,))).ravel()
        back = soxr.resample(found, self.rate, rate).astype(np.float32)[: samples.size]
        return np.pad(back, (0, samples.size - back.size))


def _scaled(pixels: Pixels, size: tuple[int, int]) -> Pixels:
    if (pixels.shape[1], pixels.shape[0]) == size:
        return pixels
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.LANCZOS))


_open: dict[str, Network] = {}


@contextmanager
def using(
    restorer: Path | None = None, enhancer: Path | None = None, rate: int = RATE
) -> Iterator[tuple[str, ...]]:
    """The networks that the conditions run inside; gives a line on each. Raises ModelError."""
    before = dict(_open)
    if restorer:
        _open["restore"] = Network(restorer)
    if enhancer:
        _open["enhance"] = Network(enhancer, rate)
    try:
        yield tuple(
            f"The condition {name!r} ran {one.path.name}, sha256 {one.sha256[:12]}."
            for name, one in _open.items()
        )
    finally:
        _open.clear()
        _open.update(before)


def _network(condition: str) -> Network:
    if condition not in _open:
        raise SettingError(
            f"The condition {condition!r} runs a network of yours. "
            f"Name it: {OPTIONS[condition]} FILE.onnx"
        )
    return _open[condition]


def restored(pixels: Pixels, share: float) -> Pixels:
    """A picture with ``share`` of its restored form. Raises SettingError, ModelError."""
    mixed = pixels + share * (_network("restore").picture(pixels).astype(np.float64) - pixels)
    return np.clip(mixed + 0.5, 0, 255).astype(np.uint8)


def enhanced(samples: Samples, rate: int, share: float) -> Samples:
    """A recording with ``share`` of its enhanced form. Raises SettingError, ModelError."""
    found = _network("enhance").sound(samples, rate)
    return np.asarray(samples + share * (found - samples), np.float32)
