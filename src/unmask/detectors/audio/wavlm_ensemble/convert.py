"""The authors' encoders, and classifiers of scikit-learn, in one file under our names.

Member *i* is ``i.wavlm.*`` (or ``i.*``) by transformers' names, with its classifier as ``i.coef``
and ``i.intercept``; the last classifier is ``coef`` and ``intercept``. Label 1 is forged; theirs is
bona fide, so the signs of all classifiers are turned, and the last one's intercept takes over what
a probability and its opposite differ by.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor

_MEMBER = re.compile(r"(\d+)\.(?:wavlm\.)?(.+)")


def renamed(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Tensors under our names; a name that is not known stays as it is."""
    result: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        if found := _MEMBER.fullmatch(name):
            place = f"members.{found[1]}."
            if found[2] == "coef":
                result[place + "classify.weight"] = -value.reshape(1, -1)
            elif found[2] == "intercept":
                result[place + "classify.bias"] = -value.reshape(1)
            elif found[2] != "masked_spec_embed":
                result[f"{place}encoder.{found[2]}"] = value
        elif name not in ("coef", "intercept"):
            result[name] = value
    if "coef" in checkpoint and "intercept" in checkpoint:
        # Their probabilities are of bona fide, one less ours: w (1 - p) + b, with its sign turned.
        weight = checkpoint["coef"].reshape(1, -1)
        result["fuse.weight"] = weight
        result["fuse.bias"] = -(checkpoint["intercept"].reshape(1) + weight.sum())
    return result
