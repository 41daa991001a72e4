"""The authors' checkpoints under our names: their trainable part, with or without OpenAI's CLIP."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.clip_names import vision_names
from unmask.train.names import new_start

_HEAD = {
    "alpha": "head.importance",
    "proj1.": "head.before.",
    "proj2.": "head.after.",
    "head.": "head.classify.",
}
_VISUAL = "clip.visual."


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; of OpenAI's CLIP only the image encoder is kept."""
    result: dict[str, Tensor] = {}
    seen: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        if name.startswith(_VISUAL):
            seen[name.removeprefix(_VISUAL)] = value
        elif not name.startswith("clip."):
            result[new_start(name, _HEAD)] = value
    return result | {f"clip.{name}": value for name, value in vision_names(seen).items()}
