"""A made network of TensorFlow Lite with each operation that the face mesh has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import flatbuffers
import numpy as np

from unmask.faces.mesh.convert import to_onnx
from unmask.faces.mesh.model import FACE_MESH, MeshFile

Shape = tuple[int, ...]


class Made:
    """Tensors and operations in their order; ``file`` writes the FlatBuffer."""

    def __init__(self) -> None:
        self.tensors: list[tuple[Shape, Any]] = []
        self.operations: list[
            tuple[int, list[int], list[int], int, dict[int, tuple[str, int]]]
        ] = []

    def tensor(self, shape: Shape, values: Any = None) -> int:
        self.tensors.append((shape, values))
        return len(self.tensors) - 1

    def add(
        self, code: int, inputs: list[int], shape: Shape, kind: int = 0,
        options: dict[int, tuple[str, int]] | None = None,
    ) -> int:  # fmt: skip
        output = self.tensor(shape)
        self.operations.append((code, inputs, [output], kind, options or {}))
        return output

    def file(self, inputs: list[int], outputs: list[int]) -> bytes:
        b = flatbuffers.Builder(1024)
        codes = sorted({code for code, *_ in self.operations})
        buffers = [_table(b, 1, {})]
        tensors = []
        for number, (shape, values) in enumerate(self.tensors):
            place = 0
            if values is not None:
                held = b.CreateByteVector(np.ascontiguousarray(values).tobytes())
                buffers.append(_table(b, 1, {0: ("o", held)}))
                place = len(buffers) - 1
            kind = 2 if values is not None and values.dtype == np.int32 else 0
            name = b.CreateString(f"t{number}")
            tensors.append(
                _table(b, 4, {0: ("o", _ints(b, shape)), 1: ("b", kind), 2: ("I", place),
                              3: ("o", name)})
            )  # fmt: skip
        rows = []
        for code, given, out, kind, options in self.operations:
            slots: dict[int, tuple[str, int]] = {
                0: ("I", codes.index(code)), 1: ("o", _ints(b, given)), 2: ("o", _ints(b, out)),
            }  # fmt: skip
            if kind:
                slots |= {3: ("b", kind), 4: ("o", _table(b, 6, options))}
            rows.append(_table(b, 5, slots))
        graph = _table(
            b, 4, {0: ("o", _offsets(b, tensors)), 1: ("o", _ints(b, inputs)),
                   2: ("o", _ints(b, outputs)), 3: ("o", _offsets(b, rows))},
        )  # fmt: skip
        operations = [_table(b, 4, {0: ("b", code), 3: ("i", code)}) for code in codes]
        model = _table(
            b, 5, {0: ("I", 3), 1: ("o", _offsets(b, operations)), 2: ("o", _offsets(b, [graph])),
                   4: ("o", _offsets(b, buffers))},
        )  # fmt: skip
        b.Finish(model, file_identifier=b"TFL3")
        return bytes(b.Output())


def _table(b: Any, size: int, slots: dict[int, tuple[str, int]]) -> int:
    b.StartObject(size)
    for number, (form, value) in slots.items():
        if form == "o":
            b.PrependUOffsetTRelativeSlot(number, value, 0)
        elif form == "b":
            b.PrependInt8Slot(number, value, 0)
        elif form == "i":
            b.PrependInt32Slot(number, value, 0)
        else:
            b.PrependUint32Slot(number, value, 0)
    return int(b.EndObject())


def _ints(b: Any, values: Sequence[int]) -> int:
    b.StartVector(4, len(values), 4)
    for value in reversed(values):
        b.PrependInt32(value)
    return int(b.EndVector())


def _offsets(b: Any, values: Sequence[int]) -> int:
    b.StartVector(4, len(values), 4)
    for value in reversed(values):
        b.PrependUOffsetTRelative(value)
    return int(b.EndVector())


def points_of(square: int = 192) -> tuple[MeshFile, bytes]:
    """A network that gives points on a grid whatever it sees, as a mesh has them."""
    made = Made()
    given = made.tensor((1, square, square, 3))
    grid = np.array(
        [(60 + 72 * (n % 22) / 21, 60 + 72 * (n // 22) / 21, n % 5) for n in range(468)]
    )
    nothing = np.zeros((1404, square, square, 3), np.float32)[:, :1, :1]
    small = made.add(
        17, [given], (1, 1, 1, 3), 5,
        {0: ("b", 1), 1: ("i", square), 2: ("i", square), 3: ("i", square), 4: ("i", square)},
    )  # fmt: skip
    bias = grid.astype(np.float32).ravel()
    spots = made.add(
        3, [small, made.tensor(nothing.shape, nothing), made.tensor((1404,), bias)],
        (1, 1, 1, 1404), 1, {0: ("b", 1), 1: ("i", 1), 2: ("i", 1)},
    )  # fmt: skip
    three = made.tensor((1,), np.full(1, 3, np.float32))
    sure = made.add(
        3, [small, made.tensor((1, 1, 1, 3), nothing[:1]), three],
        (1, 1, 1, 1), 1, {0: ("b", 1), 1: ("i", 1), 2: ("i", 1)},
    )  # fmt: skip
    data = made.file([given], [spots, sure])
    kept = to_onnx(data)
    return replace(
        FACE_MESH, member_sha256=hashlib.sha256(data).hexdigest(), largest=len(data),
        sha256=hashlib.sha256(kept).hexdigest(), bytes=len(kept),
    ), data  # fmt: skip
