"""A stranger's ONNX file: looked at, and given the plain input and the score of a card."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnx.compose
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from unmask.adding.converting import LARGEST, NAME, OUTPUTS, same_score
from unmask.adding.odds import Given, Odds
from unmask.adding.preprocessing import Normal
from unmask.adding.safety import plain
from unmask.cards.card import Input
from unmask.errors import ModelError
from unmask.runtime.session import open_session
from unmask.train.onnx_model import save_onnx

_DOMAINS = {"", "ai.onnx", "ai.onnx.ml", "com.microsoft"}
_LEAST_OPSET = 13
_REDUCED = 18
"""The operators that reduce take their axes as an input from this version on."""


@dataclass(frozen=True, slots=True)
class Network:
    """The graph of a file. ``shape``: of its input; ``count``: labels; ``outputs``: the logits."""

    model: onnx.ModelProto
    input: str
    shape: tuple[int | str, ...]
    outputs: str
    count: int
    given: Given

    @property
    def batch(self) -> int | str:
        """1 where the file takes one item at a time."""
        return 1 if self.shape[0] == 1 else "batch"


def read_network(path: Path) -> Network:
    """The network of an ONNX file. Raises ModelError when a card cannot describe it.

    Weights in other files, operators of an own library and more than one input are refused. A
    last softmax or sigmoid is taken off: the score needs what it was given.
    """
    if path.stat().st_size > LARGEST:
        raise ModelError(f"{path.name} has more than {LARGEST} bytes.")
    try:
        model = onnx.load(str(path), load_external_data=False)
        _self_contained(model, path.name)
        onnx.checker.check_model(model)
        model = onnx.compose.add_prefix(model, "network/")
    except ModelError:
        raise
    except Exception as error:  # the parser raises its own kinds
        text = plain(str(error))
        raise ModelError(f"{path.name} is no sound ONNX file: {text}") from error
    graph = model.graph
    constants = {one.name for one in graph.initializer}
    inputs = [one for one in graph.input if one.name not in constants]
    if len(inputs) != 1 or inputs[0].type.tensor_type.elem_type != TensorProto.FLOAT:
        names = plain(", ".join(one.name for one in inputs))
        raise ModelError(f"{path.name} must take one input of 32-bit floats; it takes: {names}.")
    shape = _shape(inputs[0])
    named = [one for one in graph.output if one.name.endswith("/logits")] or list(graph.output[:1])
    value, given = _before_activation(graph, named[0].name)
    count = _shape(named[0])[-1] if len(_shape(named[0])) > 1 else 1
    if not isinstance(count, int):
        raise ModelError(f"{path.name} does not say how many outputs it gives.")
    return Network(model, inputs[0].name, shape, value, count, given)


def write(network: Network, part: Input, normal: Normal, odds: Odds, path: Path) -> float:
    """Write the file of a card and compare it with the original; the largest difference."""
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    graph = model.graph
    made = _Nodes(next(s.version for s in model.opset_import if s.domain in ("", "ai.onnx")))
    made.normal(NAME, network.input, normal)
    first = len(made.nodes)
    made.score(network.outputs, odds)
    nodes = [*made.nodes[:first], *graph.node, *made.nodes[first:]]
    graph.ClearField("node")
    graph.node.extend(nodes)
    graph.initializer.extend(made.constants)
    graph.ClearField("input")
    graph.input.append(helper.make_tensor_value_info(NAME, TensorProto.FLOAT, part.shape))
    graph.ClearField("output")
    batch = part.shape[0]
    sides = ([batch], [batch, odds.count])
    for name, side in zip(OUTPUTS, sides, strict=True):
        graph.output.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, side))
    save_onnx(model, path)
    session = open_session(_showing(network))

    def original(batch: NDArray[Any]) -> NDArray[Any]:
        values = normal.apply(batch).astype(np.float32)
        (found,) = session.run([network.outputs], {network.input: values})
        return np.asarray(found)

    return same_score(path, part, odds, original)


def _showing(network: Network) -> bytes:
    """The original with the logits among its outputs."""
    model = onnx.ModelProto()
    model.CopyFrom(network.model)
    if network.outputs not in {one.name for one in model.graph.output}:
        value = helper.make_tensor_value_info(network.outputs, TensorProto.FLOAT, None)
        model.graph.output.append(value)
    data: bytes = model.SerializeToString()
    return data


class _Nodes:
    """Nodes before and behind a network, in its own version of the operators."""

    def __init__(self, opset: int) -> None:
        self.opset = opset
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def normal(self, given: str, to: str, normal: Normal) -> None:
        if normal.own:
            centred = self._add("Sub", given, self._reduce("ReduceMean", given, -1, True))
            square = self._add("Mul", centred, centred)
            spread = self._reduce("ReduceMean", square, -1, True)
            deviation = self._add("Sqrt", self._add("Add", spread, self._constant(1e-7)))
            self._add("Div", centred, deviation, to=to)
            return
        if normal.flip:
            order = self._constant([2, 1, 0], np.int64)
            given = self._add("Gather", given, order, axis=-3)
        shape = (-1, 1, 1) if len(normal.mean) > 1 else (1,)
        scaled = self._add("Mul", given, self._constant(normal.scale))
        moved = self._add("Sub", scaled, self._constant(np.reshape(normal.mean, shape)))
        self._add("Div", moved, self._constant(np.reshape(normal.std, shape)), to=to)

    def score(self, outputs: str, odds: Odds) -> None:
        score, labels = OUTPUTS
        shape = self._constant([-1, odds.count], np.int64)
        self._add("Reshape", outputs, shape, to=labels)
        flat = self._constant([-1], np.int64)
        if odds.count == 1:
            row = self._add("Reshape", labels, flat)
            self._add("Identity" if odds.forged else "Neg", row, to=score)
            return
        forged = self._add("Gather", labels, self._constant(odds.forged, np.int64), axis=1)
        if odds.given == "logits":
            rest = self._add("Gather", labels, self._constant(odds.rest, np.int64), axis=1)
            sums = (self._reduce("ReduceLogSumExp", one, 1, False) for one in (forged, rest))
            self._add("Sub", *sums, to=score)
        elif len(odds.forged) == 1:
            self._add("Reshape", forged, flat, to=score)
        else:
            soft = self._add("Softplus", forged)
            whole = self._add("ReduceSum", soft, self._constant([1], np.int64), keepdims=0)
            kept = self._add("Sub", self._constant(1.0), self._add("Exp", self._add("Neg", whole)))
            self._add("Add", whole, self._add("Log", kept), to=score)

    def _reduce(self, operator: str, value: str, axis: int, keep: bool) -> str:
        if self.opset >= _REDUCED:
            axes = self._constant([axis], np.int64)
            return self._add(operator, value, axes, keepdims=int(keep))
        return self._add(operator, value, axes=[axis], keepdims=int(keep))

    def _add(self, operator: str, *inputs: str, to: str = "", **attributes: Any) -> str:
        name = to or f"unmask_{len(self.nodes)}"
        self.nodes.append(helper.make_node(operator, list(inputs), [name], **attributes))
        return name

    def _constant(self, value: Any, kind: Any = np.float32) -> str:
        name = f"unmask_constant_{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value, kind), name))
        return name


def _self_contained(model: onnx.ModelProto, name: str) -> None:
    graphs = [model.graph]
    nodes = [node for function in model.functions for node in function.node]
    while graphs or nodes:
        graph = graphs.pop() if graphs else None
        held = list(graph.initializer) if graph else []
        nodes += graph.node if graph else []
        for attribute in (one for node in nodes for one in node.attribute):
            graphs += [attribute.g] if attribute.HasField("g") else []
            graphs += attribute.graphs
            held += [attribute.t] if attribute.HasField("t") else []
            held += attribute.tensors
        nodes = []
        if any(one.data_location == TensorProto.EXTERNAL or one.external_data for one in held):
            raise ModelError(f"{name} keeps weights in other files; give it in one piece.")
    own = {function.domain for function in model.functions}
    for node in model.graph.node:
        if node.domain not in _DOMAINS | own:
            raise ModelError(f"{name} needs operators of the library {plain(node.domain, 80)!r}.")
    versions = [one.version for one in model.opset_import if one.domain in ("", "ai.onnx")]
    if not versions or versions[0] < _LEAST_OPSET:
        raise ModelError(f"{name} is older than version {_LEAST_OPSET} of the operators.")


def _shape(value: Any) -> tuple[int | str, ...]:
    sides = value.type.tensor_type.shape.dim
    return tuple(
        side.dim_value if side.HasField("dim_value") else (side.dim_param or "any")
        for side in sides
    )


def _before_activation(graph: Any, name: str) -> tuple[str, Given]:
    """The value that a last softmax or sigmoid was given, and what it is."""
    node = next((one for one in graph.node if name in one.output), None)
    if node is not None and node.op_type == "Softmax":
        return node.input[0], "logits"
    if node is not None and node.op_type == "Sigmoid":
        return node.input[0], "logits of each"
    return name, "logits"
