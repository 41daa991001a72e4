"""Features are computed once for a file, an encoder and a preparation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unmask.digests import sha256_of
from unmask.errors import DataError
from unmask.train.feature_cache import FeatureCache

ROWS = np.arange(6, dtype=np.float16).reshape(2, 3)


def test_what_was_kept_comes_back_in_another_run(tmp_path: Path) -> None:
    FeatureCache(tmp_path / "a.sqlite", "e" * 64).put("f" * 64, "native", ROWS)
    again = FeatureCache(tmp_path / "a.sqlite", "e" * 64)
    assert np.array_equal(again.get("f" * 64, "native"), ROWS)


def test_another_file_encoder_or_preparation_is_not_known(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "a.sqlite", "e" * 64)
    cache.put("f" * 64, "native", ROWS)
    assert cache.get("0" * 64, "native") is None
    assert cache.get("f" * 64, "scaled") is None
    assert FeatureCache(tmp_path / "a.sqlite", "d" * 64).get("f" * 64, "native") is None


def test_a_file_with_nothing_to_see_is_remembered_too(tmp_path: Path) -> None:
    cache = FeatureCache(tmp_path / "a.sqlite", "e" * 64)
    cache.put("f" * 64, "native", ROWS[:0])
    found = cache.get("f" * 64, "native")
    assert found is not None
    assert found.size == 0


def test_a_changed_file_has_another_name(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"one")
    before = sha256_of(file)
    file.write_bytes(b"two")
    assert sha256_of(file) != before


def test_a_file_that_is_no_cache_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"no cache" * 200)
    with pytest.raises(DataError, match="no feature cache"):
        FeatureCache(tmp_path / "a.sqlite", "e" * 64)
