"""SegFormer's encoder, as transformers names it, under the names of ``mix_transformer``."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_SEGFORMER = {
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
    "attention.q_proj": "attention.query",
    "attention.o_proj": "attention.out",
    "attention.sequence_reduction.sequence_reduction": "attention.reduce",
    "attention.sequence_reduction.layer_norm": "attention.norm",
    "mlp.fc1": "mlp.wide",
    "mlp.dwconv.dwconv": "mlp.mix",
    "mlp.fc2": "mlp.narrow",
}
_BEFORE_5 = (
    (r"^encoder\.patch_embeddings\.(\d)", r"stages.\1.patch_embeddings"),
    (r"^encoder\.layer_norm\.(\d)", r"stages.\1.layer_norm"),
    (r"^encoder\.block\.(\d)\.", r"stages.\1.blocks."),
    (r"\.layer_norm_1\.", ".layernorm_before."),
    (r"\.layer_norm_2\.", ".layernorm_after."),
    (r"\.attention\.self\.(q|k|v)(uery|ey|alue)\.", r".attention.\1_proj."),
    (r"\.attention\.self\.sr\.", ".attention.sequence_reduction.sequence_reduction."),
    (r"\.attention\.self\.layer_norm\.", ".attention.sequence_reduction.layer_norm."),
    (r"\.attention\.output\.dense\.", ".attention.o_proj."),
    (r"\.mlp\.dense(\d)\.", r".mlp.fc\1."),
)
"""Names of transformers before version 5, and what became of them."""


def stages_of_segformer(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The encoder of transformers' SegformerModel as one stream: names begin with the stage."""
    today: dict[str, Tensor] = {}
    for name, value in state.items():
        for old, new in _BEFORE_5:
            name = re.sub(old, new, name)
        today[name.removeprefix("stages.")] = value
    result: dict[str, Tensor] = {}
    for name, value in today.items():
        stage, _, rest = name.partition(".")
        inner, _, kind = rest.rpartition(".")
        if inner == "patch_embeddings.proj":
            result[f"{stage}.embed.{kind}"] = value
        elif inner == "patch_embeddings.layer_norm":
            result[f"{stage}.embed_norm.{kind}"] = value
        elif inner == "layer_norm":
            result[f"{stage}.norm.{kind}"] = value
        elif found := re.match(r"(blocks\.\d+)\.(.*)", inner):
            block = f"{stage}.{found[1]}"
            if found[2] == "attention.k_proj":
                both = [value, today[name.replace("k_proj", "v_proj")]]
                result[f"{block}.attention.key_value.{kind}"] = torch.cat(both)
            elif found[2] != "attention.v_proj":
                result[f"{block}.{_SEGFORMER[found[2]]}.{kind}"] = value
    return result
