"""PerTh: the inaudible mark in all speech of Chatterbox and of Resemble AI's other voices.

A network reads the spectrum under 2 kHz and says how sure it is that the mark is there, 0 to 1. The
mark carries no message. Weights and design: the package resemble-perth (Resemble AI, MIT), whose
file of weights is read as it is; its code, which needs PyTorch, is not run.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.digests import sha256_of
from unmask.errors import MissingExtra, ModelError
from unmask.types import Samples
from unmask.watermarks.torchfile import Array, read_arrays

RATE = 32000
"""Samples a second that the network was trained with."""
SHA256 = "a15bce457ebc53ce5e6c9c3f11df78cf7ee2bf9cdab0a798902135b4c4027670"
"""Of the file of weights in resemble-perth 1.0.1."""
SOURCE = "https://github.com/resemble-ai/Perth"
ENOUGH = 0.9
"""The mean confidence from which on the mark is there."""
LONG = 6.0
"""Seconds of sound from which on it decides; less of it only raises a doubt, because the network
is now and then rather sure of a short recording without the mark."""
_FILE = Path("perth_net/pretrained/implicit/perth_net_250000.pth.tar")
_WINDOW, _HOP, _BINS = 2048, 320, 128
_BRANCHES = {"slow": 1.25, "normal": 1.0, "fast": 0.75}
_FLOOR_DB, _RANGE_DB = -180.0, 195.0
_LOUD = 0.05
_LAYERS = 7


@dataclass(frozen=True, slots=True)
class Heard:
    """The mean confidence over some stretches, and the seconds they span."""

    confidence: float
    spans: tuple[tuple[float, float], ...]

    @property
    def there(self) -> bool:
        """Whether the mark is in the sound."""
        return self.confidence >= ENOUGH

    @property
    def seconds(self) -> float:
        """How much sound was heard."""
        return sum(end - start for start, end in self.spans)


@dataclass(frozen=True, slots=True)
class Perth:
    """The reader. ``layers``: weights and biases of each branch, in order."""

    layers: dict[str, tuple[tuple[Array, Array], ...]]

    def confidence(self, samples: Samples) -> float:
        """How sure the network is that the mark is there; about 0 without it, about 1 with it.

        ``samples``: mono at ``RATE``, at least one window long and not silent.
        """
        spectrum = loudness(samples)
        total = spectrum.sum(0)
        voiced = total > _LOUD * total.max()
        band = spectrum[:_BINS]
        votes, weights = [], []
        for branch, speed in _BRANCHES.items():
            length = int(band.shape[1] * speed)
            out = self._run(branch, _stretched(band, length))
            kept = voiced[_nearest(len(voiced), length)]
            attention, mark = out[:, kept].mean(1)
            votes.append(float(mark))
            weights.append(float(attention))
        shares = np.exp(np.array(weights) - max(weights))
        return float((shares / shares.sum()) @ np.array(votes))

    def _run(self, branch: str, band: Array) -> Array:
        *hidden, last = self.layers[branch]
        for weight, bias in hidden:
            band = _leaky(_convolved(band, weight, bias))
        return _convolved(band, *last)


def _leaky(values: Array) -> Array:
    out: Array = np.maximum(values, np.float32(0.01) * values)
    return out


def judged(
    stretches: Sequence[tuple[float, Samples]], reader: Perth, rate: int = 16000
) -> Heard | None:
    """Listen to stretches (their begin in seconds, mono samples); None when there are none."""
    if not stretches:
        return None
    import soxr

    confidences, spans = [], []
    for start, samples in stretches:
        resampled: Samples = soxr.resample(samples, rate, RATE).astype(np.float32)
        confidences.append(reader.confidence(resampled))
        spans.append((start, start + len(samples) / rate))
    return Heard(float(np.mean(confidences)), tuple(spans))


def loudness(samples: Samples) -> Array:
    """The magnitude spectrum in decibels, 0 at -180 dB and 1 at 15 dB: 1025 × frames."""
    padded = np.pad(samples, _WINDOW // 2, mode="reflect")
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[::_HOP]
    window = np.hanning(_WINDOW + 1)[:-1].astype(np.float32)
    size = np.abs(np.fft.rfft(frames * window, axis=1)).astype(np.float32).T
    decibels = 20 * np.log10(np.maximum(size, 1e-9))
    scaled: Array = ((decibels - _FLOOR_DB) / _RANGE_DB).astype(np.float32)
    return scaled


@lru_cache(maxsize=1)
def load() -> Perth:
    """The reader with the weights of the installed package.

    Raises MissingExtra when the package is not installed, and ModelError when its weights are
    missing or not the known ones.
    """
    return read(weights_file())


def weights_file() -> Path:
    """Where the installed package keeps its weights; nothing of it is run. Raises as ``load``."""
    found = importlib.util.find_spec("perth")
    if found is None or not found.submodule_search_locations:
        raise MissingExtra("Reading the mark of Chatterbox voices", "perth")
    return Path(next(iter(found.submodule_search_locations))) / _FILE


def read(path: Path) -> Perth:
    """The reader with the weights of a file whose SHA-256 is ``SHA256``. Raises ModelError."""
    again = "Run: pip install --force-reinstall 'unmask[perth]'"
    try:
        found = sha256_of(path)
    except OSError as error:
        raise ModelError(f"The weights {path} cannot be read: {error.strerror}. {again}") from error
    if found != SHA256:
        raise ModelError(f"The weights {path} are not the known ones (sha256 differs). {again}")
    return built(read_arrays(path))


def built(arrays: dict[str, Array]) -> Perth:
    """The reader from arrays by the names of the published network. Raises ModelError."""
    layers = {}
    for branch in _BRANCHES:
        names = [f"model.decoder.{branch}_layers.{n}.conv" for n in range(_LAYERS)]
        try:
            layers[branch] = tuple((arrays[f"{n}.weight"], arrays[f"{n}.bias"]) for n in names)
        except KeyError as error:
            raise ModelError(f"The weights of PerTh lack {error.args[0]!r}.") from error
        shapes = [weight.shape for weight, _ in layers[branch]]
        fits = all(one[0] == other[1] for one, other in pairwise(shapes))
        if not fits or shapes[0][1] != _BINS or shapes[-1][0] != 2:
            raise ModelError("The weights of PerTh have other shapes than its network.")
    return Perth(layers)


def _convolved(values: Array, weight: Array, bias: Array) -> Array:
    """A convolution along time that keeps the length: channels × time."""
    reach = weight.shape[2] // 2
    padded = np.pad(values, ((0, 0), (reach, reach)))
    length = values.shape[1]
    stacked = np.concatenate([padded[:, k : k + length] for k in range(weight.shape[2])])
    flat = weight.transpose(0, 2, 1).reshape(len(weight), -1)
    out: Array = flat @ stacked + bias[:, None]
    return out


def _stretched(values: Array, length: int) -> Array:
    """Linear interpolation along time; first and last frame stay where they are."""
    if length == values.shape[1]:
        return values
    places = np.linspace(0, values.shape[1] - 1, length)
    low = np.minimum(places.astype(int), values.shape[1] - 2)
    part = (places - low).astype(np.float32)
    out: Array = values[:, low] * (1 - part) + values[:, low + 1] * part
    return out


def _nearest(count: int, length: int) -> NDArray[np.int64]:
    """For each of ``length`` places the one of ``count`` that it lies in."""
    places: NDArray[np.int64] = np.arange(length) * count // length
    return places
