"""The authors' checkpoints under our names: their trainable part, with or without OpenAI's CLIP."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_HEAD = (("alpha", "head.importance"), ("proj1.", "head.before."), ("proj2.", "head.after."),
         ("head.", "head.classify."))  # fmt: skip
_VISUAL = "clip.visual."
_CLIP = (
    ("class_embedding", "embeddings.class_embedding"),
    ("positional_embedding", "embeddings.position_embedding.weight"),
    ("conv1.weight", "embeddings.patch_embedding.weight"),
    ("ln_pre.", "pre_layrnorm."),
    ("ln_post.", "post_layernorm."),
)
_BLOCK = (("ln_1.", "layer_norm1."), ("ln_2.", "layer_norm2."), ("mlp.c_fc.", "mlp.fc1."),
          ("mlp.c_proj.", "mlp.fc2."), ("attn.out_proj.", "self_attn.out_proj."))  # fmt: skip


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; of OpenAI's CLIP only the image encoder is kept."""
    result: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        if name.startswith(_VISUAL):
            result |= _clip(name.removeprefix(_VISUAL), value)
        elif not name.startswith("clip."):
            result[_begun(name, _HEAD)] = value
    return result


def _begun(name: str, rules: tuple[tuple[str, str], ...]) -> str:
    for theirs, ours in rules:
        if name.startswith(theirs):
            return ours + name.removeprefix(theirs)
    return name


def _clip(name: str, value: Tensor) -> dict[str, Tensor]:
    """One tensor of OpenAI's image encoder; the three inputs of attention stand in one there."""
    value = value.float()
    if name == "proj":  # to the space that pictures share with text
        return {}
    if not (found := re.match(r"transformer\.resblocks\.(\d+)\.(.*)", name)):
        return {f"clip.{_begun(name, _CLIP)}": value}
    block, rest = f"clip.encoder.layers.{found[1]}.", found[2]
    if rest.startswith("attn.in_proj_"):
        kind = rest.removeprefix("attn.in_proj_")
        parts = zip("qkv", value.chunk(3), strict=True)
        return {f"{block}self_attn.{letter}_proj.{kind}": part for letter, part in parts}
    return {block + _begun(rest, _BLOCK): value}
