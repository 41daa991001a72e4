"""The authors' checkpoint under our names.

Theirs put bona fide second; ours puts forged second, so the last layer's rows are swapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten, forged_second

_SIDES = {"1": "spectral", "2": "temporal"}
_PARTS = {
    "att_weight": "weigh",
    "att_proj": "compare",
    "proj_with_att": "heard",
    "proj_without_att": "own",
    "bn": "norm",
}
_RULES = (
    (r"^first_bn\.", "norm.0."),
    (r"^proj\.", "reduce."),
    (r"^proj_node\.", "classify."),
    (r"^GAT_layer3\.", "attention."),
    (r"^pool3\.proj\.", "pool.score."),
    *(
        rule
        for number, side in _SIDES.items()
        for rule in (
            (rf"^GAT_layer{number}\.", f"{side}.attention."),
            (rf"^pool{number}\.proj\.", f"{side}.pool.score."),
            (rf"^proj{number}\.", f"{side}.align."),
            (rf"^encoder{number}\.(\d)\.0\.", rf"{side}.encoder.\1."),
        )
    ),
    (r"encoder\.0\.conv_1\.", "encoder.0.conv1."),
    (r"\.bn2\.", ".between.0."),
    (r"\.conv_downsample\.", ".bypass."),
    *((rf"attention\.{theirs}\b", f"attention.{ours}") for theirs, ours in _PARTS.items()),
)
_UNUSED = re.compile(r"encoder\d\.[1-5]\.0\.conv_1\.|encoder\d\.\d\.0\.bn1\.")
"""A first convolution in blocks that are not first, and a norm whose result nothing reads."""


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    return forged_second(all_rewritten(checkpoint, _RULES, _UNUSED), "classify.")
