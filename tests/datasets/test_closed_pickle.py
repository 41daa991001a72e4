"""A pickled table is read; a pickle that names anything else is refused before it is run."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from tiny import finefake

from unmask.datasets.adapter import adapter
from unmask.datasets.closed_pickle import pickled_rows
from unmask.errors import DataError


class Hostile:
    def __init__(self, target: Path) -> None:
        self.target = target

    def __reduce__(self) -> Any:
        return Path.touch, (self.target,)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_a_table_is_read_in_every_form(protocol: int, tmp_path: Path) -> None:
    finefake.table().to_pickle(tmp_path / "t.pkl", protocol=protocol)
    rows = list(pickled_rows(tmp_path / "t.pkl", ("text", "label")))
    assert rows[3] == {"text": "News number 3", "label": 0}


def test_what_a_pickle_would_run_is_not_run(tmp_path: Path) -> None:
    target, path = tmp_path / "ran", tmp_path / "t.pkl"
    for bad in (Hostile(target), pd.DataFrame({"text": [Hostile(target)], "label": [0]})):
        path.write_bytes(pickle.dumps(bad))
        with pytest.raises(DataError, match=r"names 'pathlib\..*no table is made of"):
            list(pickled_rows(path, ("text",)))
    for name in ("eval", "getattr", "__import__"):
        path.write_bytes(b"cbuiltins\n" + name.encode() + b"\n(S'1'\ntR.")
        with pytest.raises(DataError, match=f"builtins.{name}"):
            list(pickled_rows(path, ("text",)))
    assert not target.exists()


@pytest.mark.parametrize(
    "content", [b"", b"no pickle", b"\x80\x04", pickle.dumps([1, 2]), b"2" * 9]
)
def test_what_is_no_table_is_one_line(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "t.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError) as error:
        list(pickled_rows(path, ("text",)))
    assert "\n" not in str(error.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    finefake.table().to_pickle(tmp_path / "t.pkl")
    with pytest.raises(DataError, match="no column 'colour'"):
        list(pickled_rows(tmp_path / "t.pkl", ("text", "colour")))


def test_an_exported_table_stands_in_for_a_refused_pickle(tmp_path: Path) -> None:
    finefake.make(tmp_path)
    (tmp_path / "FineFake.pkl").write_bytes(pickle.dumps(Hostile(tmp_path / "ran")))
    with pytest.raises(DataError, match=r"no table is made of.*FineFake\.csv"):
        adapter("finefake").build(tmp_path)
    finefake.table().dropna(subset="image_path").to_csv(tmp_path / "FineFake.csv", index=False)
    made = adapter("finefake").build(tmp_path)
    assert (len(made), sum(item.label for item in made)) == (21, 15)
    repeated = [item for item in made if item.text == "News number 8"]
    assert len({item.group for item in repeated}) == len({item.split for item in repeated}) == 1
    assert len(repeated) == 3
