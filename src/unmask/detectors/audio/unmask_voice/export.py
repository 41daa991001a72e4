"""Writing the network as ONNX, its weights stored in half precision."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from unmask.detectors.audio.unmask_voice.spectra import SAMPLES
from unmask.train.onnx_model import onnx_model, save_onnx

_LARGE = 4096


def to_onnx(network: nn.Module, path: Path) -> None:
    """``wave`` (batch × SAMPLES) to ``logit`` (batch) and ``frames`` (batch × FRAMES)."""
    example = torch.randn(2, SAMPLES, generator=torch.Generator().manual_seed(0)) * 0.05
    free = {0: torch.export.Dim("batch", min=1, max=512)}
    model = onnx_model(network, [example], ["wave"], ["logit", "frames"], [free])
    halve(model)
    save_onnx(model, path)


def halve(model: onnx.ModelProto) -> None:
    """Store large float32 weights as float16 and cast them back when the model is loaded."""
    casts = []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if weight.data_type != TensorProto.FLOAT or values.size < _LARGE:
            continue
        name = weight.name
        held = values.astype(np.float16)
        if not np.isfinite(held).all():
            continue
        weight.CopyFrom(numpy_helper.from_array(held, f"{name}.half"))
        casts.append(helper.make_node("Cast", [f"{name}.half"], [name], to=TensorProto.FLOAT))
    for node in reversed(casts):
        model.graph.node.insert(0, node)
    del model.graph.value_info[:]
