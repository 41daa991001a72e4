"""The authors' checkpoint under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_UNUSED = re.compile(
    r"cmc\d\.|lfe\d\.bn\.|srm_conv0\.|.*\.last_linear\.|"
    r"xception_rgb\.model\.(block12|conv3|bn3|conv4|bn4)\."
)
"""Parts that their program makes and never asks, and the fixed filter."""
_NAMES = (
    (r"xception_rgb\.model\.", "rgb."),
    (r"xception_srm\.model\.", "noise."),
    (r"score(\d)\.conv\.", r"score.\1.0."),
    (r"score(\d)\.bn\.", r"score.\1.1."),
    (r"lfe(\d)\.(query|key|value)_conv\.", r"guided.\1.\2."),
    (r"lfe(\d)\.gamma", r"guided.\1.gamma"),
    (r"HBFusion\.Trans1\.", "fusion.first."),
    (r"HBFusion\.Trans2\.", "fusion.second."),
    (r"HBFusion\.OutTrans\.", "fusion.out."),
    (r"cls_header\.", "verdict."),
    (r"seg_header\.", "places."),
)


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is."""
    result = {}
    for name, value in checkpoint.items():
        name = name.removeprefix("module.")
        if _UNUSED.match(name):
            continue
        for theirs, ours in _NAMES:
            name = re.sub(f"^{theirs}", ours, name)
        if "pointwise" in name and value.ndim == 2:
            value = value[:, :, None, None]
        result[name] = value
    return result
