"""Reads recordings of every kind that packages hold, as mono samples at 16 kHz."""

from __future__ import annotations

import io
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import av
import numpy as np
import soxr

from unmask.types import Samples
from unmask.voices.activity import RATE

GAME_RATE = 11025
"""Samples a second of the raw voices of a Drascula game (``.ALS``): 8 bits, without a sign."""
UNREADABLE = (av.FFmpegError, IndexError)
"""What a file raises that is no sound."""
_ENTRY = struct.Struct(">12sBII")


@dataclass(frozen=True, slots=True)
class Recording:
    """A file, or a part of an archive. ``name`` is without an ending; ``size`` in bytes."""

    name: str
    size: int
    path: Path
    data: bytes | None = None

    def samples(self) -> Samples:
        """Mono at 16 kHz. Raises one of ``UNREADABLE``."""
        if self.data is not None:
            return decoded(io.BytesIO(self.data), "mp3")
        if self.path.suffix == ".ALS":
            return eight_bit(self.path.read_bytes())
        return decoded(self.path)


def recordings(paths: Sequence[Path]) -> Iterator[Recording]:
    """One for each file, or for each line that an archive holds."""
    for path in paths:
        if path.suffix == ".1c":
            for name, data in queen_lines(path.read_bytes()):
                yield Recording(name, len(data), path, data)
        else:
            yield Recording(path.stem, path.stat().st_size, path)


def decoded(source: Path | io.BytesIO, form: str | None = None) -> Samples:
    """Mono samples at 16 kHz of a file or of bytes of a known format."""
    parts = []
    if isinstance(source, Path):
        form = "g722" if source.suffix == ".g722" else None
    place = str(source) if isinstance(source, Path) else source
    with av.open(place, "r", format=form, metadata_errors="ignore") as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        for frame in container.decode(audio=0):
            parts += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(frame)]
        parts += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    return np.concatenate(parts).astype(np.float32) if parts else np.zeros(0, np.float32)


def eight_bit(data: bytes, rate: int = GAME_RATE) -> Samples:
    """Raw samples of 8 bits, 128 being zero."""
    wave = (np.frombuffer(data, np.uint8).astype(np.float32) - 128) / 128
    return np.asarray(soxr.resample(wave, rate, RATE), np.float32)


def queen_lines(archive: bytes) -> list[tuple[str, bytes]]:
    """Spoken lines (MP3) of ``queen.1c``, by name.

    The game's data as ScummVM's tools pack it: after 13 bytes the number of entries, then for each
    a name of 12 bytes, a byte, offset and size; big-endian. Lines end in ``.SB``.
    """
    (count,) = struct.unpack_from(">H", archive, 13)
    lines = []
    for number in range(count):
        field, _, at, size = _ENTRY.unpack_from(archive, 15 + number * _ENTRY.size)
        name = field.partition(b"\0")[0].decode("latin1")
        if name.endswith(".SB"):
            lines.append((name, archive[at : at + size]))
    return [(name.removesuffix(".SB"), data) for name, data in sorted(lines)]


def trimmed(samples: Samples, below: float = 0.02) -> Samples:
    """Without what is quieter than ``below`` × the loudest 10 ms at either end."""
    step = RATE // 100
    n = samples.size // step
    if n == 0:
        return samples[:0]
    loud = np.abs(samples[: n * step]).reshape(n, step).max(axis=1)
    kept = np.flatnonzero(loud > below * max(float(loud.max()), 1e-4))
    if kept.size == 0:
        return samples[:0]
    return samples[kept[0] * step : (kept[-1] + 1) * step]
