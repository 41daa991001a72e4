"""Scenes made by other processes, some batches ahead of the one that listens to them."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from types import TracebackType

from unmask.detectors.audio.unmask_voice.items import Item
from unmask.detectors.audio.unmask_voice.scenes import Scene, Stage
from unmask.types import Samples

_AHEAD = 4
_stage: Stage | None = None


def _begin(items: Sequence[Item], speech: dict[str, list[Samples]], seed: int) -> None:
    global _stage
    _stage = Stage(items, speech, seed)


def _made(rows: range) -> list[Scene]:
    assert _stage is not None
    return [_stage.scene(row) for row in rows]


class Makers:
    """Makes the scenes of consecutive batches; which they are depends on the seed alone.

    A context: the processes end with it.
    """

    def __init__(self, items: Sequence[Item], speech: dict[str, list[Samples]], seed: int) -> None:
        count = max(1, (os.cpu_count() or 2) - 1)
        self._pool = ProcessPoolExecutor(
            count, initializer=_begin, initargs=(list(items), speech, seed)
        )
        self._waiting: deque[tuple[range, Future[list[Scene]]]] = deque()

    def __enter__(self) -> Makers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def scenes(self, rows: range, count: int) -> list[Scene]:
        """Those of ``rows``; further batches of the same size, up to ``count``, are begun."""
        at = self._waiting[-1][0].stop if self._waiting else rows.start
        while len(self._waiting) <= _AHEAD and at < count:
            further = range(at, min(at + len(rows), count))
            self._waiting.append((further, self._pool.submit(_made, further)))
            at = further.stop
        first, made = self._waiting.popleft()
        assert first == rows
        return made.result()
