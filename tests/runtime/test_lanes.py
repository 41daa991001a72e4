"""Several consumers of one stream of items, each in order, none of them lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

import pytest

from unmask.runtime.lanes import AHEAD, ahead, lanes


@pytest.mark.parametrize("apart", [True, False])
def test_every_consumer_gets_all_items_in_order(apart: bool) -> None:
    slow: list[int] = []
    quick: list[int] = []

    def slowly(item: int) -> None:
        time.sleep(0.001)
        slow.append(item)

    with lanes([slowly, quick.append], apart) as ways:
        for item in range(50):
            for way in ways:
                way(item)
    assert slow == quick == list(range(50))


def test_consumers_work_side_by_side() -> None:
    meeting = threading.Barrier(2, timeout=10)

    def meet(_: int) -> None:
        meeting.wait()

    with lanes([meet, meet], apart=True) as ways:
        for way in ways:
            way(1)


def test_little_waits_for_a_slow_consumer() -> None:
    gate = threading.Event()
    handed: list[int] = []

    def wait(_: int) -> None:
        assert gate.wait(10)

    def hand(way: Callable[[int], None]) -> None:
        for item in range(100):
            way(item)
            handed.append(item)

    with lanes([wait], apart=True) as ways:
        giving = threading.Thread(target=hand, args=(ways[0],))
        giving.start()
        time.sleep(0.3)
        assert len(handed) <= AHEAD + 1
        gate.set()
        giving.join()
    assert len(handed) == 100


@pytest.mark.parametrize("apart", [True, False])
def test_an_error_of_a_consumer_reaches_who_gives(apart: bool) -> None:
    taken: list[int] = []

    def fail(item: int) -> None:
        if item == 3:
            raise ValueError("the third")

    def give() -> None:
        with lanes([fail, taken.append], apart) as ways:
            for item in range(1000):
                for way in ways:
                    way(item)

    with pytest.raises(ValueError, match="the third"):
        give()
    assert len(taken) < 1000
    assert _none_left()


def test_an_error_of_the_last_item_is_not_lost() -> None:
    def fail(_: int) -> None:
        raise ValueError("at the end")

    with pytest.raises(ValueError, match="at the end"), lanes([fail], apart=True) as ways:
        ways[0](1)
    assert _none_left()


def test_who_gives_may_fail_and_no_thread_stays() -> None:
    def give() -> None:
        with lanes([lambda _: time.sleep(0.01)], apart=True) as ways:
            for item in range(10):
                ways[0](item)
            raise KeyError

    with pytest.raises(KeyError):
        give()
    assert _none_left()


def test_getting_ahead_ends_when_the_consumer_ends() -> None:
    closed = threading.Event()

    def numbers() -> Iterator[int]:
        try:
            yield from range(1000)
        finally:
            closed.set()

    running = ahead(numbers())
    assert [next(running), next(running)] == [0, 1]
    running.close()  # type: ignore[attr-defined]
    assert closed.wait(5)
    assert _none_left()


def _none_left() -> bool:
    return not any(thread.name.startswith("unmask-") for thread in threading.enumerate())
