"""The authors' two checkpoints, in one file, under our names.

WaveFake's program saves a mixture for real voices and one for a vocoder, each as ``pi``, ``loc``
and ``cov``: logits, means and logarithms of deviations where gradients fitted it, weights, means
and variances where expectation maximisation did.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_OURS = {"pi": "shares", "loc": "means", "cov": "scales"}


def renamed(checkpoint: Mapping[str, Tensor], maximised: bool) -> dict[str, Tensor]:
    """Tensors ``real.*`` and ``fake.*`` of the authors under our names; others stay as they are.

    ``maximised``: expectation maximisation fitted them.
    """
    result: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        side, _, kind = name.partition(".")
        if side not in ("real", "fake") or kind not in _OURS:
            result[name] = value
            continue
        if maximised and kind == "pi":
            value = value.log()
        elif maximised and kind == "cov":
            value = value.log() / 2
        result[f"{'real' if side == 'real' else 'forged'}.{_OURS[kind]}"] = value
    return {"started": torch.ones(2), **result}
