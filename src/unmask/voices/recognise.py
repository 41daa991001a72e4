"""Whether a voice can be recognised at all: seconds of speech, noise and band.

The limits are where the error leaves its plateau, measured: docs/identity.md, "Recognisability".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from unmask.types import Samples
from unmask.voices.activity import RATE, Activity, Meter
from unmask.voices.embed import speech_only

LEAST_SECONDS = 1.2
LEAST_NOISE_RATIO = 17.0
LEAST_BAND = -38.0
_QUIETEST = 5
"""Per cent of the frames that are taken for the background."""
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
    power = 10 ** (activity.levels.astype(np.float64) / 10)
    loud = float(power[activity.speech].mean())
    floor = float(np.percentile(power, _QUIETEST))
    ratio = 10 * float(np.log10(max(loud, 1e-12) / max(floor, 1e-12)))
    return Hearable(activity.seconds, ratio, _band(speech))


def _band(speech: Samples) -> float:
    count = max(1, speech.size // _WINDOW)
    padded = np.pad(speech, (0, max(0, _WINDOW - speech.size)))
    frames = padded[: count * _WINDOW].reshape(count, _WINDOW) * np.hanning(_WINDOW)
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(axis=0)
    at = np.fft.rfftfreq(_WINDOW, 1 / RATE)
    high = float(power[(at >= 4000) & (at < 7000)].sum())
    low = float(power[(at >= 300) & (at < 3400)].sum())
    return 10 * float(np.log10(max(high, 1e-12) / max(low, 1e-12)))
