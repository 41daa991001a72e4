"""Names of OpenAI's CLIP, as most authors publish it, under those of transformers.

Radford et al. 2021, "Learning Transferable Visual Models From Natural Language Supervision".
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import new_start

_SEEN = {
    "class_embedding": "embeddings.class_embedding",
    "positional_embedding": "embeddings.position_embedding.weight",
    "conv1.weight": "embeddings.patch_embedding.weight",
    "ln_pre.": "pre_layrnorm.",
    "ln_post.": "post_layernorm.",
}
_READ = {
    "token_embedding.": "embeddings.token_embedding.",
    "positional_embedding": "embeddings.position_embedding.weight",
    "ln_final.": "final_layer_norm.",
}
_BLOCK = {
    "ln_1.": "layer_norm1.",
    "ln_2.": "layer_norm2.",
    "mlp.c_fc.": "mlp.fc1.",
    "mlp.c_proj.": "mlp.fc2.",
    "attn.out_proj.": "self_attn.out_proj.",
}


def vision_names(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The image encoder (what lies below ``visual.``) as transformers' vision model.

    Its projection to the space shared with text (``proj``) is left out.
    """
    kept = {name: value for name, value in checkpoint.items() if name != "proj"}
    return _renamed(kept, _SEEN)


def text_names(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The text encoder as transformers' text model, with ``text_projection.weight`` beside it."""
    kept = {
        name: value
        for name, value in checkpoint.items()
        if name.startswith((*_READ, "transformer."))
    }
    result = _renamed(kept, _READ)
    if "text_projection" in checkpoint:
        result["text_projection.weight"] = checkpoint["text_projection"].float().T.contiguous()
    return result


def _renamed(checkpoint: Mapping[str, Tensor], outside: Mapping[str, str]) -> dict[str, Tensor]:
    """Full precision; the three inputs of attention stand in one tensor there."""
    result = {}
    for name, value in checkpoint.items():
        full = value.float()
        if not (found := re.match(r"transformer\.resblocks\.(\d+)\.(.*)", name)):
            result[new_start(name, outside)] = full
            continue
        block, rest = f"encoder.layers.{found[1]}.", found[2]
        if rest.startswith("attn.in_proj_"):
            kind = rest.removeprefix("attn.in_proj_")
            for letter, part in zip("qkv", full.chunk(3), strict=True):
                result[f"{block}self_attn.{letter}_proj.{kind}"] = part.contiguous()
        else:
            result[block + new_start(rest, _BLOCK)] = full
    return result
