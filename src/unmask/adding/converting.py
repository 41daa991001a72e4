"""From a head to an ONNX file whose input is plain media and whose first output is the score.

Two things are compared before a file is kept: what the card's preparation makes of pictures or
sounds with what the authors' makes of them, and the score of the ONNX file with the one that the
original network gives.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.adding.odds import Odds
from unmask.adding.preprocessing import Look, Normal
from unmask.cards.card import Input
from unmask.errors import ModelError
from unmask.runtime import preparation
from unmask.runtime.session import open_session

TOLERANCE = 1e-4
"""Largest difference, of prepared values and of scores (of large ones: relative)."""
NAME = "x"
"""The input of a converted file."""
OUTPUTS = ("logit", "labels")
"""Its outputs: the score, and the outputs of the labels as they are."""
LARGEST = 2**31 - 1
"""An ONNX file of one piece cannot be larger."""
_SIZES = ((97, 141), (260, 191), (33, 45))
_LAYOUTS = {
    "sound": "mono samples at 16 kHz, -1…1, float32",
    "frames": "RGB, 0…255, float32, frames along time",
    "clip": "RGB, 0…255, float32, frames along time",
}


def input_of(
    take: str, look: Look | None, count: int, step: float, margin: float, batch: int | str = "batch"
) -> Input:
    """The input of a card. ``count``: frames of a clip, or samples of a stretch of sound."""
    said: dict[str, Any] = {"name": NAME, "take": take}
    if look is None:
        words = (
            f"Stretches of {count} samples ({count / 16000:g} s); a shorter recording is repeated."
        )
        shape: list[int | str] = [batch, count]
    else:
        what = {"face": "The square around a face", "clip": "The square around one face"}
        words = f"{what.get(take, 'The whole picture')}, {look.words}."
        sides: list[int | str] = [3, look.height, look.width]
        shape = [batch, count, *sides] if count else [batch, *sides]
        said |= {"fit": look.fit, "filter": look.filter, "centre": look.centre, "side": look.side}
        said |= {"margin": margin} if take in ("face", "clip") else {}
    if take in ("frames", "clip"):
        said["step"] = step
        words += f" {count} of them, {step:.3g} s apart." if step else f" {count} over the whole."
    layout = _LAYOUTS.get(take, "RGB, 0…255, float32")
    return Input(shape=shape, layout=layout, preparation=words, **said)


def examples(part: Input) -> list[NDArray[Any]]:
    """Made media to compare by: pictures of odd shapes, clips, or noises of unlike loudness."""
    chance = np.random.default_rng(20)
    if part.take == "sound":
        length = int(part.shape[1])
        noise = chance.standard_normal((3, length)) * np.array([[0.3], [0.02], [0.1]])
        return [row.astype(np.float32) for row in np.clip(noise + 0.01, -1, 1)]
    pictures = [_picture(chance, *size) for size in _SIZES]
    if len(part.shape) == 4:
        return list(pictures)
    count = preparation.count(part)
    return [np.stack([np.roll(one, k, 1) for k in range(count)]) for one in pictures[:2]]


def _picture(chance: np.random.Generator, height: int, width: int) -> NDArray[np.uint8]:
    """Smooth light with noise upon it."""
    y, x = np.mgrid[0:height, 0:width] / max(height, width)
    light = np.stack([x, y, 1 - x * y], -1) * 200
    return np.clip(light + chance.normal(0, 25, light.shape) + 20, 0, 255).astype(np.uint8)


def prepared(part: Input, item: NDArray[Any]) -> NDArray[Any]:
    """An item as a scan prepares it: faces are prepared as the picture of their square."""
    if part.take == "sound":
        return preparation.sound(part, item)
    if len(part.shape) == 5:
        return preparation.frames(part, list(item))
    height, width = item.shape[:2]
    view = preparation.picture_view(part, width, height)
    return preparation.channels_first(view.take(item))


def same_preparation(
    part: Input, normal: Normal, reference: Callable[[NDArray[Any]], NDArray[Any]]
) -> float:
    """Compare the card's preparation with the authors'; the largest difference.

    Raises ModelError when it is over ``TOLERANCE``.
    """
    worst = 0.0
    for item in examples(part):
        ours = normal.apply(prepared(part, item))
        theirs = np.asarray(reference(item), np.float64)
        if ours.shape != theirs.shape:
            raise ModelError(
                f"Its own preparation gives {list(theirs.shape)} values, the card's "
                f"{list(ours.shape)}; no card can say what it does."
            )
        worst = max(worst, float(np.abs(ours - theirs).max()))
    if not worst <= TOLERANCE:
        raise ModelError(
            f"Its own preparation differs from the card's by {worst:.2g} (allowed: {TOLERANCE}); "
            "no card can say what it does."
        )
    return worst


def same_score(
    path: Path, part: Input, odds: Odds, original: Callable[[NDArray[Any]], NDArray[Any]]
) -> float:
    """Compare the ONNX file with the original network, in batches of several sizes.

    ``original`` takes plain prepared items and gives the outputs of the labels. Returns the largest
    difference; raises ModelError when it is over ``TOLERANCE``, or no number.
    """
    session = open_session(path)
    items = [prepared(part, item).astype(np.float32) for item in examples(part)]
    groups = [items, items[:1]] if part.shape[0] != 1 else [[item] for item in items]
    worst = 0.0
    for group in groups:
        batch = np.stack(group)
        expected = odds.of(original(batch))
        (found,) = session.run([OUTPUTS[0]], {NAME: batch})
        gap = np.abs(np.asarray(found, np.float64) - expected) / np.maximum(1, np.abs(expected))
        worst = max(worst, float(gap.max()) if np.isfinite(gap).all() else float("inf"))
    if not worst <= TOLERANCE:
        raise ModelError(
            f"The converted network differs from the original by {worst:.2g} (allowed: "
            f"{TOLERANCE}); it is not kept."
        )
    return worst
