"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import rewritten

_UNUSED = "long_dist_attn.vit.patch_embed."
"""A layer that cuts patches, which the authors' network builds and never calls."""
_DEEP = 18
_RULES = (
    (r"^backbone\.entry_block(\d)\.", r"scene.block\1."),
    (r"^backbone\.deep_blocks\.0\.", "scene.block4."),
    (r"^backbone\.exit_block\.", "scene.block12."),
    (r"^backbone\.", "scene."),
    (r"^bb_condense\.", "condense."),
    (r"^long_dist_attn\.forgery_template$", "context.templates"),
    (r"^long_dist_attn\.vit\.pos_embed$", "context.places"),
    (r"^long_dist_attn\.vit\.", "context."),
    (r"^classifier\.([03])\.", r"each.\1."),
    (r"^classifier\.7\.", "whole.2."),
    (r"^localizer\.(\d)\.", r"place.\1."),
)


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their network as ours; convolutions of 1 × 1 over patches become linear layers."""
    result = {}
    for name, value in checkpoint.items():
        bare = name.removeprefix("model.")
        if bare.startswith(_UNUSED):
            continue
        ours = rewritten(bare, _RULES)
        first, _, rest = bare.partition(".")
        if first == "pretrained_fe" and rest.partition(".")[0].isdigit():
            number, _, last = rest.partition(".")
            deep = int(number) - _DEEP
            ours = f"traces.last.{deep}.{last}" if deep >= 0 else f"traces.maps.{number}.{last}"
        if ours.startswith("place."):
            value = value.flatten(1)
        result[ours] = value
    return result
