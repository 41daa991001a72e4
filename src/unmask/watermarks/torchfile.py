"""Reading the arrays of a file that PyTorch saved, without PyTorch and without running its code."""

from __future__ import annotations

import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unmask.errors import ModelError

Array = NDArray[np.float32]
LARGEST = 1 << 28
"""Bytes of one array; a larger one is refused."""


def read_arrays(path: Path) -> dict[str, Array]:
    """The arrays of 32-bit floats in a saved state, by name: dictionaries are joined by dots.

    Only the pieces that make up an array are let through; anything else that a pickle could name
    is refused. Raises ModelError.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            (index,) = [name for name in archive.namelist() if name.endswith("/data.pkl")]
            folder = index.removesuffix("data.pkl")
            with archive.open(index) as file:
                state = _Pickle(file, archive, folder).load()
    except (OSError, ValueError, KeyError, EOFError, TypeError, pickle.UnpicklingError) as error:
        raise ModelError(f"{path} is no file of saved arrays: {error}") from error
    except zipfile.BadZipFile as error:
        raise ModelError(f"{path} is no file of saved arrays: {error}") from error
    return dict(_flat("", state))


class _Pickle(pickle.Unpickler):
    """An unpickler that knows arrays of 32-bit floats and nothing else."""

    def __init__(self, file: Any, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(file)
        self._archive = archive
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        known = {
            ("collections", "OrderedDict"): OrderedDict,
            ("torch", "FloatStorage"): "float32",
            ("torch._utils", "_rebuild_tensor_v2"): _rebuilt,
        }
        if (module, name) not in known:
            raise pickle.UnpicklingError(f"it names {module}.{name}")
        return known[module, name]

    def persistent_load(self, pid: Any) -> Array:
        what, kind, key, _, count = pid
        if what != "storage" or kind != "float32" or not str(key).isdigit():
            raise pickle.UnpicklingError("it holds something else than 32-bit floats")
        name = f"{self._folder}data/{key}"
        if self._archive.getinfo(name).file_size > LARGEST:
            raise pickle.UnpicklingError("an array is too large")
        values = np.frombuffer(self._archive.read(name), "<f4")
        if len(values) != count:
            raise pickle.UnpicklingError("an array is cut short")
        return values


def _rebuilt(storage: Array, offset: int, shape: tuple[int, ...], *_: Any) -> Array:
    size = int(np.prod(shape, dtype=np.int64))
    return storage[offset : offset + size].reshape(shape)


def _flat(prefix: str, value: Any) -> list[tuple[str, Array]]:
    if isinstance(value, dict):
        parts = [_flat(f"{prefix}.{key}" if prefix else str(key), v) for key, v in value.items()]
        return [row for part in parts for row in part]
    return [(prefix, value)] if isinstance(value, np.ndarray) else []
