"""Changes by name, each with a chance and a range: how published programs vary their pictures.

``{jpeg = [0.5, 40, 100]}``: half of the pictures are saved at a quality of 40 to 100. They come in
the order in which they are written, and keep size and geometry.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from unmask.errors import DataError
from unmask.forge import operations
from unmask.forge.launder import Chain, Step
from unmask.types import Pixels


def brighter(pixels: Pixels, share: float) -> Pixels:
    """``share`` of the full scale is added."""
    return operations.tone(pixels, 1.0, 1.0, 255 * share)


def contrasted(pixels: Pixels, factor: float) -> Pixels:
    """``factor`` times as far from the middle of the scale."""
    return operations.tone(pixels, 1.0, factor)


_WHOLE: dict[str, Callable[..., Pixels]] = {
    "jpeg": operations.jpeg,
    "webp": operations.webp,
    "blocks": operations.blocks,
    "pixelate": operations.pixelated,
}
"""Whose amount is a whole number."""
_OTHERS: dict[str, Callable[..., Pixels]] = {
    "blur": operations.blur,
    "noise": operations.noise,
    "resize": operations.resize,
    "brightness": brighter,
    "contrast": contrasted,
    "gamma": operations.tone,
    "saturation": operations.saturation,
}


@dataclass(frozen=True, slots=True)
class Change:
    """With a ``chance`` the operation ``name``, by an amount of ``low`` to ``high``.

    Amounts: quality (jpeg, webp), grey squares of 8 pixels for every 256 of the shorter side
    (blocks), how many times fewer pixels (pixelate), deviation in pixels (blur) or grey levels
    (noise), the factor down and up again (resize), shares of the scale (brightness), factors
    (contrast, saturation), the exponent (gamma).
    """

    name: str
    chance: float
    low: float
    high: float

    def step(self, rng: np.random.Generator) -> Step:
        """The operation with an amount that is drawn."""
        if self.name in _WHOLE:
            amount = int(rng.integers(round(self.low), round(self.high) + 1))
            return Step(_WHOLE[self.name], (amount,))
        arguments: tuple[float | int, ...] = (float(rng.uniform(self.low, self.high)),)
        if self.name == "noise":
            arguments += (int(rng.integers(2**31)),)
        return Step(_OTHERS[self.name], arguments)


def read_changes(given: Mapping[str, object]) -> tuple[Change, ...]:
    """Changes of ``{name = [chance, low, high]}``. Raises DataError for what does not fit."""
    known = [*_WHOLE, *_OTHERS]
    changes = []
    for name, values in given.items():
        if name not in known:
            raise DataError(f"There is no change {name!r}. There are: {', '.join(known)}.")
        if not isinstance(values, (list, tuple)) or len(values) != 3:
            raise DataError(f"The change {name!r} needs [chance, low, high], not {values!r}.")
        chance, low, high = (float(value) for value in values)
        if not 0 <= chance <= 1 or low > high:
            raise DataError(f"The change {name!r} needs a chance of 0 to 1 and low up to high.")
        changes.append(Change(name, chance, low, high))
    return tuple(changes)


def drawn(changes: tuple[Change, ...], rng: np.random.Generator) -> Chain:
    """What of them befalls one picture."""
    return Chain(tuple(one.step(rng) for one in changes if rng.random() < one.chance))
