"""The authors' encoders under our names; what is not of an encoder is taken by our names.

Their class 0 is forged; ours puts forged second, so the last layer's rows are swapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten, forged_second

_RULES = (
    (r"^module\.", ""),
    (r"^vit_image\.", "see."),
    (r"^vit_audio\.", "hear."),
    (r"^fc\.", "classify."),
    (r"^(see|hear)\.to_patch_embedding\.1\.", r"\1.embed.0."),
    (r"^(see|hear)\.to_patch_embedding\.2\.", r"\1.embed.1."),
    (r"^(see|hear)\.to_patch_embedding\.3\.", r"\1.embed.2."),
    (r"\.pos_embedding$", ".place"),
    (r"\.cls_token$", ".own"),
    (r"\.transformer\.norm\.", ".norm."),
    (r"\.transformer\.layers\.(\d+)\.1\.net\.", r".hidden.\1."),
    (r"\.transformer\.layers\.(\d+)\.0\.to_qkv\.", r".attend.\1.project."),
    (r"\.transformer\.layers\.(\d+)\.0\.to_out\.0\.", r".attend.\1.join."),
    (r"\.transformer\.layers\.(\d+)\.0\.norm\.", r".attend.\1.norm."),
)
_UNUSED = re.compile(r"(module\.)?vit_(image|audio)\.mlp_head\.")
"""Classifiers of single senses, which their program leaves out."""


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names, in single precision; a name that is not known stays as it is."""
    ours = forged_second(all_rewritten(checkpoint, _RULES, _UNUSED), "classify.")
    return {name: value.float() for name, value in ours.items()}
