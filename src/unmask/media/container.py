"""Opening a recording with FFmpeg, so that it reads this file and nothing else, and is silent."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import av
import av.logging
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition
from av.video.stream import VideoStream

from unmask.media import sniff
from unmask.media._source import Source, decoding
from unmask.media.limits import Clock, Limits

_DECODER_THREADS = 2
_READ_AHEAD = 1 << 16

av.logging.set_level(None)  # FFmpeg prints nothing; what matters becomes a note or an error


@contextmanager
def opened(
    path: Path, file: io.FileIO, container: sniff.Container, clock: Clock, limits: Limits
) -> Iterator[InputContainer]:
    """Open a recording with the demuxer of its container and no other; nothing else is opened.

    Raises UnreadableMedia if its headers are damaged, MediaTooLarge if they announce too much.
    """
    options = {"max_pixels": str(2 * limits.frame_pixels), "max_streams": str(limits.streams)}
    file.seek(0)
    with decoding(path, "the recording"):
        try:
            media = av.open(
                Source(file, clock),
                "r",
                format=container.demuxer,
                options=options,
                metadata_errors="replace",
                buffer_size=_READ_AHEAD,
                timeout=limits.grace_seconds,
                io_open=_open_nothing,
            )
        finally:
            clock.check()
    try:
        yield media
    finally:
        media.close()


def _open_nothing(*_: Any) -> None:
    raise PermissionError("a recording may not refer to other files")


def picture_stream(media: InputContainer) -> VideoStream | None:
    """The video stream to judge: decodable, no cover art, rather moving, rather the default."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    streams = [s for s in media.streams.video if _decodable(s) and not s.disposition & covers]
    return max(streams, key=lambda s: (s.frames != 1, _is_default(s)), default=None)


def sound_stream(media: InputContainer) -> AudioStream | None:
    """The sound stream to judge: decodable, rather the default one."""
    streams = [s for s in media.streams.audio if _decodable(s)]
    return max(streams, key=_is_default, default=None)


def _decodable(stream: Any) -> bool:
    return stream.codec_context is not None


def _is_default(stream: Any) -> bool:
    return bool(stream.disposition & Disposition.default)


def origin_of(media: InputContainer) -> float:
    """The second that the file's timestamps start with."""
    return (media.start_time or 0) / 1_000_000


def prepare(stream: VideoStream | AudioStream, limits: Limits) -> None:
    """Set a decoder's threads and largest picture before it is opened."""
    context = stream.codec_context
    context.thread_count = _DECODER_THREADS
    context.thread_type = "AUTO"
    if isinstance(stream, VideoStream):
        context.options = {"max_pixels": str(2 * limits.frame_pixels)}
