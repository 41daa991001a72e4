"""Has the neural vocoder FARGAN say again what other engines said: neither words nor voice are new.

The cepstrum is smoothed over up to 50 ms and half of the time the pitch is moved, so the vocoder
gets such features as an acoustic model makes. It is the nearest to neural speech synthesis that
comes with no data of its own. ``copy.py`` says how the library is built.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import soundfile
import soxr

from unmask.detectors.audio.unmask_voice.material.copy import Networks, raise_pitch, soften
from unmask.detectors.audio.unmask_voice.material.engines import Say
from unmask.detectors.audio.unmask_voice.spectra import LEVEL, RATE

SOURCES = {"festhts": 10, "rhvoice": 16, "pico": 16, "openjtalk": 6, "festunits": 6}
"""Engines whose speech is taken, and how many recordings of each."""


def recordings(folder: Path) -> list[Path]:
    """Recordings of the sources in ``folder``, spread over all that each has there."""
    chosen: list[Path] = []
    for source, count in SOURCES.items():
        found = sorted(folder.glob(f"{source}_*.wav"))
        chosen += found[:: max(1, len(found) // count)][:count]
    return chosen


def absent(folder: Path) -> list[str]:
    """The sources of which nothing is there."""
    return [source for source in SOURCES if not any(folder.glob(f"{source}_*.wav"))]


def lines(folder: Path, nets: Networks) -> Iterator[Say]:
    """Every one of these recordings once more."""
    for path in recordings(folder):
        yield partial(_again, nets, path)


def _again(nets: Networks, path: Path, out: Path) -> None:
    rng = np.random.default_rng(zlib.crc32(path.name.encode()))
    wave, rate = soundfile.read(path)
    wave = soxr.resample(wave, rate, RATE)
    wave = np.asarray(wave * (LEVEL / max(float(wave.std()), 1e-6)), np.float32)
    features = nets.features(wave)
    wide = int(rng.choice([1, 3, 5]))
    soften(features, wide)
    if rng.random() < 0.5:
        raise_pitch(features, rng.uniform(-0.25, 0.25))
    said = np.clip(nets.speak(features, wave.size), -1, 1)
    soundfile.write(out, said, RATE, subtype="PCM_16")
