"""A network as an ONNX model that says nothing of the machine that wrote it."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import onnx
import torch
from onnxscript.optimizer import optimize
from torch import Tensor, nn

# Its optimiser warns of every constant that it does not compute beforehand.
logging.getLogger("onnxscript").addHandler(logging.NullHandler())


def onnx_model(
    network: nn.Module,
    inputs: Sequence[Tensor],
    names: Sequence[str],
    outputs: Sequence[str],
    free: Sequence[dict[int, Any]],
) -> onnx.ModelProto:
    """``network`` in evaluation mode as an ONNX model.

    ``names`` and ``outputs`` are those of the inputs and outputs in their order; ``free`` says for
    each input which axes may change (their names in the file, or ``torch.export.Dim``). An example
    batch needs two items, or its size would be taken for fixed.
    """
    plain = network.to(memory_format=torch.contiguous_format).eval()
    with torch.no_grad(), _uncollected():
        program = torch.onnx.export(
            plain,
            tuple(inputs),
            input_names=list(names),
            output_names=list(outputs),
            dynamic_shapes=_shapes(network, free),
            dynamo=True,
            external_data=False,
            verbose=False,
            optimize=False,
        )
    assert program is not None
    # Twice, as the exporter would, takes a tenth of its time and leaves one node in fifty less.
    optimize(program.model, num_iterations=1)
    model: onnx.ModelProto = program.model_proto
    _forget(model)
    return model


@contextmanager
def _uncollected() -> Iterator[None]:
    """Leave garbage until later: the exporter makes many objects that live to its end, and going
    through them again and again takes up to a tenth of its time."""
    before = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if before:
            gc.enable()


def save_onnx(model: onnx.ModelProto, path: Path) -> None:
    """Write a model, its folder if need be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    onnx.save(model, str(path))


def _shapes(network: nn.Module, free: Sequence[dict[int, Any]]) -> tuple[Any, ...]:
    """As the exporter wants them: a network that takes ``*inputs`` has one argument."""
    import inspect

    taken = inspect.signature(network.forward).parameters.values()
    together = any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in taken)
    return (tuple(free),) if together else tuple(free)


def _forget(model: onnx.ModelProto) -> None:
    """Drop what torch notes at every node: lines and paths of the source that made it."""
    _blank([model, *model.functions])
    for function in model.functions:
        _blank(function.node)
    _forget_graph(model.graph)


def _forget_graph(graph: onnx.GraphProto) -> None:
    _blank([graph, *graph.node, *graph.input, *graph.output])
    _blank([*graph.value_info, *graph.initializer])
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("g"):
                _forget_graph(attribute.g)


def _blank(things: Iterable[Any]) -> None:
    for thing in things:
        thing.ClearField("doc_string")
        thing.ClearField("metadata_props")
