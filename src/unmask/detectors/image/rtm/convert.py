"""The authors' checkpoint under our names (its names are those of MMSegmentation)."""

from __future__ import annotations

import re
from collections.abc import Mapping

import torch
from torch import Tensor

_UNUSED = re.compile(r"preprocessor_sec\.2\.kernel$|.*\.simi_projs\.\d\.0\.proj2\.|data_preproc")
"""The fixed filter, and projections that their program never asks."""
_BLOCK = (
    ("attn.attn.out_proj.", "attention.out."),
    ("attn.sr.", "attention.reduce."),
    ("attn.norm.", "attention.norm."),
    ("ffn.layers.0.", "mlp.wide."),
    ("ffn.layers.1.", "mlp.mix."),
    ("ffn.layers.4.", "mlp.narrow."),
)
_NAMES = (
    (r"backbone\.main_branch\.layers\.(\d)\.0\.projection\.", r"rgb.\1.embed."),
    (r"backbone\.main_branch\.layers\.(\d)\.0\.norm\.", r"rgb.\1.embed_norm."),
    (r"backbone\.main_branch\.layers\.(\d)\.1\.", r"rgb.\1.blocks."),
    (r"backbone\.main_branch\.layers\.(\d)\.2\.", r"rgb.\1.norm."),
    (r"backbone\.extra_branch\.layers\.(\d)\.0\.projs\.(\d)\.", r"hub.\1.embeds.\2."),
    (r"backbone\.extra_branch\.layers\.(\d)\.1\.", r"hub.\1.blocks."),
    (r"backbone\.extra_branch\.layers\.(\d)\.2\.", r"hub.\1.norm."),
    (r"backbone\.extra_branch\.extra_score_predictor\.(\d)\.", r"hub.\1.select."),
    (r"select\.simi_projs\.(\d)\.0\.proj1\.", r"select.project.\1."),
    (r"select\.nonlinear\.", "select.weigh."),
    (r"select\.sr_block\.(\d)\.0\.", r"select.reduce.\1.conv."),
    (r"select\.sr_block\.(\d)\.1\.", r"select.reduce.\1.norm."),
    (r"backbone\.extra_patch_embed\.", "bands_embed."),
    (r"backbone\.FFMs\.(\d)\.local_self_attn_a\.", r"fuse.\1.own."),
    (r"backbone\.FFMs\.(\d)\.local_self_attn_b\.", r"fuse.\1.other."),
    (r"backbone\.FFMs\.(\d)\.local_cross_attn\.0\.", r"fuse.\1.cross."),
    (r"backbone\.FFMs\.(\d)\.post_self_attn\.", r"fuse.\1.after."),
    (r"backbone\.FFMs\.(\d)\.norm\.", r"fuse.\1.norm."),
    (r"preprocessor_sec\.0\.local_perception\.", "bands.local."),
    (r"preprocessor_sec\.0\.dw_conv\.", "bands.apart."),
    (r"preprocessor_sec\.0\.band_perception\.", "bands.join."),
    (r"preprocessor_sec\.0\.patch_embed\.", "bands.patches."),
    (r"preprocessor_sec\.0\.spatial_encoder\.", "bands.block."),
    (r"preprocessor_sec\.0\.norm\.", "bands.norm."),
    (r"preprocessor_sec\.0\.projection\.", "bands.out."),
    (r"decode_head\.convs\.", "head.reduce."),
    (r"decode_head\.fusion_conv\.", "head.join."),
    (r"decode_head\.cc_proj\.0\.", "head.contrast."),
    (r"decode_head\.cc_proj\.1\.conv\.", "head.contrast.3."),
    (r"decode_head\.seg_proj\.", "head.refine."),
    (r"decode_head\.conv_seg\.", "head.predict."),
)
_PLAIN = re.compile(r"(head\.(reduce|join|refine|contrast)|bands\.(local|apart|join|out))\b")


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is."""
    result: dict[str, Tensor] = {}
    kept = {name: value for name, value in checkpoint.items() if not _UNUSED.match(name)}
    for name, value in kept.items():
        new = _name(name)
        part, _, kind = new.rpartition(".")
        if ".attn.attn.in_proj_" in new:
            part, kind = new.split(".attn.attn.in_proj_")
            _split(result, f"{part}.attention", kind, value)
        elif part.endswith(".attn.qkv"):
            _split(result, part.replace(".attn.qkv", ".attention"), kind, value)
        elif part.endswith(".attn.embed_k"):
            both = [value, kept[name.replace("embed_k", "embed_v")]]
            result[part.replace("attn.embed_k", "attention.key_value") + f".{kind}"] = torch.cat(
                both
            )
        elif not part.endswith(".attn.embed_v"):
            if part.endswith((".mlp.wide", ".mlp.narrow")) and value.ndim == 4:
                value = value[:, :, 0, 0]
            result[new] = value
    return result


def _split(result: dict[str, Tensor], part: str, kind: str, value: Tensor) -> None:
    """Queries, keys and values in one tensor, to queries and the rest."""
    width = len(value) // 3
    result[f"{part}.query.{kind}"] = value[:width]
    result[f"{part}.key_value.{kind}"] = value[width:]


def _name(name: str) -> str:
    for theirs, ours in _NAMES:
        name = re.sub(f"^{theirs}" if theirs[0] != "s" else theirs, ours, name)
    if name.startswith("fuse."):
        for theirs, ours in (
            (".attn.rpb", ".attention.place"),
            (".attn.proj.", ".attention.out."),
            (".attn.embed_q.", ".attention.query."),
            (".mlp.fc1.", ".mlp.0."),
            (".mlp.fc2.", ".mlp.2."),
            (".norm1_a.", ".norm1."),
            (".norm1_b.", ".norm_other."),
            (".gate_para", ".gate"),
        ):
            name = name.replace(theirs, ours)
        return name
    if _PLAIN.match(name):
        return name.replace(".conv.", ".0.").replace(".bn.", ".1.")
    for theirs, ours in _BLOCK:
        name = name.replace(theirs, ours)
    return name.replace(".projection.", ".conv.")
