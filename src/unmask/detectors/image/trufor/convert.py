"""The authors' checkpoints under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_BLOCK = {
    "norm1": "norm1",
    "norm2": "norm2",
    "attn.q": "attention.query",
    "attn.kv": "attention.key_value",
    "attn.proj": "attention.out",
    "attn.sr": "attention.reduce",
    "attn.norm": "attention.norm",
    "mlp.fc1": "mlp.wide",
    "mlp.dwconv.dwconv": "mlp.mix",
    "mlp.fc2": "mlp.narrow",
}
_FUSE = {
    "cross.channel_proj1": "first.split",
    "cross.channel_proj2": "second.split",
    "cross.cross_attn.kv1": "first.key_value",
    "cross.cross_attn.kv2": "second.key_value",
    "cross.end_proj1": "first.join",
    "cross.end_proj2": "second.join",
    "cross.norm1": "first.norm",
    "cross.norm2": "second.norm",
    "channel_emb.residual": "bypass",
    "channel_emb.norm": "norm",
}
_HEAD = {"linear_fuse.0": "join.0", "linear_fuse.1": "join.1", "linear_pred": "predict"}


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    result: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        ours = _name(name.removeprefix("module.").removeprefix("model."))
        # Their heads reduce by linear layers over tokens, ours by convolutions of one cell.
        point = re.search(r"_head\.reduce\.\d\.weight$", ours) and value.ndim == 2
        result[ours] = value[:, :, None, None] if point else value
    return result


def _name(name: str) -> str:
    parts, _, kind = name.rpartition(".")
    if found := re.match(r"backbone\.(extra_)?(patch_embed|block|norm)(\d)\.?(.*)", parts):
        stage = f"{'noise' if found[1] else 'rgb'}.{int(found[3]) - 1}"
        if found[2] == "norm":
            return f"{stage}.norm.{kind}"
        if found[2] == "patch_embed":
            return f"{stage}.{'embed' if found[4] == 'proj' else 'embed_norm'}.{kind}"
        number, _, rest = found[4].partition(".")
        return f"{stage}.blocks.{number}.{_BLOCK.get(rest, rest)}.{kind}"
    if found := re.match(r"backbone\.FRMs\.(\d)\.(channel|spatial)_weights\.mlp\.(\d)", parts):
        what = "channels" if found[2] == "channel" else "cells"
        return f"rectify.{found[1]}.{what}.{found[3]}.{kind}"
    if found := re.match(r"backbone\.FFMs\.(\d)\.channel_emb\.channel_embed\.(\d)", parts):
        return f"fuse.{found[1]}.mixer.{found[2]}.{kind}"
    if found := re.match(r"backbone\.FFMs\.(\d)\.(.*)", parts):
        return f"fuse.{found[1]}.{_FUSE.get(found[2], found[2])}.{kind}"
    if found := re.match(r"decode_head(_conf)?\.(.*)", parts):
        head = "confidence_head" if found[1] else "mask_head"
        if level := re.match(r"linear_c(\d)\.proj", found[2]):
            return f"{head}.reduce.{int(level[1]) - 1}.{kind}"
        return f"{head}.{_HEAD.get(found[2], found[2])}.{kind}"
    return re.sub(r"^dncnn\.", "noiseprint.", re.sub(r"^detection\.", "detect.", name))
