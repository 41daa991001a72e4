"""The authors' checkpoints under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten

_UNUSED = (
    "backbone.cls_token",
    "backbone.pos_embed",
    "clip_proj.",
    "mm_proj.",
    "mm_encoder.",
)
"""What their network keeps for its start and never reads, and its part of words."""
_RULES = (
    (r"^backbone\.patch_embed\.rgb_backbone\.", "shown."),
    (r"^backbone\.patch_embed\.recons_backbone\.", "drawn."),
    (r"^(shown|drawn)\.freq_stem\.", r"\1.fine_stem."),
    (r"^(shown|drawn)\.freq_stage\.", r"\1.fine_stage."),
    (r"^(shown|drawn)\.stems_transition_conv_1x1\.", r"\1.joined."),
    (r"^backbone\.patch_embed\.transition\.", "fused."),
    (r"^backbone\.patch_embed\.proj\.", "embed."),
    (r"^backbone\.blocks\.(\d+)\.temporal_", r"blocks.\1.each."),
    (r"^backbone\.blocks\.(\d+)\.", r"blocks.\1.all_patches."),
    (r"^backbone\.fc_token$", "frame_tokens"),
    (r"^backbone\.temporal_pos_embed$", "frame_places"),
    (r"^backbone\.window_pos_embed$", "patch_places"),
    (r"^backbone\.time_embed$", "times"),
    (r"^backbone\.norm\.", "norm."),
    (r"^final_fusion\.channel_attn\.", "weighed."),
)


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their network as ours, without its part of words."""
    bare = {name.removeprefix("module."): value for name, value in checkpoint.items()}
    kept = {n: v for n, v in bare.items() if not n.startswith(_UNUSED)}
    result = all_rewritten(kept, _RULES)
    if "patch_places" in result:  # the first place is that of a class token, which is not read
        result["patch_places"] = result["patch_places"][:, 1:]
    return result


def codebook_names(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their codebook (VQ-VAE) as ours."""
    rules = ((r"^codebook\.embedding\.", "words."), (r"^", "codebook."))
    return all_rewritten(checkpoint, rules)
