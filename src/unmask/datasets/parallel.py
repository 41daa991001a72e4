"""One function over many files, in worker processes that may crash or hang without harm."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TimeIsUp
from typing import TypeVar

from unmask.errors import UnmaskError

Given = TypeVar("Given")
Made = TypeVar("Made")
TIME_LIMIT = 600.0
"""Seconds that one file may take."""


def ahead(items: Iterator[Given]) -> Iterator[Given]:
    """The same items, each got in a thread while the one before is worked on."""
    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = pool.submit(next, items, None)
            yield item


def spread(
    work: Callable[[Given], Made], inputs: Sequence[Given], processes: int = 1
) -> Iterator[tuple[Given, Made | str]]:
    """Each input with what ``work`` made of it, or with one line that says why it could not.

    Results come in the order of the inputs. With one process the work is done here. ``work`` must
    be a function of a module, or a ``partial`` of one.
    """
    if processes < 2 or len(inputs) < 2:
        for given in inputs:
            try:
                yield given, work(given)
            except UnmaskError as error:
                yield given, str(error)
        return
    yield from zip(inputs, _pooled(work, inputs, processes), strict=True)


def _pooled(
    work: Callable[[Given], Made], inputs: Iterable[Given], processes: int
) -> Iterator[Made | str]:
    from pebble import ProcessExpired, ProcessPool

    context = multiprocessing.get_context("spawn")
    with ProcessPool(processes, context=context, initializer=_alone) as pool:
        results = pool.map(work, inputs, timeout=TIME_LIMIT).result()
        while True:
            try:
                yield next(results)
            except StopIteration:
                return
            except UnmaskError as error:
                yield str(error)
            except TimeIsUp:
                yield f"took longer than {TIME_LIMIT:.0f} s"
            except ProcessExpired as error:
                yield f"ended its process (exit code {error.exitcode})"


def _alone() -> None:
    """A worker uses one thread: there are as many workers as cores."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
