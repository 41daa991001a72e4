"""A network of TensorFlow Lite, read from its file: tensors, and operations in their order.

The file is a FlatBuffer (schema version 3). Tables are read by the numbers of their fields; every
number that points somewhere is checked against the file's length, so that a damaged file is an
error and nothing else.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unmask.errors import ModelError

_MARK = b"TFL3"
_MOST = 100_000  # entries of one list
_TYPES = {0: np.dtype("<f4"), 2: np.dtype("<i4")}


@dataclass(frozen=True, slots=True)
class Tensor:
    """``values`` are there for weights, and None for what the network computes."""

    name: str
    shape: tuple[int, ...]
    values: NDArray[np.generic] | None


@dataclass(frozen=True, slots=True)
class Operation:
    """``code``: which built-in operation; ``options``: fields of its options by their numbers."""

    code: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[int, int]


@dataclass(frozen=True, slots=True)
class Graph:
    """The only graph of a file; ``inputs`` and ``outputs`` are numbers of tensors."""

    tensors: tuple[Tensor, ...]
    operations: tuple[Operation, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read(data: bytes) -> Graph:
    """The graph of a file. Raises ModelError when it is no such file, or a damaged one."""
    try:
        return _read(data)
    except (struct.error, IndexError, UnicodeDecodeError, ValueError) as error:
        raise ModelError(f"This is no whole network of TensorFlow Lite: {error}.") from error


def _read(data: bytes) -> Graph:
    if data[4:8] != _MARK:
        raise ValueError("it does not begin as one")
    file = _Buffer(data)
    model = file.follow(0)
    graphs = file.tables(model, 2)
    if len(graphs) != 1:
        raise ValueError(f"it holds {len(graphs)} graphs")
    (graph,) = graphs
    buffers = file.tables(model, 4)
    # The code of an operation stands in a byte, or in a later field where a byte is too small.
    codes = [
        max(file.number(one, 0, "b"), file.number(one, 3, "i")) for one in file.tables(model, 1)
    ]
    return Graph(
        tuple(_tensor(file, one, buffers) for one in file.tables(graph, 0)),
        tuple(
            Operation(
                codes[file.number(one, 0, "I")],
                file.numbers(one, 1),
                file.numbers(one, 2),
                _options(file, one),
            )
            for one in file.tables(graph, 3)
        ),
        file.numbers(graph, 1),
        file.numbers(graph, 2),
    )


def _tensor(file: _Buffer, at: int, buffers: list[int]) -> Tensor:
    shape = file.numbers(at, 0)
    kind = file.number(at, 1, "b")
    held = file.bytes(buffers[file.number(at, 2, "I")], 0)
    values = None
    if held:
        if kind not in _TYPES:
            raise ValueError(f"weights of type {kind}")
        values = np.frombuffer(held, _TYPES[kind]).reshape(shape)
    return Tensor(file.bytes(at, 3).decode(), shape, values)


def _options(file: _Buffer, operation: int) -> dict[int, int]:
    """Padding and activation are bytes, strides and windows are numbers of four."""
    place = file.field(operation, 4)
    if not place:
        return {}
    table = file.follow(place)
    kind = file.number(operation, 3, "b")
    forms = {1: "biib", 2: "biiib", 5: "biiiib", 11: "b"}.get(kind, "")
    return {number: file.number(table, number, form) for number, form in enumerate(forms)}


class _Buffer:
    """Tables of a FlatBuffer: where they are, and what their fields hold."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def _at(self, form: str, place: int) -> int:
        if place < 0:
            raise ValueError("a number points before the file")
        found: int = struct.unpack_from(f"<{form}", self._data, place)[0]
        return found

    def follow(self, place: int) -> int:
        """Where a pointer points."""
        return place + self._at("I", place)

    def field(self, table: int, number: int) -> int:
        """Where a field of a table is; 0 when it has its usual value."""
        entries = table - self._at("i", table)
        if 4 + 2 * number >= self._at("H", entries):
            return 0
        away = self._at("H", entries + 4 + 2 * number)
        return table + away if away else 0

    def number(self, table: int, number: int, form: str) -> int:
        """A number; 0 when it is not said."""
        place = self.field(table, number)
        return self._at(form, place) if place else 0

    def _list(self, table: int, number: int) -> tuple[int, int]:
        place = self.field(table, number)
        if not place:
            return 0, 0
        start = self.follow(place)
        return start + 4, self._at("I", start)

    def tables(self, table: int, number: int) -> list[int]:
        """Where the tables of a list are."""
        start, count = self._list(table, number)
        if count > _MOST:
            raise ValueError(f"a list of {count}")
        return [self.follow(start + 4 * entry) for entry in range(count)]

    def numbers(self, table: int, number: int) -> tuple[int, ...]:
        """A list of numbers of four bytes."""
        start, count = self._list(table, number)
        if count > _MOST:
            raise ValueError(f"a list of {count}")
        return struct.unpack_from(f"<{count}i", self._data, start)

    def bytes(self, table: int, number: int) -> bytes:
        """A list of bytes, or a text. Raises ValueError when the file is too short for it."""
        start, count = self._list(table, number)
        if start + count > len(self._data):
            raise ValueError("it is cut off")
        return self._data[start : start + count]
