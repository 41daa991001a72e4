"""What an index holds of one known picture, video or recording."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.index.hashes import Words
from unmask.types import Kind, Tensor

MARK = np.dtype([("bits", "<u8"), ("x", "<f2"), ("y", "<f2"), ("scale", "<f2")])
"""A mark: its 64 bits, its place and its scale in pixels of the kept picture."""
_LARGEST_HEAD = 1 << 20


@dataclass(frozen=True, slots=True)
class Item:
    """One known file: ``name`` as the user sees it, where it lay, and when it was added."""

    name: str
    path: str
    sha256: str
    kind: Kind
    added: str
    bytes: int
    width: int | None = None
    height: int | None = None
    seconds: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON types."""
        return asdict(self) | {"kind": self.kind.value}


@dataclass(frozen=True, slots=True)
class Keys:
    """What an item is found by.

    A still picture is a film of one frame at second 0: ``times`` (N), ``hashes`` (N × 4 words).
    ``marks``: those of a still picture. ``codes``: sub-fingerprints of the sound, one a step.
    """

    times: Tensor = field(default_factory=lambda: np.zeros(0, np.float32))
    hashes: Words = field(default_factory=lambda: np.zeros((0, 4), np.uint64))
    marks: NDArray[Any] = field(default_factory=lambda: np.zeros(0, MARK))
    codes: NDArray[np.uint32] = field(default_factory=lambda: np.zeros(0, np.uint32))


def packed(about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """A head in JSON and arrays behind it, as bytes."""
    plan = [[name, _kind(array), list(array.shape)] for name, array in arrays.items()]
    head = json.dumps({"about": dict(about), "arrays": plan}).encode()
    body = [np.ascontiguousarray(array).tobytes() for array in arrays.values()]
    return b"".join((len(head).to_bytes(4, "little"), head, *body))


def unpacked(data: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """What ``packed`` was given. Raises ValueError when the bytes are not of its making."""
    size = int.from_bytes(data[:4], "little")
    if size > min(_LARGEST_HEAD, len(data) - 4):
        raise ValueError("the head is longer than the record")
    head = json.loads(data[4 : 4 + size])
    arrays: dict[str, NDArray[Any]] = {}
    at = 4 + size
    for name, kind, shape in head["arrays"]:
        dtype = MARK if kind == "mark" else np.dtype(kind)
        if dtype.hasobject:
            raise ValueError("an array of objects")
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(data, dtype, count, at).reshape(shape)
        at += count * dtype.itemsize
    return head["about"], arrays


def _kind(array: NDArray[Any]) -> str:
    return "mark" if array.dtype == MARK else array.dtype.str


def to_bytes(item: Item, keys: Keys) -> bytes:
    """The record of an item without its pictures."""
    arrays: dict[str, NDArray[Any]] = {
        "times": keys.times,
        "hashes": keys.hashes,
        "marks": keys.marks,
        "codes": keys.codes,
    }
    return packed(item.to_dict(), {name: array for name, array in arrays.items() if array.size})


def from_bytes(data: bytes) -> tuple[Item, Keys]:
    """An item and its keys. Raises ValueError or LookupError for a record that makes no sense."""
    about, arrays = unpacked(data)
    item = Item(**{**about, "kind": Kind(about["kind"])})
    return item, Keys(**arrays)


def pictures_to_bytes(pictures: Mapping[int, bytes]) -> bytes:
    """Kept pictures (JPEG) by the number of their frame."""
    numbers = np.array(list(pictures), np.uint32)
    sizes = np.array([len(data) for data in pictures.values()], np.uint32)
    joined = np.frombuffer(b"".join(pictures.values()), np.uint8)
    return packed({}, {"numbers": numbers, "sizes": sizes, "joined": joined})


def pictures_from_bytes(data: bytes) -> dict[int, bytes]:
    """Kept pictures by the number of their frame. Raises ValueError or LookupError."""
    _, arrays = unpacked(data)
    ends = np.cumsum(arrays["sizes"])
    starts = ends - arrays["sizes"]
    joined = arrays["joined"].tobytes()
    return {
        int(number): joined[start:end]
        for number, start, end in zip(arrays["numbers"], starts, ends, strict=True)
    }
