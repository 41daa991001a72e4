"""Names of fairseq's wav2vec 2.0 and of WavLM's authors under those of transformers."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_POSITION = "encoder.pos_conv_embed.conv"
_LAYER = r"encoder\.layers\.(\d+)\."
_RULES = tuple(
    (re.compile(f"^{theirs}"), ours)
    for theirs, ours in (
        (r"feature_extractor\.conv_layers\.(\d)\.0\.", r"feature_extractor.conv_layers.\1.conv."),
        (
            # With a norm over channels in every layer, or over time in the first one only.
            r"feature_extractor\.conv_layers\.(\d)\.2\.(?:1\.)?",
            r"feature_extractor.conv_layers.\1.layer_norm.",
        ),
        (r"layer_norm\.", "feature_projection.layer_norm."),
        (r"post_extract_proj\.", "feature_projection.projection."),
        (r"encoder\.pos_conv\.0\.bias", f"{_POSITION}.bias"),
        (r"encoder\.pos_conv\.0\.weight_g", f"{_POSITION}.parametrizations.weight.original0"),
        (r"encoder\.pos_conv\.0\.weight_v", f"{_POSITION}.parametrizations.weight.original1"),
        (rf"{_LAYER}self_attn_layer_norm\.", r"encoder.layers.\1.layer_norm."),
        (rf"{_LAYER}self_attn\.grep_linear\.", r"encoder.layers.\1.attention.gru_rel_pos_linear."),
        (rf"{_LAYER}self_attn\.grep_a$", r"encoder.layers.\1.attention.gru_rel_pos_const"),
        (
            rf"{_LAYER}self_attn\.relative_attention_bias\.",
            r"encoder.layers.\1.attention.rel_attn_embed.",
        ),
        (rf"{_LAYER}self_attn\.", r"encoder.layers.\1.attention."),
        (rf"{_LAYER}fc1\.", r"encoder.layers.\1.feed_forward.intermediate_dense."),
        (rf"{_LAYER}fc2\.", r"encoder.layers.\1.feed_forward.output_dense."),
    )
)
_PRETRAINING = ("mask_emb", "quantizer.", "project_q.", "final_proj.", "label_embs_concat")
"""Parts that only their own pre-training uses."""


def transformers_names(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' encoder renamed; a name that is not known stays as it is."""
    return {
        _renamed(name): value
        for name, value in checkpoint.items()
        if not name.startswith(_PRETRAINING)
    }


def _renamed(name: str) -> str:
    for pattern, ours in _RULES:
        if pattern.match(name):
            return pattern.sub(ours, name)
    return name
