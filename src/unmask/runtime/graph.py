"""Write a small network as an ONNX model, without the package that usually does.

ONNX files are protocol buffers (ONNX IR, opset 17). Only what a feed-forward network needs is
here: float and 64-bit constants, operators with whole-number attributes, one input, one output.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

_FLOAT, _INT64 = 1, 7
_ATTRIBUTE_INT, _ATTRIBUTE_INTS = 2, 7
_IR_VERSION, _OPSET = 8, 17


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def _number(tag: int, value: int) -> bytes:
    return _varint(tag << 3) + _varint(value)


def _bytes(tag: int, value: bytes | str) -> bytes:
    data = value.encode() if isinstance(value, str) else value
    return _varint(tag << 3 | 2) + _varint(len(data)) + data


def _attribute(name: str, value: int | Sequence[int]) -> bytes:
    if isinstance(value, int):
        return _bytes(1, name) + _number(3, value) + _number(20, _ATTRIBUTE_INT)
    many = b"".join(_number(8, one) for one in value)
    return _bytes(1, name) + many + _number(20, _ATTRIBUTE_INTS)


def _port(name: str, shape: Sequence[int | str]) -> bytes:
    """A named float tensor of a shape; a word is a size that is free."""
    sizes = b"".join(
        _bytes(1, _bytes(2, size) if isinstance(size, str) else _number(1, size)) for size in shape
    )
    kind = _bytes(1, _number(1, _FLOAT) + _bytes(2, sizes))
    return _bytes(1, name) + _bytes(2, kind)


@dataclass
class Graph:
    """A network being written, node by node. Values go by name."""

    _nodes: list[bytes] = field(default_factory=list)
    _constants: list[bytes] = field(default_factory=list)
    _count: int = 0

    def constant(self, values: NDArray[np.float32] | NDArray[np.int64]) -> str:
        """Add a constant (float32 or int64) and return its name."""
        name = self._name("k")
        kind = _INT64 if values.dtype == np.int64 else _FLOAT
        sizes = b"".join(_number(1, size) for size in values.shape)
        raw = _bytes(9, np.ascontiguousarray(values).tobytes())
        self._constants.append(sizes + _number(2, kind) + _bytes(8, name) + raw)
        return name

    def node(
        self,
        operator: str,
        inputs: Sequence[str],
        attributes: Mapping[str, int | Sequence[int]] | None = None,
        output: str = "",
    ) -> str:
        """Add an operator and return the name of its output."""
        name = output or self._name("v")
        parts = [_bytes(1, one) for one in inputs]
        parts += [_bytes(2, name), _bytes(4, operator)]
        parts += [_bytes(5, _attribute(*pair)) for pair in (attributes or {}).items()]
        self._nodes.append(b"".join(parts))
        return name

    def model(
        self,
        taken: tuple[str, Sequence[int | str]],
        given: tuple[str, Sequence[int | str]],
    ) -> bytes:
        """The file: ``taken`` and ``given`` are name and shape of the input and of the output."""
        graph = b"".join(
            [
                *(_bytes(1, one) for one in self._nodes),
                _bytes(2, "graph"),
                *(_bytes(5, one) for one in self._constants),
                _bytes(11, _port(*taken)),
                _bytes(12, _port(*given)),
            ]
        )
        opset = _bytes(1, "") + _number(2, _OPSET)
        return _number(1, _IR_VERSION) + _bytes(7, graph) + _bytes(8, opset)

    def _name(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"
