"""Weights of a network of this shape that was trained with Keras, under our names."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

_LAYERS = {"conv2d": "layers.0", "conv2d_1": "layers.3", "dense": "dense.0", "dense_1": "dense.2"}


def from_keras(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Kernels turned to torch's order. A name that Keras does not give stays as it is.

    Keras flattens a map with its channels last, so the first dense kernel is sorted anew.
    """
    result: dict[str, Tensor] = {}
    for name, value in checkpoint.items():
        layer, _, kind = name.rpartition(".")
        if layer not in _LAYERS:
            result[name] = value
            continue
        ours = f"{_LAYERS[layer]}.{'weight' if kind == 'kernel' else kind}"
        if kind == "kernel" and value.ndim == 4:
            value = value.permute(3, 2, 0, 1)
        elif kind == "kernel":
            value = value.T
            if layer == "dense":
                value = value.reshape(len(value), 6, 6, -1).permute(0, 3, 1, 2).flatten(1)
        result[ours] = value.contiguous()
    return result
