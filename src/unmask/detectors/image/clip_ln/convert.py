"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

_TUNED = ".ln_tuning_layers.default."
_KEPT = ".base_layer."
_WRAP = ("feature_extractor.", "base_model.model.", "vision_model.")
"""What the authors' class, the library of adapters and transformers put in front."""


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their detector as ours.

    A tuned norm stands beside the one that it started from; only the tuned one is used.
    """
    result = {}
    tuned = {name.split(_TUNED)[0] for name in checkpoint if _TUNED in name}
    for name, value in checkpoint.items():
        where, found, _ = name.partition(_KEPT)
        if (found and where in tuned) or name.endswith("position_ids"):
            continue
        bare = name.replace(_TUNED, ".")
        if bare.startswith("model.linear."):
            result[bare.replace("model.linear.", "head.")] = value
            continue
        for part in _WRAP:
            bare = bare.removeprefix(part)
        result[f"tower.clip.{bare}"] = value
    return result
