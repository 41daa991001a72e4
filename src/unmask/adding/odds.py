"""The score of a head: log-odds of forged against not, natural logarithm, from its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Given = Literal["logits", "logits of each"]
"""What a head gives: logits of labels of which one is true (softmax), or of labels that may all be
true (sigmoid)."""


@dataclass(frozen=True, slots=True)
class Odds:
    """Which outputs mean forged, of how many, and what the outputs are.

    A single output is the logit of what its one label says; ``forged`` is empty
    where that label means real.
    """

    forged: tuple[int, ...]
    count: int
    given: Given = "logits"

    @property
    def rest(self) -> tuple[int, ...]:
        """The outputs that do not mean forged."""
        return tuple(place for place in range(self.count) if place not in self.forged)

    def of(self, outputs: NDArray[Any]) -> NDArray[np.float64]:
        """The score of each row, in numpy and 64 bits: what the graph is checked against."""
        values = np.asarray(outputs, np.float64).reshape(len(outputs), self.count)
        if self.count == 1:
            return values[:, 0] if self.forged else -values[:, 0]
        forged = values[:, list(self.forged)]
        if self.given == "logits":
            return _total(forged) - _total(values[:, list(self.rest)])
        if len(self.forged) == 1:
            return np.asarray(forged[:, 0])
        # Any of several independent labels: log(exp(Σ log(1 + eˣ)) - 1).
        whole = np.logaddexp(0, forged).sum(1)
        return np.asarray(whole + np.log(-np.expm1(-whole)))


def _total(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.logaddexp.reduce(values, axis=1))
