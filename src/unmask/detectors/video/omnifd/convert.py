"""The authors' checkpoint under our names."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from unmask.nn.video_swin import torchvision_names
from unmask.train.names import rewritten

_TRUNK = "backbone.trunk."
_TIME = "head.decoder_modules.temporal."
_UNUSED = (f"{_TRUNK}depth_patch_embed.",)
_RULES = (
    (r"^neck\.module\.", "interaction."),
    (r"^neck\.stage_embed$", "interaction.stages"),
    (r"^neck\.proj\.", "interaction.proj."),
    (r"^head\.decoder_modules\.image\.fc\.", "picture."),
    (r"^head\.decoder_modules\.video\.fc\.", "video."),
    (r"^head\.decoder_modules\.spatial\.convs\.0\.conv\.", "places.convs.0."),
    (r"^head\.decoder_modules\.spatial\.convs\.1\.conv\.", "places.convs.2."),
    (r"^head\.decoder_modules\.spatial\.conv_seg\.", "places.mixed."),
    (r"^head\.decoder_modules\.spatial\.", "places."),
    (rf"^{_TIME}rpn_head\.loss_normalizer$", "normaliser"),
    (rf"^{_TIME}projection\.embed\.0\.", "stretches.embed."),
    (rf"^{_TIME}projection\.stem\.0\.", "stretches.stem."),
    (rf"^{_TIME}projection\.branch\.", "stretches.branch."),
    (rf"^{_TIME}neck\.fpn_norms\.", "stretches.norms."),
    (rf"^{_TIME}rpn_head\.sample_proj\.", "stretches.known."),
    (rf"^{_TIME}rpn_head\.fuse_block\.layers\.", "stretches.fused."),
    (rf"^{_TIME}rpn_head\.fuse_block\.norm\.", "stretches.fused_norm."),
    (rf"^{_TIME}rpn_head\.", "stretches."),
    (r"^(stretches\.(?:embed|(?:cls|reg)_convs\.\d+))\.conv\.", r"\1.0."),
    (r"^(stretches\.(?:embed|(?:cls|reg)_convs\.\d+))\.norm\.", r"\1.1."),
    (r"^(stretches\.(?:stem|branch))\.ln(\d)\.", r"\1.norm\2."),
    (r"^(stretches\.(?:stem|branch))\.attn\.(\w+_conv)\.conv\.", r"\1.\2."),
    (r"^(stretches\.(?:stem|branch))\.attn\.", r"\1."),
    (r"^(stretches\.(?:stem|branch))\.mlp\.3\.", r"\1.mlp.2."),
    (r"^(stretches\.(?:stem|branch))\.drop_path_(\w+)\.", r"\1.scale_\2."),
)


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their unified detector as ours; what has no place here keeps its name."""
    kept = {n: v for n, v in checkpoint.items() if not n.startswith(_UNUSED)}
    trunk = {n.removeprefix(_TRUNK): v for n, v in kept.items() if n.startswith(_TRUNK)}
    result = {f"encoder.{name}": value for name, value in torchvision_names(trunk).items()}
    scales = {}
    for name, value in kept.items():
        if name.startswith(_TRUNK):
            continue
        ours = rewritten(name, _RULES)
        if ours.startswith("stretches.scale."):
            scales[int(ours.split(".")[2])] = value
        else:
            result[ours] = value
    if scales:
        result["stretches.scales"] = torch.stack([scales[place] for place in sorted(scales)])
    if "normaliser" in result:
        result["normaliser"] = result["normaliser"].float()
    return result
