"""What happens to a picture between its maker and its judge: codecs, scaling, noise, screenshots.

Every operation keeps size and geometry, so a mask stays valid. A ``Chain`` is a drawn sequence
that can be replayed: the same chain laid over a real picture and over the fake made from it leaves
nothing but the forgery to tell them apart.

Named conditions for evaluation are ``operation:amount``, for example ``jpeg:50`` (quality),
``webp:50`` (quality), ``h264:28`` (constant rate factor), ``resize:0.5`` (down by that factor and
up again), ``blur:1.5`` (standard deviation in pixels), ``noise:5`` (standard deviation in grey
levels), ``gamma:1.3`` (exponent), ``screenshot`` (display, capture, save) and ``clean``. After
DeeperForensics (Jiang et al. 2020): ``saturation:0.3`` (share of the colour), ``contrast:0.6``
(share of the brightness), ``blocks:32`` (grey squares) and ``pixelate:4`` (times fewer pixels).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from unmask.errors import SettingError
from unmask.forge.operations import (
    blocks,
    blur,
    dimmed,
    h264,
    jpeg,
    noise,
    pixelated,
    resize,
    saturation,
    screenshot,
    sharpen,
    tint,
    tone,
    webp,
)
from unmask.types import Pixels

CONDITIONS: tuple[str, ...] = (
    "clean",
    "jpeg:90",
    "jpeg:70",
    "jpeg:50",
    "jpeg:30",
    "webp:70",
    "webp:50",
    "resize:0.75",
    "resize:0.5",
    "blur:0.8",
    "blur:1.5",
    "noise:3",
    "noise:8",
    "gamma:1.3",
    "h264:23",
    "h264:28",
    "h264:36",
    "screenshot",
)
"""The launderings that evaluation reports."""


@dataclass(frozen=True, slots=True)
class Step:
    """One operation with its arguments."""

    operation: Callable[..., Pixels]
    arguments: tuple[float | int, ...]

    def __call__(self, pixels: Pixels) -> Pixels:
        """Lay it over a picture."""
        return self.operation(pixels, *self.arguments)


@dataclass(frozen=True, slots=True)
class Chain:
    """A drawn sequence of operations that can be replayed exactly."""

    steps: tuple[Step, ...]

    def __call__(self, pixels: Pixels) -> Pixels:
        """Lay the chain over a picture; size and geometry stay."""
        for step in self.steps:
            pixels = step(pixels)
        return pixels


_Rng = np.random.Generator


def _jpeg(rng: _Rng, strength: float) -> Step:
    low = round(max(25, 90 - 55 * strength))
    return Step(jpeg, (int(rng.integers(low, 98)), int(rng.choice([0, 2, 2]))))


def _webp(rng: _Rng, strength: float) -> Step:
    return Step(webp, (int(rng.integers(round(max(25, 85 - 50 * strength)), 95)),))


def _h264(rng: _Rng, strength: float) -> Step:
    high = round(20 + 16 * strength)
    return Step(h264, (int(rng.integers(17, max(19, high))), int(rng.integers(1, 3))))


def _resize(rng: _Rng, strength: float) -> Step:
    factor = float(rng.uniform(max(0.35, 1 - 0.6 * strength), 1.6))
    return Step(resize, (factor, int(rng.integers(4)), int(rng.integers(3))))


def _blur(rng: _Rng, strength: float) -> Step:
    return Step(blur, (float(rng.uniform(0.3, 0.5 + 1.1 * strength)),))


def _sharpen(rng: _Rng, strength: float) -> Step:
    return Step(sharpen, (int(rng.integers(20, round(60 + 80 * strength))),))


def _noise(rng: _Rng, strength: float) -> Step:
    sigma = float(rng.uniform(0.7, 1.5 + 5.5 * strength))
    grain = float(rng.choice([0.0, 0.0, 0.7]))
    return Step(noise, (sigma, int(rng.integers(2**31)), grain))


def _tone(rng: _Rng, strength: float) -> Step:
    spread = 0.3 * strength
    exponent = float(np.exp(rng.uniform(-spread, spread)))
    return Step(tone, (exponent, float(rng.uniform(0.85, 1.15)), float(rng.uniform(-12, 12))))


def _tint(rng: _Rng, strength: float) -> Step:
    red, green, blue = (float(v) for v in 1 + rng.uniform(-0.08, 0.08, 3) * strength)
    return Step(tint, (red, green, blue))


def _screenshot(rng: _Rng, strength: float) -> Step:
    quality = int(rng.choice([0, int(rng.integers(75, 96))]))
    return Step(screenshot, (float(rng.uniform(0.7, 1.7)), quality))


_Draw = Callable[[_Rng, float], Step]
_EARLY: tuple[tuple[float, _Draw], ...] = (
    (0.25, _tone),
    (0.15, _tint),
    (0.20, _blur),
    (0.10, _sharpen),
    (0.25, _noise),
)
_SAVES: tuple[tuple[float, _Draw], ...] = ((0.62, _jpeg), (0.18, _webp), (0.20, _h264))


def _save(rng: _Rng, strength: float) -> Step:
    draws = [draw for _, draw in _SAVES]
    return draws[int(rng.choice(len(draws), p=[share for share, _ in _SAVES]))](rng, strength)


def draw_chain(rng: np.random.Generator, strength: float = 1.0) -> Chain:
    """Draw a random chain: tone, blur, noise, scaling and up to three lossy saves.

    ``strength`` 0 changes almost nothing, 1 is what social media and messengers do, 2 is abuse.
    One chain in twelve is empty, so that clean pictures are seen as well.
    """
    if rng.random() < 1 / 12:
        return Chain(())
    steps = [draw(rng, strength) for share, draw in _EARLY if rng.random() < share]
    order = rng.permutation(len(steps))
    steps = [steps[i] for i in order]
    if rng.random() < 0.35:
        steps.insert(0, _save(rng, strength))
    if rng.random() < 0.5:
        steps.append(_resize(rng, strength))
    if rng.random() < 0.08:
        steps.append(_screenshot(rng, strength))
    if rng.random() < 0.85:
        steps.append(_save(rng, strength))
    return Chain(tuple(steps))


def launder(pixels: Pixels, rng: np.random.Generator, strength: float = 1.0) -> Pixels:
    """Lay a freshly drawn chain over a picture. The size and the geometry stay."""
    return draw_chain(rng, strength)(pixels)


def launder_pair(
    real: Pixels, fake: Pixels, rng: np.random.Generator, strength: float = 1.0
) -> tuple[Pixels, Pixels]:
    """Lay one and the same chain over a real picture and over the fake made from it."""
    chain = draw_chain(rng, strength)
    return chain(real), chain(fake)


_NAMED: dict[str, Callable[[Pixels, float], Pixels]] = {
    "jpeg": lambda pixels, amount: jpeg(pixels, round(amount)),
    "webp": lambda pixels, amount: webp(pixels, round(amount)),
    "h264": lambda pixels, amount: h264(pixels, round(amount)),
    "resize": resize,
    "blur": blur,
    "noise": noise,
    "gamma": tone,
    "saturation": saturation,
    "contrast": dimmed,
    "blocks": lambda pixels, amount: blocks(pixels, round(amount)),
    "pixelate": lambda pixels, amount: pixelated(pixels, round(amount)),
}


def apply(condition: str, pixels: Pixels) -> Pixels:
    """Lay a named condition over a picture. Raises SettingError for a name it does not know."""
    name, _, amount = condition.partition(":")
    if condition == "clean":
        return pixels
    if condition == "screenshot":
        return screenshot(pixels)
    try:
        return _NAMED[name](pixels, float(amount))
    except (KeyError, ValueError):
        known = ", ".join(["clean", "screenshot", *(f"{key}:AMOUNT" for key in _NAMED)])
        raise SettingError(
            f"No laundering is called {condition!r}. There are: {known}. Use one of these."
        ) from None
