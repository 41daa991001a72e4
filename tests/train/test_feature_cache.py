"""Features are computed once for a file, an encoder and a preparation."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from unmask.errors import DataError
from unmask.train import feature_cache
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


class Encoder:
    """A stand-in for a frozen encoder that counts the files it opens."""

    def __init__(self, name: str = "e", turn: float = 1.0) -> None:
        self.sha256, self.turn, self.opened = name * 64, turn, 0

    def __call__(self, path: Path) -> NDArray[np.float16]:
        self.opened += 1
        values = np.frombuffer(path.read_bytes(), np.uint8).astype(np.float32) / 255
        return np.stack([values, self.turn * values**2]).mean(1)[None].astype(np.float16)


def fitted(files: list[Path], base: Path, encoder: Encoder) -> NDArray[np.float64]:
    """A linear head over the features of files, real and forged in turn."""
    cache = FeatureCache(base, encoder.sha256)
    rows = np.concatenate([cache.of(f, "whole", partial(encoder, f)) for f in files])
    table = np.c_[rows.astype(np.float64), np.ones(len(rows))]
    return np.linalg.lstsq(table, np.arange(len(rows)) % 2.0)[0]


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    rng = np.random.default_rng(0)
    made = [tmp_path / f"{number:03d}" for number in range(60)]
    for number, file in enumerate(made):
        file.write_bytes(rng.integers(0, 128 + 100 * (number % 2), 50, np.uint8).tobytes())
    return made


def test_the_second_head_opens_no_file(
    files: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, encoder = tmp_path / "a.sqlite", Encoder()
    first = fitted(files, base, encoder)
    assert encoder.opened == len(files)
    monkeypatch.setattr(feature_cache, "sha256_of", lambda path: pytest.fail(f"{path} is read"))
    again = fitted(files, base, encoder)
    assert encoder.opened == len(files)
    np.testing.assert_array_equal(again, first)


def test_a_changed_file_is_seen_again_and_no_other(files: list[Path], tmp_path: Path) -> None:
    base, encoder = tmp_path / "a.sqlite", Encoder()
    first = fitted(files, base, encoder)
    changed = bytes(reversed(range(200, 250)))
    files[3].write_bytes(changed)  # as many bytes as before
    os.utime(files[3], ns=(1, 1))
    files[4].touch()  # another time, the same bytes
    moved = files[5].rename(tmp_path / "moved")
    second = fitted([*files[:5], moved, *files[6:]], base, encoder)
    assert encoder.opened == len(files) + 1
    assert not np.array_equal(first, second)


def test_another_encoder_sees_every_file(files: list[Path], tmp_path: Path) -> None:
    base = tmp_path / "a.sqlite"
    fitted(files, base, Encoder("e"))
    other = Encoder("d", turn=2.0)
    fitted(files, base, other)
    assert other.opened == len(files)


def test_a_file_that_is_no_cache_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "a.sqlite").write_bytes(b"no cache" * 200)
    with pytest.raises(DataError, match="no feature cache"):
        FeatureCache(tmp_path / "a.sqlite", "e" * 64)
