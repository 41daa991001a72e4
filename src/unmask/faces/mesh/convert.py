"""A picture network of TensorFlow Lite as ONNX, for the six operations that FaceMesh is made of.

Pictures are rows × columns × channels there and channels × rows × columns here: weights are turned
once, and every value between is as it would be there, turned. The same file gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from unmask._protobuf import field
from unmask.errors import ModelError
from unmask.faces.mesh.tflite import Graph, Operation, Tensor, read

_ADD, _CONV, _DEPTHWISE, _POOL, _PAD, _PRELU = 0, 3, 4, 17, 34, 54
_SAME = 0
_FLOAT, _INT64 = 1, 7  # types of numbers
_ONE, _SEVERAL = 2, 7  # kinds of attributes
_IR, _OPSET = 8, 13


def to_onnx(data: bytes) -> bytes:
    """The network as an ONNX file: ``input``, and ``output_0`` … in the order of the original.

    Raises ModelError for a damaged file and for one with other operations.
    """
    return _Writer(read(data)).model()


class _Writer:
    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._nodes: list[bytes] = []
        self._weights: list[bytes] = []

    def model(self) -> bytes:
        for operation in self._graph.operations:
            self._add(operation)
        graph = b"".join(field(1, node) for node in self._nodes) + field(2, "network")
        graph += b"".join(field(5, one) for one in self._weights)
        (given,) = self._graph.inputs
        graph += field(11, _value("input", self._turned(given)))
        for number, output in enumerate(self._graph.outputs):
            graph += field(12, _value(f"output_{number}", self._turned(output)))
        opset = field(1, "") + field(2, _OPSET)
        return field(1, _IR) + field(7, graph) + field(8, opset)

    def _tensor(self, number: int) -> Tensor:
        return self._graph.tensors[number]

    def _turned(self, number: int) -> tuple[int, ...]:
        shape = self._tensor(number).shape
        if len(shape) != 4:
            raise ModelError(f"The network computes {list(shape)}, which is no picture.")
        return shape[0], shape[3], shape[1], shape[2]

    def _name(self, number: int) -> str:
        if number in self._graph.inputs:
            return "input"
        if number in self._graph.outputs:
            return f"output_{self._graph.outputs.index(number)}"
        return f"value_{number}"

    def _weight(self, name: str, values: NDArray[np.generic]) -> str:
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        dims = b"".join(field(1, size) for size in values.shape)
        raw = np.ascontiguousarray(values).tobytes()
        self._weights.append(dims + field(2, kind) + field(8, name) + field(9, raw))
        return name

    def _known(self, number: int) -> NDArray[np.generic]:
        values = self._tensor(number).values
        if values is None:
            raise ModelError("The network computes its own weights, which is not understood.")
        return values

    def _node(
        self, kind: str, inputs: Sequence[str], output: str, **attributes: int | Sequence[int]
    ) -> None:
        text = b"".join(field(1, one) for one in inputs) + field(2, output) + field(4, kind)
        for name, value in attributes.items():
            if isinstance(value, int):
                held = field(3, value) + field(20, _ONE)
            else:
                held = b"".join(field(8, number) for number in value) + field(20, _SEVERAL)
            text += field(5, field(1, name) + held)
        self._nodes.append(text)

    def _add(self, operation: Operation) -> None:
        (output,) = operation.outputs
        given = [self._name(n) for n in operation.inputs if self._tensor(n).values is None]
        name, code = self._name(output), operation.code
        if code == _ADD:
            self._activated(operation.options.get(0, 0))
            self._node("Add", given, name)
        elif code == _PRELU:
            slope = self._known(operation.inputs[1]).reshape(1, -1, 1, 1)
            self._node("PRelu", [*given, self._weight(f"{name}.slope", slope)], name)
        elif code == _PAD:
            before, after = self._known(operation.inputs[1]).astype(np.int64).T
            turn = [0, 3, 1, 2]
            rim = np.concatenate([before[turn], after[turn]])
            self._node("Pad", [*given, self._weight(f"{name}.pads", rim)], name)
        elif code in (_CONV, _DEPTHWISE):
            self._convolution(operation, given, name)
        elif code == _POOL:
            across, down, wide, high = (operation.options[n] for n in (1, 2, 3, 4))
            self._activated(operation.options[5])
            pads = self._pads(operation, (high, wide), (down, across))
            self._node(
                "MaxPool", given, name, kernel_shape=(high, wide), strides=(down, across), pads=pads
            )
        else:
            raise ModelError(f"The network has the operation {code}, which is not understood.")

    def _convolution(self, operation: Operation, given: list[str], name: str) -> None:
        weight = self._known(operation.inputs[1])
        across, down = operation.options[1], operation.options[2]
        depthwise = operation.code == _DEPTHWISE
        self._activated(operation.options[4 if depthwise else 3])
        if depthwise:
            turned, groups = weight.transpose(3, 0, 1, 2), weight.shape[3]
            if operation.options[3] != 1:
                raise ModelError("The network widens channels while it filters each alone.")
        else:
            turned, groups = weight.transpose(0, 3, 1, 2), 1
        window = weight.shape[1:3]
        names = [*given, self._weight(f"{name}.weight", turned)]
        names.append(self._weight(f"{name}.bias", self._known(operation.inputs[2])))
        pads = self._pads(operation, window, (down, across))
        self._node(
            "Conv", names, name, kernel_shape=window, strides=(down, across), pads=pads,
            group=groups,
        )  # fmt: skip

    def _pads(
        self, operation: Operation, window: Sequence[int], strides: Sequence[int]
    ) -> tuple[int, ...]:
        """Before and after, rows and columns: what brings the size to that of the original."""
        if operation.options[0] != _SAME:
            return 0, 0, 0, 0
        size = self._tensor(operation.inputs[0]).shape[1:3]
        missing = [
            max(0, (-(-length // step) - 1) * step + wide - length)
            for length, wide, step in zip(size, window, strides, strict=True)
        ]
        begin = [total // 2 for total in missing]
        end = [total - half for total, half in zip(missing, begin, strict=True)]
        return *begin, *end

    @staticmethod
    def _activated(kind: int) -> None:
        if kind:
            raise ModelError("The network has an activation inside an operation: not understood.")


def _value(name: str, shape: Sequence[int]) -> bytes:
    dims = b"".join(field(1, field(1, size)) for size in shape)
    return field(1, name) + field(2, field(1, field(1, _FLOAT) + field(2, dims)))
