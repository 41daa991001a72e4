"""The authors' checkpoint under our names.

Theirs put bona fide second; ours puts forged second, so the last layer's rows are swapped.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten, forged_second

_RULES = (
    (r"^module\.", ""),
    (r"^first_bn\.", "norm."),
    (r"^bn_before_gru\.", "norm_late."),
    (r"^block(\d)\.0\.bn2\.", r"blocks.\1.between."),
    (r"^block(\d)\.0\.conv_downsample\.", r"blocks.\1.bypass."),
    (r"^block(\d)\.0\.", r"blocks.\1."),
    (r"^fc_attention(\d)\.0\.", r"blocks.\1.scale."),
    (r"^fc1_gru\.", "readout."),
    (r"^fc2_gru\.", "classify."),
)
_UNUSED = re.compile(r"(?:module\.)?block\d\.0\.bn1\.")
"""A norm whose result the authors' program does not use."""


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    return forged_second(all_rewritten(checkpoint, _RULES, _UNUSED), "classify.")
