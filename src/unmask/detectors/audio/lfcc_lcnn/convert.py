"""The authors' checkpoint under our names.

Their one score is of bona fide; ours is of forged, so the last layer's sign is turned. Statistics
of input and output (0 and 1), and the fixed filters and cosines, are not taken over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten

_RULES = (
    (r"^m_transform\.0\.", "maps."),
    (r"^m_before_pooling\.0\.(\d)\.l_blstm\.", r"course.\1.lstm."),
    (r"^m_output_act\.0\.", "classify."),
)
_FIXED = re.compile(r"(input|output)_(mean|std)$|m_frontend\.0\.(lfcc_fb|l_dct\.weight)$")


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    ours = all_rewritten(checkpoint, _RULES, _FIXED)
    return {name: -v if name.startswith("classify.") else v for name, v in ours.items()}
