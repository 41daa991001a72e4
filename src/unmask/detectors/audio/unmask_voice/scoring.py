"""The exported network behind the windows and sums of a scan."""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from unmask.detectors.audio.unmask_voice.spectra import FRAMES, RATE, SAMPLES
from unmask.forge.launder_sound import apply, launder
from unmask.runtime.session import open_session
from unmask.types import Samples, Tensor
from unmask.voices.hearing import Heard, Hearing


class Scorer:
    """The exported network behind the analyzer's own windows."""

    def __init__(self, onnx: Path) -> None:
        self._session = open_session(onnx)

    def network(self, wave: Tensor) -> tuple[Tensor, Tensor]:
        """One batch of windows."""
        logit, frames = self._session.run(["logit", "frames"], {"wave": wave})
        return logit, frames

    def hear(self, samples: Samples) -> Heard:
        """A whole recording."""
        hearing = Hearing(self.network, SAMPLES, FRAMES)
        hearing.feed(np.asarray(samples, np.float32))
        return hearing.finish()


def under(condition: str, samples: Samples, name: str) -> Samples:
    """A condition, or a random chain of the strength that ``laundered:`` names."""
    seed = zlib.crc32(f"{name}|{condition}".encode())
    kind, _, strength = condition.partition(":")
    if kind == "laundered":
        return launder(samples, RATE, np.random.default_rng(seed), float(strength))
    return apply(condition, samples, RATE, seed)
