"""Has the neural vocoder and the neural codec of Opus 1.5 copy real recordings, for training.

    python -m unmask.detectors.audio.unmask_voice.material.copy --data WIDER --library LIBRARY

FARGAN (Valin, Mustafa, Büthe 2024) and DRED (Valin et al. 2023) come with libopus, weights and all
(BSD). The library, libneuralcopy.so, is built from the source of libopus 1.5 (Debian: ``apt-get
source opus``) and ``neuralcopy.c`` beside this file, in the source's folder:

    CFLAGS="-O2 -fPIC" ./configure --disable-shared --enable-deep-plc --enable-dred && make
    gcc -O2 -fPIC -shared -DHAVE_CONFIG_H -I. -Iinclude -Idnn -Icelt -Isilk \\
        -o libneuralcopy.so neuralcopy.c .libs/libopus.a -lm

Every copy has the length and the timing of its recording. They are written to ``WIDER/copies`` and
added to ``WIDER/manifest.jsonl`` as fakes whose ``copy_of`` names the recording.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from unmask.detectors.audio.unmask_voice.items import load
from unmask.detectors.audio.unmask_voice.spectra import RATE
from unmask.forge.launder_sound import band
from unmask.forge.vocode import levelled
from unmask.types import Samples

_FRAME, _FEATURES, _CEPSTRUM, _PITCH = 160, 36, 18, 18
_BEFORE, _AFTER = 4800, 9600
_EARLY, _LATE = 544, 416
_UNDER = 50.0
"""Decibels under its loudest band at which a recording is said to end."""


class Networks:
    """The functions of ``neuralcopy.c``. Raises OSError when the library can't be loaded."""

    def __init__(self, library: Path) -> None:
        self._c: Any = ctypes.CDLL(str(library.resolve()))
        words = np.ctypeslib.ndpointer(np.int16, flags="C")
        floats = np.ctypeslib.ndpointer(np.float32, flags="C")
        count = ctypes.c_int
        self._c.neural_features.argtypes = [words, count, floats]
        self._c.neural_speak.argtypes = [floats, count, floats]
        self._c.neural_features.restype = self._c.neural_speak.restype = None
        self._c.neural_dred.argtypes = [words, count, words, count, count, count]

    def features(self, samples: Samples) -> NDArray[np.float32]:
        """Cepstrum, pitch and voicing of a recording (with its surroundings) every 10 ms."""
        padded = _padded(samples)
        frames = padded.size // _FRAME
        out = np.zeros((frames, _FEATURES), np.float32)
        self._c.neural_features(padded, frames, out)
        return out

    def speak(self, features: NDArray[np.float32], size: int) -> Samples:
        """The recording of ``size`` samples that FARGAN makes of features."""
        frames = features.shape[0]
        out = np.zeros((frames - 5) * _FRAME, np.float32)
        self._c.neural_speak(np.ascontiguousarray(features, np.float32), frames, out)
        return out[_BEFORE - _EARLY :][:size]

    def dred(self, samples: Samples, rng: np.random.Generator) -> Samples:
        """The recording through DRED, at some 1 to 2 kbit/s. Raises OSError when Opus fails."""
        padded = _padded(samples)
        packets = padded.size // (2 * _FRAME)
        out = np.zeros(packets * 2 * _FRAME, np.int16)
        rate, period = int(rng.choice([64000, 96000])), int(rng.choice([15, 25, 35]))
        if self._c.neural_dred(padded, packets, out, rate, 60, period) < 0:
            raise OSError("Opus could not code the recording.")
        return np.asarray(out[_BEFORE + _LATE :][: samples.size] / 32768, np.float32)


def _padded(samples: Samples) -> NDArray[np.int16]:
    """With its mirror image before and after, so that the networks are warm and not cut off."""
    before = np.resize(samples[:_BEFORE][::-1], _BEFORE)
    after = np.resize(samples[::-1][:_AFTER], _AFTER)
    whole = np.concatenate([before, samples, after])
    return np.ascontiguousarray(np.round(np.clip(whole, -1, 1) * 32767), np.int16)


def soften(features: NDArray[np.float32], wide: int) -> None:
    """Average the cepstrum over ``wide`` frames of 10 ms, in place."""
    for column in range(_CEPSTRUM):
        padded = np.pad(features[:, column], wide // 2, mode="edge")
        features[:, column] = np.convolve(padded, np.ones(wide) / wide, "valid")


def raise_pitch(features: NDArray[np.float32], octaves: float) -> None:
    """Move the pitch, in place."""
    features[:, _PITCH] += octaves


def plain(nets: Networks, samples: Samples, rng: np.random.Generator) -> Samples:
    """Copy-synthesis by FARGAN."""
    return nets.speak(nets.features(samples), samples.size)


def smoothed(nets: Networks, samples: Samples, rng: np.random.Generator) -> Samples:
    """The same from a cepstrum averaged over 30 to 70 ms, as acoustic models over-smooth it."""
    features = nets.features(samples)
    soften(features, int(rng.choice([3, 5, 7])))
    return nets.speak(features, samples.size)


def pitched(nets: Networks, samples: Samples, rng: np.random.Generator) -> Samples:
    """The same at another pitch: up to a third of an octave and more."""
    features = nets.features(samples)
    moved = rng.uniform(0.05, 0.35) * rng.choice([-1, 1])
    raise_pitch(features, moved * np.log2(np.e))
    return nets.speak(features, samples.size)


def coded(nets: Networks, samples: Samples, rng: np.random.Generator) -> Samples:
    """Through the neural codec."""
    return nets.dred(samples, rng)


TOOLS: dict[str, Callable[[Networks, Samples, np.random.Generator], Samples]] = {
    "fargan": plain,
    "fargan-smoothed": smoothed,
    "fargan-pitched": pitched,
    "dred": coded,
}


def _edge(samples: Samples) -> float:
    """Frequency in Hz above which a recording holds nothing."""
    power = np.abs(np.fft.rfft(samples)) ** 2
    bands = power[: power.size // 64 * 64].reshape(64, -1).mean(axis=1)
    level = 10 * np.log10(bands + 1e-12)
    return float((np.flatnonzero(level > level.max() - _UNDER)[-1] + 1) * RATE / 128)


def copies(data: Path, nets: Networks) -> int:
    """Copy every real recording of the training split by every tool. Returns how many."""
    manifest = data / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text(encoding="utf-8").splitlines()]
    rows = [row for row in rows if not row.get("copy_of")]
    made = []
    for row in rows:
        if row["label"] != "real" or row["split"] != "train":
            continue
        real = load(data / row["path"])
        for tool, run in TOOLS.items():
            rng = np.random.default_rng(zlib.crc32(f"{tool}|{row['path']}".encode()))
            # The network fills the spectrum where the recording has nothing: that would be a sign.
            fake = levelled(band(run(nets, real, rng), RATE, 0, _edge(real)), real)
            name = f"copies/{tool}/{Path(row['path']).stem}.flac"
            (data / name).parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(data / name, np.clip(fake, -1, 1), RATE, subtype="PCM_16")
            made.append(
                row | {"path": name, "label": "fake", "method": tool, "copy_of": row["path"]}
            )
    text = "".join(json.dumps(row) + "\n" for row in rows + made)
    manifest.write_text(text, encoding="utf-8")
    return len(made)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--library", type=Path, required=True)
    args = parser.parse_args()
    print(f"{copies(args.data, Networks(args.library))} copies")


if __name__ == "__main__":
    main()
