"""Fixed band-pass filters on raw sound, evenly spread on the mel scale.

Ravanelli and Bengio 2018, "Speaker Recognition from Raw Waveform with SincNet", section 2, as
RawNet2 and AASIST keep them: not learnt.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor


def mel_filters(count: int = 70, taps: int = 129, rate: int = 16000) -> Tensor:
    """Kernels of bands whose edges lie evenly on the mel scale up to half the rate, count × 1 ×
    taps: differences of two sinc low-passes under a Hamming window.
    """
    top = 2595 * np.log10(1 + rate / 2 / 700)
    edges = 700 * (10 ** (np.linspace(0, top, count + 1) / 2595) - 1)
    time = np.arange(taps) - (taps - 1) / 2
    passed = 2 * edges[:, None] / rate * np.sinc(2 * edges[:, None] * time / rate)
    bands = np.diff(passed, axis=0) * np.hamming(taps)
    return torch.from_numpy(bands.astype(np.float32))[:, None]
