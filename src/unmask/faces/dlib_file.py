"""Read dlib's face descriptor from its own file and write it as an ONNX model.

The file (King 2017, ``dlib_face_recognition_resnet_model_v1.dat``, CC0) lists the layers of a
residual network from input to output: a convolution of 7, then fourteen residual steps of two
convolutions of 3, each with an affine part. ONNX Runtime runs it twelve times as fast as a dlib
that was built without a linear-algebra library, and on every platform. Only numbers are read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.errors import ModelError
from unmask.runtime.graph import Graph
from unmask.types import Tensor

SIDE = 150
SIZE = 128
_MEAN = (122.782, 117.001, 104.298)
_SCALE = 1 / 256
_LAYER = re.compile(rb"[\x04-\x0c](con_4|affine_|relu_110|max_pool_2|avg_pool_2|add_prev_111|fc_2)")
_TENSOR = b"\x01\x02\x02\x00\x01"
"""How the tensor of the last layer begins: version 2, 256 rows."""


def as_onnx(data: bytes) -> bytes:
    """The ONNX model of the file's bytes: ``face`` (batch, 3, 150, 150) to ``vector`` (batch, 128).

    Raises ModelError when the bytes are not that network.
    """
    try:
        return _Writer(data).write()
    except (IndexError, ValueError) as error:
        raise ModelError(f"The bytes are not dlib's face descriptor: {error}.") from None


@dataclass(frozen=True, slots=True)
class _Value:
    """A tensor in the graph: its name, channels and side."""

    name: str
    channels: int
    side: int


class _Writer:
    """Walks over the layers in the order of the file."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._layers = [(m.group(1).decode(), m.end()) for m in _LAYER.finditer(data)]
        self._at = 0
        self._graph = Graph()

    def write(self) -> bytes:
        graph = self._graph
        mean = graph.constant(np.array(_MEAN, np.float32).reshape(1, 3, 1, 1))
        centred = graph.node("Sub", ["face", mean])
        scaled = graph.node("Mul", [centred, graph.constant(np.array(_SCALE, np.float32))])
        value = self._convolution(_Value(scaled, 3, SIDE), 7, 2)
        value = self._relu(value)
        value = self._pool(value, "MaxPool", "max_pool_2", 3)
        while self._peek() == "con_4":
            value = self._residual(value)
        self._take("avg_pool_2")
        pooled = graph.node("Flatten", [graph.node("GlobalAveragePool", [value.name])])
        last = self._data.index(_TENSOR, self._take("fc_2"))
        matrix = self._tensor(last).reshape(-1, SIZE)
        graph.node("MatMul", [pooled, graph.constant(matrix)], output="vector")
        return graph.model(("face", ("batch", 3, SIDE, SIDE)), ("vector", ("batch", SIZE)))

    def _residual(self, value: _Value) -> _Value:
        """Two convolutions beside the value itself; halved when an average pool follows."""
        halved = self._peek(5) == "avg_pool_2"
        inner = self._relu(self._convolution(value, 3, 2 if halved else 1))
        inner = self._convolution(inner, 3, 1)
        beside = self._pool(value, "AveragePool", "avg_pool_2", 2) if halved else value
        self._take("add_prev_111")
        channels = max(inner.channels, beside.channels)
        side = max(inner.side, beside.side)
        both = [self._padded(one, channels, side) for one in (inner, beside)]
        return self._relu(_Value(self._graph.node("Add", both), channels, side))

    def _convolution(self, value: _Value, size: int, stride: int) -> _Value:
        """A convolution with the affine layer after it folded in."""
        numbers = self._tensor(self._take("con_4")).ravel()
        affine = self._tensor(self._take("affine_")).ravel()
        gain, shift = np.split(affine, 2)
        channels = gain.size
        kernel, bias = np.split(numbers, [channels * value.channels * size * size])
        kernel = kernel.reshape(channels, value.channels, size, size) * gain[:, None, None, None]
        pad = 0 if stride == 2 else size // 2
        name = self._graph.node(
            "Conv",
            [
                value.name,
                self._graph.constant(kernel),
                self._graph.constant(bias * gain + shift),
            ],
            {"strides": (stride, stride), "pads": (pad,) * 4, "kernel_shape": (size, size)},
        )
        return _Value(name, channels, (value.side + 2 * pad - size) // stride + 1)

    def _relu(self, value: _Value) -> _Value:
        self._take("relu_110")
        return _Value(self._graph.node("Relu", [value.name]), value.channels, value.side)

    def _pool(self, value: _Value, operator: str, layer: str, size: int) -> _Value:
        self._take(layer)
        shape = {"kernel_shape": (size, size), "strides": (2, 2)}
        name = self._graph.node(operator, [value.name], shape)
        return _Value(name, value.channels, (value.side - size) // 2 + 1)

    def _padded(self, value: _Value, channels: int, side: int) -> str:
        """Grown by zeros at the end of each axis, as dlib adds tensors of two shapes."""
        more, wider = channels - value.channels, side - value.side
        if not more and not wider:
            return value.name
        pads = self._graph.constant(np.array([0, 0, 0, 0, 0, more, wider, wider], np.int64))
        return self._graph.node("Pad", [value.name, pads])

    def _peek(self, ahead: int = 0) -> str:
        return self._layers[self._at + ahead][0]

    def _take(self, layer: str) -> int:
        """The place after the name of the next layer, which must be ``layer``."""
        found, at = self._layers[self._at]
        if found != layer:
            raise ValueError(f"{found} where {layer} is expected")
        self._at += 1
        return at

    def _integer(self, at: int) -> tuple[int, int]:
        """A whole number (a count of bytes, then the bytes) and the place after it."""
        count = self._data[at] & 0x0F
        return int.from_bytes(self._data[at + 1 : at + 1 + count], "little"), at + 1 + count

    def _tensor(self, at: int) -> Tensor:
        """The tensor at a place: version, four sizes, then float32."""
        sizes: list[int] = []
        _, at = self._integer(at)
        for _ in range(4):
            size, at = self._integer(at)
            sizes.append(size)
        values: NDArray[np.float32] = np.frombuffer(self._data, "<f4", int(np.prod(sizes)), at)
        return values.reshape(sizes).astype(np.float32)
