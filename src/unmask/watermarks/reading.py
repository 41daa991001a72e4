"""Whether a known message lies in a picture.

For each bit of a message the phases of its blocks are averaged: ``sin(2π v / 36)`` is 1 where an
encoder wrote a 0 and -1 where it wrote a 1. The evidence is the correlation of these averages with
the message, over its bits, as Fisher's z: ``atanh(r) · sqrt(bits - groups - 2)``. It is not the
count of equal bits, because natural pictures prefer some phases, and a count takes that for bits; a
correlation does not see what is the same for all bits of a group. A message of bits is one group.
The bits of a text are eight, one for each place in a character, because all texts have the same
first bits and would look alike. Without a mark z is about standard normal; ``docs/watermark.md``
has its largest values in untouched pictures.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from unmask.types import Pixels
from unmask.watermarks.blocks import Values, bands, coefficients
from unmask.watermarks.marks import Arithmetic, Mark, Order

STEP = 36.0
"""The distance of two coefficients that mean the same bit."""
ENOUGH = 6.0
"""The z from which on a message is there; a standard normal exceeds it once in a billion."""
SMALLEST = 256 * 256
"""Pixels under which the encoder refuses a picture."""
_CLEARLY = 5.0
"""Spreads that a bit must lie under the others to contradict."""
_CENTRE: dict[Arithmetic, float] = {"bytes": 255.0, "floats": 1.0}
"""What lies between the encoder's coefficients and ours: twice 128 less what truncation to bytes
takes away on average, and twice 0.5."""

Pick = Literal["largest", "odd"]
"""Which coefficient of a block is read: the largest, as the package does, or the one farthest from
the block's median. The second finds a coefficient that the encoder has made smaller."""


@dataclass(frozen=True, slots=True)
class Match:
    """How well a mark fits: ``agreeing`` of ``bits`` bits, and the evidence z.

    ``contradicting``: bits that are read as the opposite, clearly against the spread of the others.
    One of them makes it another message.
    """

    mark: Mark
    z: float
    agreeing: int
    bits: int
    contradicting: int = 0

    @property
    def there(self) -> bool:
        """Whether the message is in the picture."""
        return self.z >= ENOUGH and not self.contradicting


@dataclass(slots=True)
class _Sums:
    """Sum of phases and number of blocks of each bit of messages of one length."""

    total: NDArray[np.float64]
    count: NDArray[np.float64]


@dataclass(slots=True)
class Reader:
    """Gathers evidence from one picture, or from frames of one video that share their grid."""

    marks: tuple[Mark, ...]
    _sums: dict[tuple[Order, Arithmetic, Pick, int], _Sums] = field(default_factory=dict)

    def add(self, pixels: Pixels) -> None:
        """Read one picture or frame: height × width × 3, 0…255, RGB."""
        ways = {(order, m.arithmetic) for m in self.marks for order in m.orders}
        for numbers, low in bands(pixels):
            for order in sorted({order for order, _ in ways}):
                values = coefficients(low, order)
                odd = _odd(values)
                for arithmetic in sorted(kind for key, kind in ways if key == order):
                    size = np.abs(values + np.float32(_CENTRE[arithmetic]))
                    picked: dict[Pick, NDArray[np.int64]] = {"largest": size.argmax(1), "odd": odd}
                    for pick, position in picked.items():
                        phase = _phase(size, position)
                        self._count(order, arithmetic, pick, numbers, phase)

    def _count(
        self,
        order: Order,
        arithmetic: Arithmetic,
        pick: Pick,
        numbers: NDArray[np.int64],
        phase: NDArray[np.float64],
    ) -> None:
        lengths = {
            len(mark.message)
            for mark in self.marks
            if mark.arithmetic == arithmetic and order in mark.orders
        }
        for length in lengths:
            fresh = _Sums(np.zeros(length), np.zeros(length))
            sums = self._sums.setdefault((order, arithmetic, pick, length), fresh)
            bit = numbers % length
            sums.total += np.bincount(bit, phase, length)
            sums.count += np.bincount(bit, minlength=length)

    def matches(self) -> tuple[Match, ...]:
        """Every mark with the best of its readings, the strongest first."""
        found = [max(self._of(mark), key=lambda match: match.z) for mark in self.marks]
        return tuple(sorted(found, key=lambda match: -match.z))

    def _of(self, mark: Mark) -> Iterable[Match]:
        message = mark.message
        picks: tuple[Pick, ...] = ("largest", "odd")
        for order in mark.orders:
            for pick in picks:
                sums = self._sums.get((order, mark.arithmetic, pick, len(message)))
                yield _fit(mark, message, sums)


def _odd(values: Values) -> NDArray[np.int64]:
    """The position in each block that lies farthest from the block's median."""
    middle = np.partition(values, values.shape[1] // 2, axis=1)[:, values.shape[1] // 2]
    position: NDArray[np.int64] = np.abs(values - middle[:, None]).argmax(1)
    return position


def _phase(size: Values, position: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 where a 0 was written, -1 where a 1 was, in between where nothing was."""
    picked = size[np.arange(len(size)), position].astype(np.float64)
    return np.sin(2 * math.pi / STEP * picked)


def _fit(mark: Mark, message: NDArray[np.uint8], sums: _Sums | None) -> Match:
    """Compare the averages of the bits with a message. Bits that no block holds: no evidence."""
    bits = len(message)
    if sums is None or not sums.count.all():
        return Match(mark, 0.0, 0, bits)
    means = sums.total / sums.count
    expected = 1.0 - 2.0 * message.astype(np.float64)
    groups = 8 if mark.text else 1
    one, other = _centred(means, groups), _centred(expected, groups)
    norm = math.sqrt(float(one @ one) * float(other @ other))
    r = float(one @ other) / norm if norm > 1e-6 else 0.0
    z = math.atanh(max(-0.999999, min(0.999999, r))) * math.sqrt(bits - groups - 2)
    said = (means - means.mean()) * expected
    return Match(mark, z, int((said > 0).sum()), bits, _contradicting(said))


def _centred(values: NDArray[np.float64], groups: int) -> NDArray[np.float64]:
    """Values less the mean of their group; every ``groups``-th value is in one group."""
    table = values.reshape(-1, groups)
    centred: NDArray[np.float64] = (table - table.mean(0)).ravel()
    return centred


def _contradicting(said: NDArray[np.float64]) -> int:
    """Bits that lie far under the others, measured by the spread of those that agree."""
    agreeing = said[said > 0]
    if not len(agreeing):
        return len(said)
    middle = float(np.median(agreeing))
    spread = 1.4826 * float(np.median(np.abs(agreeing - middle)))
    return int((said < min(0.0, middle - _CLEARLY * spread)).sum())
