"""A method's network as an ONNX file that gives the same numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from unmask.errors import ModelError
from unmask.runtime.session import open_session
from unmask.train.method import Batch, Method
from unmask.train.onnx_model import onnx_model, save_onnx

TOLERANCE = 1e-3
"""Largest difference between torch and ONNX Runtime, relative to the output's size."""


class _InOrder(nn.Module):
    """The outputs that the card names, in its order: ONNX has no dictionaries."""

    def __init__(self, network: nn.Module, names: list[str]) -> None:
        super().__init__()
        self.network = network
        self.names = names

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        outputs = self.network(*inputs)
        return tuple(outputs[name] for name in self.names)


def to_onnx(method: Method, network: nn.Module, path: Path) -> Path:
    """Write ``network`` to ``path`` with the names of the method's card.

    The batch is free, and so is every side that the card names in words. The file is run on the
    method's example and on another batch size and compared with torch. Raises ModelError when the
    outputs differ by more than ``TOLERANCE``.
    """
    card = method.card
    names = [part.name for part in card.outputs]
    wrapped = _InOrder(network.float(), names)
    example = method.example(2)
    shapes = [_free(part.shape, part.name) for part in card.inputs]
    inputs = [example[name] for name in method.inputs]
    save_onnx(onnx_model(wrapped, inputs, method.inputs, names, shapes), path)
    for batch in (method.example(2), method.example(3, seed=1)):
        _compare(wrapped, path, method, batch)
    return path


def _free(shape: list[int | str], name: str) -> dict[int, str]:
    """The sides of an input that may change, under the names they get in the file."""
    return {
        axis: side if axis == 0 else f"{name}_{side}"
        for axis, side in enumerate(shape)
        if isinstance(side, str)
    }


def _compare(network: nn.Module, path: Path, method: Method, batch: Batch) -> None:
    inputs = [batch[name] for name in method.inputs]
    with torch.no_grad():
        ours = network(*inputs)
    session = open_session(path)
    fed = {name: value.numpy() for name, value in zip(method.inputs, inputs, strict=True)}
    for part, mine, theirs in zip(method.card.outputs, ours, session.run(None, fed), strict=True):
        there = np.asarray(theirs, np.float64)
        here = mine.double().numpy()
        gap = float(np.abs(here - there).max() / max(1.0, np.abs(here).max()))
        if not gap <= TOLERANCE:
            raise ModelError(
                f"The ONNX file of {method.card.name!r} differs from torch in {part.name!r} by "
                f"{gap:.2g}; it is not kept."
            )
