"""Windows cover every sample whatever the blocks, and their frames are laid where they belong."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask.types import Samples
from unmask.voices.windows import Merge, Windows


def cut(samples: Samples, size: int, hop: int, blocks: list[int]) -> list[tuple[int, Samples]]:
    windows = Windows(size, hop)
    found = []
    at = 0
    for block in blocks:
        found += [(start, wave.copy()) for start, wave in windows.feed(samples[at : at + block])]
        at += block
    assert at >= samples.size
    return [*found, *windows.finish()]


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 700),
    block=st.integers(1, 300),
    hop=st.integers(1, 100),
)
def test_every_sample_is_in_a_window_and_blocks_do_not_matter(
    length: int, block: int, hop: int
) -> None:
    size = 100
    samples = np.arange(length, dtype=np.float32)
    blocks = [block] * -(-length // block)
    found = cut(samples, size, hop, blocks)
    assert all(wave.size == size for _, wave in found)
    if length >= size:
        covered = np.zeros(length, bool)
        for start, wave in found:
            assert np.array_equal(wave, samples[start : start + size])
            covered[start : start + size] = True
        assert covered.all()
    whole = cut(samples, size, hop, [length])
    assert [start for start, _ in whole] == [start for start, _ in found]


def test_a_short_recording_is_repeated_to_fill_a_window() -> None:
    ((start, wave),) = cut(np.arange(30, dtype=np.float32), 100, 50, [30])
    assert start == 0
    assert np.array_equal(wave[30:60], wave[:30])


def test_nothing_gives_no_window() -> None:
    assert list(Windows(100, 50).finish()) == []


def test_what_is_kept_does_not_grow() -> None:
    windows = Windows(1000, 480)
    for _ in range(500):
        list(windows.feed(np.ones(333, np.float32)))
        assert windows._kept.size <= 2 * 1000 + 333


def test_equal_values_merge_to_themselves_and_gaps_are_marked() -> None:
    merge = Merge(frames=10, step=100)
    merge.add(0, np.full(10, 2.0, np.float32))
    merge.add(500, np.full(10, 2.0, np.float32))
    merge.add(3000, np.full(10, -1.0, np.float32))
    values = merge.values(45)
    assert values[:15] == pytest.approx(2.0)
    assert np.isnan(values[15:30]).all()
    assert values[30:40] == pytest.approx(-1.0)
    assert np.isnan(values[40:]).all()


def test_the_middle_of_a_window_counts_more_than_its_edge() -> None:
    merge = Merge(frames=10, step=100)
    merge.add(0, np.zeros(10, np.float32))
    merge.add(500, np.ones(10, np.float32))
    values = merge.values(15)
    assert values[5] < 0.3
    assert values[9] > 0.7
