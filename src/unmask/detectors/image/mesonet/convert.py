"""The authors' Keras weights under our names."""

from __future__ import annotations

import re
from collections.abc import Mapping

from torch import Tensor, nn

from unmask.errors import ModelError

_KINDS: dict[str, type[nn.Module]] = {
    "conv2d": nn.Conv2d,
    "batch_normalization": nn.BatchNorm2d,
    "dense": nn.Linear,
}
_NAMES = {
    "kernel": "weight",
    "gamma": "weight",
    "beta": "bias",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
}


def from_keras(checkpoint: Mapping[str, Tensor], network: nn.Module) -> dict[str, Tensor]:
    """Keras tensors (``layer.weight``) under the names of ``network``, in PyTorch's layout.

    Keras numbers its layers within a process, in the order of their making; the *n*-th layer of a
    kind is the *n*-th of the network. The sign of the last layer is turned: the authors' output is
    1 for a real face. Raises ModelError when the numbers of layers differ.
    """
    named = {}
    for kind, module in _KINDS.items():
        theirs = sorted({_number(name) for name in checkpoint if _kind(name) == kind})
        ours = [name for name, part in network.named_modules() if isinstance(part, module)]
        if len(theirs) != len(ours):
            raise ModelError(
                f"The checkpoint has {len(theirs)} layers of the kind {kind!r}; "
                f"this variant of MesoNet has {len(ours)}."
            )
        for number, name in zip(theirs, ours, strict=True):
            named[(kind, number)] = name
    converted = {}
    for name, value in checkpoint.items():
        weight = name.rpartition(".")[2]
        layer = named.get((_kind(name), _number(name)))
        if layer is None:
            raise ModelError(f"The checkpoint does not fit MesoNet: {name!r} is unknown.")
        converted[f"{layer}.{_NAMES.get(weight, weight)}"] = _laid_out(value)
    last = [name for name, part in network.named_modules() if isinstance(part, nn.Linear)][-1]
    for name in (f"{last}.weight", f"{last}.bias"):
        converted[name] = -converted[name]
    return converted


def _kind(name: str) -> str:
    return re.sub(r"_\d+$", "", name.rpartition(".")[0])


def _number(name: str) -> int:
    found = re.search(r"_(\d+)$", name.rpartition(".")[0])
    return int(found[1]) if found else 0


def _laid_out(value: Tensor) -> Tensor:
    """Kernels from height × width × in × out; the dense one that reads the map from its order."""
    if value.ndim == 4:
        return value.permute(3, 2, 0, 1).contiguous()
    if value.ndim == 2 and value.shape[0] == 1024:
        return value.reshape(8, 8, 16, -1).permute(3, 2, 0, 1).flatten(1)
    return value.T.contiguous() if value.ndim == 2 else value
