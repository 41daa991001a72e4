"""High dynamic range to the ordinary kind: PQ and HLG signals to 8-bit sRGB.

Transfer functions follow ITU-R BT.2100-2 (2018), tables 4 and 5; the BT.2020 to BT.709 matrix
is the inverse of that of BT.2087-0; reference white lies at 203 cd/m² (BT.2408-4). Light above
white is rolled off by the extended curve of Reinhard et al. 2002, eq. 4, applied to the largest
channel so that hues stay, with 1000 cd/m² as the brightest light.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels

PQ = 16
"""Code point of the PQ transfer function (ITU-T H.273)."""
HLG = 18
"""Code point of the hybrid log-gamma transfer function."""
_WHITE, _PEAK = 203.0, 1000.0
_TO_709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]],
    dtype=np.float32,
)
_STEPS = 4096
_ROWS = 1 << 19
_Float = NDArray[np.float32]


def is_hdr(transfer: int) -> bool:
    """True for the code points of PQ and HLG."""
    return transfer in (PQ, HLG)


def tone_map(signal: NDArray[np.uint8] | NDArray[np.uint16], transfer: int) -> Pixels:
    """Bring a PQ or HLG picture (height × width × 3, BT.2020, full scale of its type) to sRGB.

    Works strip by strip, so that the extra memory does not grow with the picture.
    """
    depth = 8 * signal.dtype.itemsize
    shift = max(0, depth - 12)
    light = _light(transfer, depth - shift)
    height, width = signal.shape[:2]
    out = np.empty((height, width, 3), np.uint8)
    step = max(1, _ROWS // max(1, width))
    for top in range(0, height, step):
        linear = light[signal[top : top + step] >> shift]
        out[top : top + step] = _encode(_roll_off(_hlg_system(linear, transfer) @ _TO_709.T))
    return out


@lru_cache(maxsize=8)
def _light(transfer: int, bits: int) -> _Float:
    """Linear light for each code value, in units of reference white (scene light for HLG)."""
    signal = np.linspace(0.0, 1.0, 1 << bits)
    if transfer == PQ:
        m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
        root = signal ** (1 / m2)
        nits = 10_000 * (np.maximum(root - c1, 0) / (c2 - c3 * root)) ** (1 / m1)
        return (nits / _WHITE).astype(np.float32)
    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(signal <= 0.5, signal**2 / 3, (np.exp((signal - c) / a) + b) / 12)
    return scene.astype(np.float32)


def _hlg_system(linear: _Float, transfer: int) -> _Float:
    """The opto-optical transfer of HLG for a 1000 cd/m² display (system gamma 1.2)."""
    if transfer != HLG:
        return linear
    luma = linear @ np.array([0.2627, 0.6780, 0.0593], np.float32)
    gain = np.float32(_PEAK / _WHITE) * np.power(luma, np.float32(0.2))
    lit: _Float = (linear * gain[..., None]).astype(np.float32, copy=False)
    return lit


def _roll_off(linear: _Float) -> _Float:
    linear = np.maximum(linear, 0)
    top = linear.max(axis=-1, keepdims=True)
    peak = np.float32(_PEAK / _WHITE)
    gain = (1 + top / peak**2) / (1 + top)
    rolled: _Float = np.minimum(linear * gain, np.float32(1)).astype(np.float32, copy=False)
    return rolled


@lru_cache(maxsize=1)
def _srgb() -> NDArray[np.uint8]:
    light = np.linspace(0.0, 1.0, _STEPS * 4) ** 2  # finer steps in the shadows
    signal = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    table: NDArray[np.uint8] = np.rint(signal * 255).astype(np.uint8)
    return table


def _encode(linear: _Float) -> NDArray[np.uint8]:
    table = _srgb()
    signal: NDArray[np.uint8] = table[(np.sqrt(linear) * (len(table) - 1) + 0.5).astype(np.int32)]
    return signal
