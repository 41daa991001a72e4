"""The authors' checkpoints under our names: their training's (timm's) and their hub's."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_TOP = {
    "embeddings.cls_token": "cls_token",
    "embeddings.position_embeddings": "pos_embed",
    "embeddings.patch_embeddings.projection.weight": "patch_embed.proj.weight",
    "embeddings.patch_embeddings.projection.bias": "patch_embed.proj.bias",
    "layernorm.weight": "norm.weight",
    "layernorm.bias": "norm.bias",
}
_BEFORE_5 = {
    "attention.attention.query": "attention.q_proj",
    "attention.attention.key": "attention.k_proj",
    "attention.attention.value": "attention.v_proj",
    "attention.output.dense": "attention.o_proj",
    "intermediate.dense": "mlp.fc1",
    "output.dense": "mlp.fc2",
}
"""Names of transformers before version 5, and what became of them."""
_BLOCK = {
    "attention.o_proj": "attn.proj",
    "layernorm_before": "norm1",
    "layernorm_after": "norm2",
    "mlp.fc1": "mlp.fc1",
    "mlp.fc2": "mlp.fc2",
}
_HEAD = {"coef_": "head.weight", "intercept_": "head.bias"}
"""Of scikit-learn's logistic regression, where the file holds it (see the README)."""
_LAYER = re.compile(r"(?:encoder\.layer|layers)\.(\d+)\.(.*)\.(weight|bias)$")


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names. The hub's pooler, which the authors replace by nothing, is left."""
    result: dict[str, Tensor] = {}
    parts: dict[str, dict[str, Tensor]] = {}
    for name, value in checkpoint.items():
        name = name.removeprefix("module.").removeprefix("vit.")
        if name in _HEAD:
            result[_HEAD[name]] = value.float()
        elif name in _TOP:
            result[f"vit.{_TOP[name]}"] = value
        elif found := _LAYER.match(name):
            block, part, kind = found.groups()
            part = _BEFORE_5.get(part, part)
            if part[-7:] in (".q_proj", ".k_proj", ".v_proj"):
                joined = f"vit.blocks.{block}.attn.qkv.{kind}"
                parts.setdefault(joined, {})[part[-6]] = value
            else:
                result[f"vit.blocks.{block}.{_BLOCK.get(part, part)}.{kind}"] = value
        elif not name.startswith("pooler."):
            result[name if name.startswith("head.") else f"vit.{name}"] = value
    for joined, three in parts.items():
        if len(three) == 3:
            result[joined] = torch.cat([three[letter] for letter in "qkv"])
    return result
