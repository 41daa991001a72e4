"""Tables that their authors publish as a pickle, read without running what a pickle could run.

A pickle names functions to call. Here only those can be named that a pandas table is made of; any
other ends the reading before it is looked up.
"""

from __future__ import annotations

import pickle
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from unmask.errors import DataError, MissingExtra

_NUMPY = ("numpy.core", "numpy._core")
_ALLOWED = frozenset(
    {
        ("builtins", "slice"), ("__builtin__", "slice"), ("_codecs", "encode"),
        ("numpy", "dtype"), ("numpy", "ndarray"),
        *((f"{place}.multiarray", name) for place in _NUMPY for name in ("_reconstruct", "scalar")),
        *((f"{place}.numeric", "_frombuffer") for place in _NUMPY),
        ("datetime", "datetime"), ("datetime", "date"),
        ("pandas", "DataFrame"), ("pandas", "Index"), ("pandas", "RangeIndex"),
        ("pandas.core.frame", "DataFrame"),
        ("pandas.core.internals.managers", "BlockManager"),
        ("pandas.core.internals.blocks", "new_block"),
        ("pandas._libs.internals", "_unpickle_block"),
        ("pandas.core.indexes.base", "_new_Index"), ("pandas.core.indexes.base", "Index"),
        ("pandas.core.indexes.range", "RangeIndex"),
        ("pandas.core.indexes.numeric", "Int64Index"),
        ("pandas._libs.tslibs.timestamps", "_unpickle_timestamp"),
        ("pandas._libs.tslibs.timestamps", "Timestamp"),
    }
)  # fmt: skip

_BROKEN = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, LookupError,
    ImportError, MemoryError, RecursionError, AssertionError,
)  # fmt: skip


def pickled_rows(path: Path, columns: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The ``columns`` of a pickled pandas table, a row at a time.

    Raises MissingExtra without pandas, and DataError for what is no such table, lacks a column or
    names anything else than the parts of a table.
    """
    try:
        from pandas import DataFrame
        from pandas.compat.pickle_compat import Unpickler
    except ImportError:
        raise MissingExtra(f"Reading {path.name}", "train") from None

    class Closed(Unpickler):  # type: ignore[misc]
        def find_class(self, module: str, name: str) -> Any:
            if (module, name) not in _ALLOWED:
                raise DataError(
                    f"{path.name} names {f'{module}.{name}'[:80]!r}, which no table is made of: it "
                    "is not read, because a pickle can run what it names."
                )
            return super().find_class(module, name)

    with path.open("rb") as file:
        table = _loaded(Closed, file, path.name)
    if not isinstance(table, DataFrame):
        raise DataError(f"{path.name} holds no table.")
    if gone := [name for name in columns if name not in table.columns]:
        raise DataError(f"{path.name} has no column {gone[0]!r}.")
    for values in zip(*(table[name].tolist() for name in columns), strict=True):
        yield dict(zip(columns, values, strict=True))


def _loaded(reader: Any, file: IO[bytes], name: str) -> Any:
    try:
        return reader(file).load()
    except DataError:
        raise
    except _BROKEN as error:
        said = f"{type(error).__name__}: {str(error)[:80]}"
        raise DataError(f"{name} cannot be read: {said}") from None
