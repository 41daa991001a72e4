"""The authors' checkpoints under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

from unmask.train.names import all_rewritten

_RULES = (
    (r"^(module|model)\.", ""),
    (r"^encoder\.st_tokenizer\.temporal_tokenizer\.", "time."),
    (r"^encoder\.st_tokenizer\.spectral_tokenizer\.", "pitch."),
    (r"^(time|pitch)\.conv1d\.", r"\1.cut."),
    (r"^(time|pitch)\.pos_encoder\.pe$", r"\1.place"),
    (r"^(time|pitch)\.norm_pre\.", r"\1.norm."),
    (r"^encoder\.transformer\.", ""),
    (r"^classifier\.", "classify."),
)
_FRONT = re.compile(r"((module|model)\.)?ft_extractor\.")
"""Window and filters of the spectrogram, which are no weights."""


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors of the authors' file under our names; a name that is not known stays as it is."""
    return all_rewritten(checkpoint, _RULES, _FRONT)
