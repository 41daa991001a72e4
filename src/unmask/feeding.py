"""A file decoded once, and handed to every analyzer that wants it, in file order.

A thread decodes a little ahead, so that decoding and models share the cores and memory does not
grow with length.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

from unmask.analyzers.base import Analyzer
from unmask.media import Limits, read_image, stream
from unmask.media.sampling import Sampler
from unmask.settings import Settings
from unmask.types import AudioBlock, Frame, Kind, MediaInfo

Progress = Callable[[float, float | None], None]
"""Called with the seconds of media done, and in all (``None``: not known)."""

SOUND_RATE = 16000
_AHEAD = 4
T = TypeVar("T")


def feed(
    path: Path,
    media: MediaInfo,
    running: list[Analyzer],
    settings: Settings,
    limits: Limits,
    on_note: Callable[[str], None],
    progress: Progress | None,
) -> None:
    """Feed the analyzers. Raises MediaError when the file cannot be decoded."""
    seeing = [analyzer for analyzer in running if analyzer.wants_frames]
    hearing = [analyzer for analyzer in running if analyzer.wants_sound]
    if media.kind is Kind.IMAGE:
        frame = Frame(0, 0.0, read_image(path, limits))
        for analyzer in seeing:
            analyzer.frame(frame)
        return
    has_picture = media.kind is Kind.VIDEO
    has_sound = media.audio_codec is not None
    # Every analyzer sees what it would see if none of the others needed more frames.
    rates = [one.rate or settings.fps for one in seeing]
    takes = [Sampler(rate, media.frame_rate) for rate in rates]
    parts: Iterator[Frame | AudioBlock] = stream(
        path,
        media,
        fps=rates or settings.fps,
        rate=SOUND_RATE,
        want_frames=bool(seeing) and has_picture,
        want_sound=bool(hearing) and has_sound,
        limits=limits,
        on_note=on_note,
    )
    for part in _ahead(parts):
        if isinstance(part, Frame):
            for analyzer, take in zip(seeing, takes, strict=True):
                if take.wants(part.time):
                    analyzer.frame(part)
            done = part.time
        else:
            for analyzer in hearing:
                analyzer.sound(part)
            done = part.start + len(part.samples) / part.rate
        if progress:
            progress(done, media.seconds)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """Run an iterator in a thread that stays at most ``_AHEAD`` items in front."""
    box: queue.Queue[tuple[str, Any]] = queue.Queue(maxsize=_AHEAD)
    stop = threading.Event()

    def put(kind: str, value: Any) -> bool:
        while not stop.is_set():
            try:
                box.put((kind, value), timeout=0.1)
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
