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
from unmask.media.containers import id3
from unmask.media.limits import Clock, Limits

_DECODER_THREADS = 2
_READ_AHEAD = 1 << 16
_FIRST_FRAME = 2048
_ANNOUNCING = (
    *(sniff.MP4, sniff.AVIS, sniff.HEIS, sniff.MATROSKA, sniff.AVI, sniff.FLV, sniff.ASF),
    *(sniff.WAV, sniff.W64, sniff.AIFF, sniff.CAF, sniff.FLAC, sniff.AU),
)
"""Containers whose headers tell how long their streams are."""

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


def further_tracks(media: InputContainer) -> tuple[str, ...]:
    """The sound and picture streams that are not judged, in words: "sound track 2 (aac, fra)"."""
    covers = Disposition.attached_pic | Disposition.timed_thumbnails
    films = [stream for stream in media.streams.video if not stream.disposition & covers]
    chosen = (picture_stream(media), sound_stream(media))
    return tuple(
        f"{word} {number} ({_described(stream)})"
        for word, streams in (("picture track", films), ("sound track", media.streams.audio))
        for number, stream in enumerate(streams, start=1)
        if all(stream is not one for one in chosen)
    )


def _described(stream: Any) -> str:
    context = stream.codec_context
    language = str(stream.metadata.get("language", ""))
    name = context.name if context is not None else "of an unknown codec"
    return name if not language or language == "und" else f"{name}, {language[:20]}"


def announced_end(
    media: InputContainer,
    file: io.FileIO,
    container: sniff.Container,
    picture: bool,
    sound: bool,
) -> float | None:
    """The second at which the chosen streams should end; None where no header says it.

    Only what the streams themselves announce counts: a container's length is an estimate in
    formats without one, and may be that of a subtitle.
    """
    if container not in _ANNOUNCING and not (container is sniff.MP3 and _counts_frames(file)):
        return None
    chosen = [
        stream
        for stream in (
            picture_stream(media) if picture else None,
            sound_stream(media) if sound else None,
        )
        if stream is not None
    ]
    ends = [end for stream in chosen if (end := _end(stream)) is not None]
    return max(ends) - origin_of(media) if ends and len(ends) == len(chosen) else None


def _counts_frames(file: io.FileIO) -> bool:
    """Whether an MP3 begins with a frame that says how many there are. The file stays in place."""
    here = file.tell()
    file.seek(0)
    start = file.read(id3.HEAD) or b""
    file.seek(id3.HEAD + id3.syncsafe(start[6 : id3.HEAD]) if start[:3] == b"ID3" else 0)
    head = file.read(_FIRST_FRAME) or b""
    file.seek(here)
    return any(mark in head for mark in (b"Xing", b"Info", b"VBRI"))


def _end(stream: Any) -> float | None:
    if stream.duration and stream.time_base:
        start = stream.start_time or 0
        return float((start + stream.duration) * stream.time_base)
    parts = str(stream.metadata.get("DURATION", "")).split(":")  # how Matroska says it
    try:
        hours, minutes, seconds = (float(part) for part in parts)
    except ValueError:
        return None
    return 3600 * hours + 60 * minutes + seconds


def prepare(stream: VideoStream | AudioStream, limits: Limits) -> None:
    """Set a decoder's threads and largest picture before it is opened."""
    context = stream.codec_context
    context.thread_count = _DECODER_THREADS
    context.thread_type = "AUTO"
    if isinstance(stream, VideoStream):
        context.options = {"max_pixels": str(2 * limits.frame_pixels)}
