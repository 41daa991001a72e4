"""Whether a voice can be recognised at all: seconds of speech, noise and band.

The limits are where the error leaves its plateau, measured: docs/identity.md, "Recognisability".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Samples
from unmask.voices.activity import RATE, Activity, Meter
from unmask.voices.embed import speech_only

LEAST_SECONDS = 1.2
LEAST_NOISE_RATIO = 28.0
LEAST_BAND = -38.0
_QUIETEST = 10
"""Per cent of the frames that, in each frequency, are taken for the background (minimum
statistics, Martin 2001): even between words of one breath every frequency has gaps."""
_WINDOW = 512


@dataclass(frozen=True, slots=True)
class Hearable:
    """What the gate looks at.

    ``seconds`` of speech; ``noise_ratio``: speech over background in dB; ``band``: power at 4 to
    7 kHz over that at 0.3 to 3.4 kHz in dB, in speech: low when a telephone cut it off.
    """

    seconds: float
    noise_ratio: float
    band: float

    def problem(self) -> str:
        """Why the voice cannot be compared, in plain words; empty when it can."""
        if self.seconds < LEAST_SECONDS:
            return f"there is too little speech ({self.seconds:.1f} s; {LEAST_SECONDS} are needed)"
        if self.noise_ratio < LEAST_NOISE_RATIO:
            return (
                f"the voice stands out of the noise by {self.noise_ratio:.0f} dB only "
                f"({LEAST_NOISE_RATIO:.0f} are needed)"
            )
        if self.band < LEAST_BAND:
            return "the recording holds a telephone's narrow band only"
        return ""


def hearable(samples: Samples, activity: Activity | None = None) -> Hearable:
    """What can be heard of a voice in mono sound at 16 kHz.

    ``activity``: what the meter heard, when it is known already. Raises MediaError when hardly
    anybody speaks.
    """
    if activity is None:
        meter = Meter()
        meter.feed(samples)
        activity = meter.finish()
    speech = speech_only(samples, activity)
    heard, everything = _spectra(speech), _spectra(samples)
    background = float(np.percentile(everything, _QUIETEST, axis=0).sum())
    loud = float(heard.mean(axis=0).sum())
    ratio = 10 * float(np.log10(max(loud, 1e-12) / max(background, 1e-12)))
    power, at = heard.mean(axis=0), np.fft.rfftfreq(_WINDOW, 1 / RATE)
    high = float(power[(at >= 4000) & (at < 7000)].sum())
    low = float(power[(at >= 300) & (at < 3400)].sum())
    band = 10 * float(np.log10(max(high, 1e-12) / max(low, 1e-12)))
    return Hearable(activity.seconds, ratio, band)


def _spectra(samples: Samples) -> NDArray[np.float64]:
    """Power spectra (frames × frequencies) of frames of 32 ms that overlap by half."""
    padded = np.pad(samples.astype(np.float64), (0, max(0, _WINDOW - samples.size)))
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WINDOW)[:: _WINDOW // 2]
    return np.asarray(np.abs(np.fft.rfft(frames * np.hanning(_WINDOW))) ** 2)
