"""The authors' checkpoint, and ALBEF's that they start from, under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import rewritten

_TOP = {
    "temp": "temperature",
    "image_queue": "picture_queue",
    "text_queue": "text_queue",
    "queue_ptr": "place",
    "cls_token_local": "local",
}
_PARTS = {
    "itm_head": "match",
    "cls_head": "types",
    "bbox_head": "box",
    "norm_layer_aggr": "gather_norm",
    "aggregator": "gather",
    "norm_layer_it_cross_atten": "cross_norm",
    "it_cross_attn": "cross",
}
_TEXT = (
    (r"bert\.embeddings\.word_embeddings\.", "read.words."),
    (r"bert\.embeddings\.position_embeddings\.", "read.places."),
    (r"bert\.embeddings\.token_type_embeddings\.", "read.kinds."),
    (r"bert\.embeddings\.LayerNorm\.", "read.norm."),
    (r"bert\.encoder\.layer\.(\d+)\.", r"read.layers.\1."),
    (r"\.crossattention\.", ".cross."),
    (r"\.(attention|cross)\.self\.", r".\1."),
    (r"\.(attention|cross)\.output\.dense\.", r".\1.out."),
    (r"\.(attention|cross)\.output\.LayerNorm\.", r".\1.norm."),
    (r"\.intermediate\.dense\.", ".wide."),
    (r"\.output\.dense\.", ".narrow."),
    (r"\.output\.LayerNorm\.", ".norm."),
    (r"^classifier\.", "tokens."),
)


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is."""
    result = {}
    for name, value in checkpoint.items():
        name = name.removeprefix("module.")
        if not name.endswith("position_ids"):
            result[_name(name)] = value
    return result


def _name(name: str) -> str:
    if name in _TOP:
        return _TOP[name]
    first, _, rest = name.partition(".")
    if first in _PARTS:
        return f"{_PARTS[first]}.{rest}"
    owner = "momentum" if first.endswith("_m") else "encoders"
    kind = first.removesuffix("_m")
    if kind == "visual_encoder":
        return f"{owner}.see.{rest}"
    if kind in ("vision_proj", "text_proj"):
        return f"{owner}.{'see' if kind == 'vision_proj' else 'read'}_common.{rest}"
    if kind == "text_encoder":
        return f"{owner}.{rewritten(rest, _TEXT)}"
    return name
