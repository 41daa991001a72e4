"""Copy-synthesis: a real recording taken apart and built again, the way a speech generator ends.

A generator of speech ends in a vocoder, and the vocoder leaves traces whatever the words are.
Re-synthesising *real* recordings gives a fake of the same words, speaker, microphone and codec, so
that nothing but those traces tells the two apart. Every method keeps length and alignment.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from unmask.errors import SettingError
from unmask.forge import vocode_source as source
from unmask.forge import vocode_spectral as spectral
from unmask.types import Samples

Method = Callable[[Samples, int, np.random.Generator], Samples]

METHODS: dict[str, Method] = {
    "griffin-lim": spectral.from_magnitude,
    "mel-griffin-lim": spectral.from_mel,
    "mel-nonnegative": spectral.from_mel_nonnegative,
    "random-phase": spectral.random_phase,
    "smeared": spectral.smeared,
    "periodic": spectral.periodic,
    "quantised": spectral.quantised,
    "shifted": spectral.shifted,
    "world": source.world,
    "world-converted": source.world_converted,
    "lpc": source.lpc,
    "cepstral": source.cepstral,
    "harmonic": source.harmonic,
    "channel": source.channel,
}
"""Every way to build a recording again, by name."""


def resynthesise(method: str, samples: Samples, rate: int, rng: np.random.Generator) -> Samples:
    """A fake of ``samples`` with the same length, alignment and level. Raises SettingError."""
    if method not in METHODS:
        raise SettingError(f"There is no vocoder {method!r}. Use one of: {', '.join(METHODS)}.")
    return levelled(METHODS[method](samples, rate, rng), samples)


def levelled(changed: Samples, like: Samples) -> Samples:
    """``changed`` with the root mean square of ``like``."""
    have, want = float(np.sqrt(np.mean(changed**2))), float(np.sqrt(np.mean(like**2)))
    return np.asarray(changed * (want / max(have, 1e-9)), np.float32)


def insert(
    real: Samples,
    piece: Samples,
    start: float,
    rate: int,
    fade: float = 0.02,
    match: bool = True,
) -> Samples:
    """``real`` with ``piece`` laid over it from ``start`` seconds on.

    ``piece`` may be a vocoded copy, synthetic speech or other real speech (cut and paste). It is
    cross-faded over ``fade`` seconds inside its own stretch and, with ``match``, brought to the
    level of what it covers (to that of the whole where that is nearly silent). The length stays.
    Raises SettingError when the piece does not fit.
    """
    first = round(start * rate)
    if first < 0 or first + piece.size > real.size:
        raise SettingError("The inserted piece reaches over the end. Use a shorter or earlier one.")
    covered = real[first : first + piece.size]
    if match:
        loud = float(np.sqrt(np.mean(covered**2)))
        whole = float(np.sqrt(np.mean(real**2)))
        have = float(np.sqrt(np.mean(piece**2)))
        piece = np.asarray(piece * (max(loud, 0.3 * whole) / max(have, 1e-9)), np.float32)
    edge = min(int(fade * rate), piece.size // 2)
    gain = np.ones(piece.size, np.float32)
    if edge:
        ramp = np.sin(np.linspace(0, np.pi / 2, edge, dtype=np.float32)) ** 2
        gain[:edge], gain[-edge:] = ramp, ramp[::-1]
    out = real.copy()
    out[first : first + piece.size] = covered * (1 - gain) + piece * gain
    return out
