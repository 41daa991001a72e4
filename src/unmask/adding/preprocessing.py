"""How a stranger's network wants its input: as fields of a card, and what the graph does after."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from unmask.errors import ModelError

_SILENCE = 1e-7
"""What the field adds to the variance of a sound before it divides by its root."""
_OFFSETS = ("offset", "rescale_offset")
WORDS = {
    "stretch": "stretched to {size} pixels",
    "crop": "the middle {size} pixels, not scaled",
    "shortest-then-centre-crop": "its shorter side scaled to {side} pixels, the middle {size} cut",
    "stretch-then-centre-crop": "stretched to {side} × {side} pixels, the middle {size} cut",
}
"""What each ``fit`` does, for people."""


@dataclass(frozen=True, slots=True)
class Normal:
    """What is done to 0…255 RGB or to -1…1 samples inside the graph.

    ``(value · scale - mean) / std`` by channel, of reversed channels with ``flip``. With ``own``
    each sound by its own mean and deviation instead.
    """

    scale: float = 1.0
    mean: tuple[float, ...] = (0.0,)
    std: tuple[float, ...] = (1.0,)
    flip: bool = False
    own: bool = False

    def apply(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """The same in numpy: pictures have their channels at the third axis from the end."""
        given = np.asarray(values, np.float64)
        if self.own:
            mean, spread = given.mean(-1, keepdims=True), given.var(-1, keepdims=True)
            return np.asarray((given - mean) / np.sqrt(spread + _SILENCE))
        if len(self.mean) == 1:
            return np.asarray((given * self.scale - self.mean[0]) / self.std[0])
        shape = (-1, 1, 1)
        mean, std = np.reshape(self.mean, shape), np.reshape(self.std, shape)
        if self.flip:
            given = np.flip(given, -3)
        return np.asarray((given * self.scale - mean) / std)


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture gets its size (see ``Input`` in the card), and what follows in the graph."""

    fit: str
    height: int
    width: int
    filter: str
    normal: Normal
    side: int = 0
    centre: str = "down"

    @property
    def words(self) -> str:
        """The preparation for a person."""
        size = f"{self.width} × {self.height}"
        return f"{WORDS[self.fit].format(size=size, side=self.side)} ({self.filter} filter)"


def picture_look(processor: Any) -> Look:
    """What an image processor of transformers does. Raises ModelError for what no card can say."""
    size = _sides(getattr(processor, "size", None))
    crop = _sides(getattr(processor, "crop_size", None)) if _does(processor, "center_crop") else {}
    normal = _normal(processor)
    how = _filter(getattr(processor, "resample", 2))
    height, width = crop.get("height", 0), crop.get("width", 0)
    if not _does(processor, "resize"):
        if crop:
            return Look("crop", height, width, how, normal)
        raise ModelError("Its preprocessor neither scales nor cuts pictures; no size is known.")
    if _does(processor, "pad") or _does(processor, "split_image"):
        raise ModelError("Its preprocessor pads or splits pictures, which no card can say.")
    share = getattr(processor, "crop_pct", None)
    short = size.get("shortest_edge", 0)
    if short and share is not None and not crop:
        # ConvNeXt's rule: small sizes are cut from a larger picture, large ones are stretched to.
        if short >= 384:
            return Look("stretch", short, short, how, normal)
        side = int(short / share)
        return Look("shortest-then-centre-crop", short, short, how, normal, side)
    if short and crop and set(size) == {"shortest_edge"}:
        return Look("shortest-then-centre-crop", height, width, how, normal, short)
    if set(size) != {"height", "width"}:
        raise ModelError(f"Its preprocessor scales pictures by {size}, which no card can say.")
    if not crop:
        return Look("stretch", size["height"], size["width"], how, normal)
    if size["height"] != size["width"]:
        raise ModelError("Its preprocessor cuts the middle of an oblong; no card can say that.")
    return Look("stretch-then-centre-crop", height, width, how, normal, size["height"])


def timm_look(configuration: Mapping[str, Any]) -> Look:
    """What timm's evaluation does by a data configuration of it. Raises ModelError."""
    _, height, width = configuration["input_size"]
    mode = configuration.get("crop_mode") or "center"
    share = configuration.get("crop_pct") or 0.875
    how = str(configuration.get("interpolation"))
    mean, std = tuple(configuration["mean"]), tuple(configuration["std"])
    normal = Normal(1 / 255, mean, std)
    if height != width or mode not in ("center", "squash") or how not in ("bilinear", "bicubic"):
        raise ModelError(
            f"Its evaluation prepares pictures ({height} × {width}, {mode}, {how}) in a way that "
            "no card can say."
        )
    fit = "shortest-then-centre-crop" if mode == "center" else "stretch-then-centre-crop"
    return Look(fit, height, width, how, normal, math.floor(height / share), "even")


def sound_look(extractor: Any, rate: int) -> Normal:
    """What a feature extractor of raw sound does. Raises ModelError for any other."""
    if type(extractor).__name__ != "Wav2Vec2FeatureExtractor":
        raise ModelError(
            f"Its {type(extractor).__name__} makes spectra; only networks that take samples "
            "(wav2vec 2.0, HuBERT, WavLM, …) can be added."
        )
    if extractor.sampling_rate != rate:
        raise ModelError(
            f"It takes sound at {extractor.sampling_rate} samples a second; a scan gives {rate}."
        )
    return Normal(own=bool(extractor.do_normalize))


def _does(processor: Any, what: str) -> bool:
    return bool(getattr(processor, f"do_{what}", False))


def _sides(size: Any) -> dict[str, int]:
    if isinstance(size, int):
        return {"height": size, "width": size}
    return {name: int(value) for name, value in dict(size or {}).items() if value is not None}


def _filter(number: Any) -> str:
    return Image.Resampling(int(number)).name.lower()


def _normal(processor: Any) -> Normal:
    scale = float(processor.rescale_factor) if _does(processor, "rescale") else 1.0
    mean: Sequence[float] = (0.0, 0.0, 0.0)
    std: Sequence[float] = (1.0, 1.0, 1.0)
    if _does(processor, "normalize"):
        mean, std = processor.image_mean, processor.image_std
    mean, std = _three(mean), _three(std)
    if _does(processor, "rescale") and any(getattr(processor, name, False) for name in _OFFSETS):
        mean = tuple(value + 1 for value in mean)  # -1…1 before it is normalised
    if getattr(processor, "include_top", False):
        std = tuple(value * value for value in std)  # EfficientNet divides twice
    return Normal(scale, mean, std, _does(processor, "flip_channel_order"))


def _three(values: Any) -> tuple[float, ...]:
    given = [values] * 3 if isinstance(values, int | float) else list(values)
    if len(given) != 3:
        raise ModelError(f"Its preprocessor has {len(given)} channels; a scan gives 3.")
    return tuple(float(value) for value in given)
