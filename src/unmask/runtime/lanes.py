"""Threads between what decodes and what judges.

``ahead`` lets an iterator run a little in front of its consumer; ``lanes`` lets several consumers
take the same items side by side, each in order and in a thread of its own. Little waits in
between, so memory does not grow with the number of items.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Generic, TypeVar

AHEAD = 4
"""Items that wait at most in front of each thread."""
_LOOK = 0.1
"""Seconds after which a thread that waits for room looks whether all was stopped."""
T = TypeVar("T")


class Lane(Generic[T]):
    """A thread that gives items to ``take`` in their order.

    An error of ``take`` ends the lane and is raised by the next ``put`` or by ``finish``.
    """

    def __init__(self, take: Callable[[T], None]) -> None:
        self._take = take
        self._waiting: queue.Queue[tuple[T] | None] = queue.Queue(maxsize=AHEAD)
        self._stopped = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="unmask-lane", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stopped.is_set():
            held = self._waiting.get()
            if held is None:
                return
            try:
                self._take(held[0])
            except BaseException as error:  # handed over to the thread that puts
                self._error = error
                self._stopped.set()

    def put(self, item: T) -> None:
        """Hand over an item; waits for room."""
        self._push((item,))

    def _push(self, held: tuple[T] | None) -> None:
        while not self._stopped.is_set():
            try:
                self._waiting.put(held, timeout=_LOOK)
                break
            except queue.Full:
                continue
        if self._error is not None:
            raise self._error

    def finish(self) -> None:
        """Wait until every item is taken."""
        self._push(None)
        self._thread.join()
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """End without taking what still waits."""
        self._stopped.set()
        with suppress(queue.Full):  # when it is full, the thread is awake and sees the flag
            self._waiting.put_nowait(None)
        self._thread.join()


@contextmanager
def lanes(takes: Sequence[Callable[[T], None]], apart: bool) -> Iterator[list[Callable[[T], None]]]:
    """One way in for each of ``takes``; leaving the block waits until all items are taken.

    ``apart``: each has a thread of its own; else items are taken at once, by who hands them over.
    """
    if not apart:
        yield list(takes)
        return
    running = [Lane(take) for take in takes]
    try:
        yield [lane.put for lane in running]
        for lane in running:
            lane.finish()
    finally:
        for lane in running:
            lane.stop()


def ahead(items: Iterator[T]) -> Iterator[T]:
    """Run an iterator in a thread that stays at most ``AHEAD`` items in front."""
    box: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=AHEAD)
    stop = threading.Event()

    def put(kind: str, value: Any) -> bool:
        while not stop.is_set():
            try:
                box.put((kind, value), timeout=_LOOK)
                return True
            except queue.Full:
                continue
        return False

    def run() -> None:
        try:
            for item in items:
                if not put("item", item):
                    break
            put("end", None)
        except BaseException as error:  # handed over to the consumer's thread
            put("error", error)
        finally:
            close = getattr(items, "close", None)
            if close:
                close()

    thread = threading.Thread(target=run, name="unmask-decode", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = box.get()
            if kind == "end":
                return
            if kind == "error":
                raise value
            yield value
    finally:
        stop.set()
        thread.join()
