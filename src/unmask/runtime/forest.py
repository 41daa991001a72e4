"""A forest of decision trees as plain arrays, run in numpy (Breiman 2001, section 1)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.types import Tensor


@dataclass(frozen=True, slots=True)
class Forest:
    """All trees one after the other. ``first``: the number of each tree's root.

    A node with ``left`` under 0 is a leaf whose ``value`` counts; else a row goes on to ``left``
    where its ``feature`` is at most ``threshold``, and to ``right`` where it is more.
    """

    first: NDArray[np.int32]
    feature: NDArray[np.int32]
    threshold: NDArray[np.float32]
    left: NDArray[np.int32]
    right: NDArray[np.int32]
    value: NDArray[np.float32]

    def predict(self, rows: Tensor) -> Tensor:
        """Mean of the trees' values for each row (n × features): n numbers."""
        at = np.repeat(self.first[:, None], len(rows), axis=1)
        row = np.broadcast_to(np.arange(len(rows)), at.shape)
        while (inner := self.left[at] >= 0).any():
            over = rows[row, self.feature[at]] > self.threshold[at]
            at = np.where(inner, np.where(over, self.right[at], self.left[at]), at)
        return np.asarray(self.value[at].mean(axis=0), np.float32)
