"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.nn.svd_residual import beginnings
from unmask.train.names import new_start

_STARTS = {
    "feature_extractor.": "guide.",
    "embeddings.": "clip.embeddings.",
    "ln_pre.": "clip.pre_layrnorm.",
    "encoder_layers.": "clip.encoder.layers.",
    "ln_post.": "clip.post_layernorm.",
    "gating_network.": "router.",
}
_UNUSED = ("U_r", "V_r", "weight_original_fnorm", "position_ids")


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names. Of the frozen directions only where the others began is kept."""
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    result = {
        new_start(name, _STARTS): value
        for name, value in bare.items()
        if not name.endswith(_UNUSED)
    }
    for name, left in bare.items():
        layer, _, last = name.rpartition(".")
        if last != "U_r" or f"{layer}.V_r" not in bare:
            continue
        rank = left.shape[0] - left.shape[1]
        ours = new_start(f"{layer}.", _STARTS)
        start = beginnings(left, bare[f"{layer}.V_r"], rank)
        result[f"{ours}U_start"], result[f"{ours}V_start"] = start
    return result
