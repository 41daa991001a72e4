"""The authors' files under our names: the line alone, or all of it."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.clip_names import vision_names

_VISUAL = "model.visual."


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The published line (``weight``, ``bias``), or a checkpoint of their training program."""
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    if set(bare) == {"weight", "bias"}:
        return {f"line.{name}": value for name, value in bare.items()}
    visual = {n.removeprefix(_VISUAL): v for n, v in bare.items() if n.startswith(_VISUAL)}
    result = {f"tower.clip.{name}": value for name, value in vision_names(visual).items()}
    if "proj" in visual:
        result["tower.projection.weight"] = visual["proj"].float().T.contiguous()
    for name, value in bare.items():
        if not name.startswith("model."):
            result[f"line.{name.removeprefix('fc.')}" if name.startswith("fc.") else name] = value
    return result
