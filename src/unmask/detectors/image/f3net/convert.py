"""The checkpoint of DeepfakeBench under our names."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from unmask.nn.xception import benchmark_names

_HEAD = "FAD_head."
_LEARNT = tuple(f"{_HEAD}filters.{band}.learnable" for band in range(4))


def from_official(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Names of their detector as ours; the four learnt filters become one.

    The transform and the fixed filters stand in the file too, and are always the same.
    """
    renamed = benchmark_names(checkpoint)
    result = {name: value for name, value in renamed.items() if not name.startswith(_HEAD)}
    if all(name in renamed for name in _LEARNT):
        result["bands.learnt"] = torch.stack([renamed[name] for name in _LEARNT])
    return result
