"""Luma: how bright a pixel is to the eye (ITU-R BT.601)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.types import Tensor

WEIGHTS = (0.299, 0.587, 0.114)
"""Shares of red, green and blue."""
_WEIGHTS = np.array(WEIGHTS, np.float32)


def luma(rgb: NDArray[Any]) -> Tensor:
    """The luma of pixels, in their own range; the last axis of ``rgb`` is red, green, blue."""
    return np.asarray(rgb @ _WEIGHTS, np.float32)
