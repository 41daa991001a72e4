"""What a file is: one ``MediaInfo``, from its bytes, before anything is judged."""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.video.stream import VideoStream

from unmask.errors import MediaError, UnreadableMedia, UnsupportedMedia
from unmask.media import image as still
from unmask.media import jpeg_end, profile, sniff
from unmask.media._pillow import RULES
from unmask.media._source import decoding, open_regular, plain, reason, shown
from unmask.media.chunks import Motion, motion_of, transfer_of
from unmask.media.container import (
    further_tracks,
    opened,
    picture_stream,
    prepare,
    sound_stream,
)
from unmask.media.limits import Clock, Limits
from unmask.media.tone import is_hdr
from unmask.media.video import frame_notes, frame_rate, upright_size
from unmask.types import Kind, MediaInfo

_CHUNK = 1 << 20
_TRIED_PACKETS = 400
_WEIGHED_PACKETS = 200
"""Packets of sound that are weighed for its bit rate, where no header says it."""
_ANIMATED = "animated picture: treated as a video"


def probe(path: Path, limits: Limits | None = None) -> MediaInfo:
    """Say what a file holds: kind, size, length, codecs, checksum, and what is special about it.

    A moving picture (GIF, WebP, APNG, AVIF with more than one frame) is a video; a recording
    whose only picture is cover art is audio. The first frame and the first sound are decoded, so
    that a file in which nothing can be decoded is found here.

    Raises UnreadableMedia (missing, empty, a folder, a pipe, damaged), UnsupportedMedia (not a
    photo, video or recording) or MediaTooLarge (headers announce more than the limits allow).
    """
    limits = limits or Limits()
    with open_regular(path) as file:
        container = sniff.sniff(file, path)
        size = file.seek(0, 2)
        limits.check_bytes(shown(path), size, image=container.is_picture)
        info = MediaInfo(
            plain(path), Kind.IMAGE, container.title, size, "", opened_as=os.fspath(path)
        )
        if container.is_picture:
            info = _picture(info, path, file, container, limits)
        else:
            info = _recording(info, path, file, container, limits)
        notes = (*_renamed(path, container), *info.notes)
        return replace(info, notes=notes, sha256=_sha256(path, file))


def _sha256(path: Path, file: io.FileIO) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    with decoding(path, "the file"):
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _renamed(path: Path, container: sniff.Container) -> tuple[str, ...]:
    suffix = path.suffix[1:].lower()
    if not suffix or suffix in container.suffixes or suffix not in sniff.known_suffixes():
        return ()
    return (f"renamed: the name ends in .{suffix}, the content is {container.title}",)


def _picture(
    info: MediaInfo, path: Path, file: io.FileIO, container: sniff.Container, limits: Limits
) -> MediaInfo:
    motion = motion_of(file, container)
    transfer = transfer_of(file, container)
    with still.opened(path, file, container, limits) as image:
        width, height = image.size
        if still.orientation(image) in (5, 6, 7, 8):
            width, height = height, width
        notes = tuple(_picture_notes(image, transfer))
    if container is sniff.JPEG and jpeg_end.lacks_end(file):
        notes = (*notes, jpeg_end.NOTE)
    info = replace(info, width=width, height=height, notes=notes)
    return info if motion.frames == 1 else _moving(info, container, motion)


def _moving(info: MediaInfo, container: sniff.Container, motion: Motion) -> MediaInfo:
    return replace(
        info,
        kind=Kind.VIDEO,
        seconds=motion.seconds,
        frame_rate=round(motion.frames / motion.seconds, 6),
        frames=motion.frames,
        video_codec=container.title.lower(),
        notes=(*info.notes, _ANIMATED),
    )


def _picture_notes(image: Any, transfer: int) -> list[str]:
    notes = []
    if still.orientation(image) != 1:
        notes.append("rotated: the EXIF orientation was applied")
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        notes.append("transparent: laid over mid-grey")
    if image.mode == "CMYK":
        notes.append("CMYK: converted to RGB")
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        notes.append("deep greyscale: scaled to 8 bits")
    if is_hdr(transfer):
        notes.append("high dynamic range: tone-mapped to standard range")
    if image.info.get("icc_profile"):
        if profile.conversion(image) is not None:
            notes.append("colour profile: converted to sRGB")
        elif profile.embedded(image) is None:
            notes.append("damaged colour profile: ignored")
    if (pages := _pages(image)) > 1:
        notes.append(f"holds {pages} pictures: only the first is judged")
    return notes


def _pages(image: Any) -> int:
    """How many pictures a TIFF or MPO holds; those behind damage do not count."""
    try:
        with RULES:
            return int(image.n_frames) if image.format in ("TIFF", "MPO") else 1
    except Exception:  # Pillow raises anything on damaged directories
        return 1


@dataclass
class _First:
    """What the first decoded frame and the first decoded sound show."""

    frame: Any = None
    sound: Any = None
    failure: str = ""
    notes: list[str] = field(default_factory=list)


def _recording(
    info: MediaInfo, path: Path, file: io.FileIO, container: sniff.Container, limits: Limits
) -> MediaInfo:
    name = shown(path)
    clock = Clock(name, limits)
    with opened(path, file, container, clock, limits) as media:
        video, audio = picture_stream(media), sound_stream(media)
        if video is None and audio is None:
            raise UnsupportedMedia(_nothing(name, media))
        seconds = media.duration / 1_000_000 if media.duration and media.duration > 0 else None
        limits.check_seconds(name, seconds or 0.0)
        kind = Kind.AUDIO if video is None else Kind.VIDEO
        info = replace(info, kind=kind, seconds=seconds, further=further_tracks(media))
        if video is not None:
            limits.check_frame(name, video.codec_context.width, video.codec_context.height)
        if audio is not None:
            context = audio.codec_context
            limits.check_sound(name, context.layout.nb_channels, context.sample_rate)
        first = _first_decoded(media, video, audio, clock)
        if first.frame is None and first.sound is None:
            raise UnreadableMedia(_undecodable(name, video, first, limits))
        if video is not None:
            info = _with_video(info, video, first, limits, name)
        if audio is not None:
            info = _with_audio(info, audio, first)
            info = replace(info, audio_bitrate=_bitrate(media, audio, clock))
    if container in (sniff.AVIS, sniff.HEIS):
        info = replace(info, notes=(*info.notes, _ANIMATED))
    return info


def _undecodable(name: str, video: VideoStream | None, first: _First, limits: Limits) -> str:
    why = first.failure or "it holds no frames and no sound"
    if video is not None and not video.codec_context.width:
        why = f"no frame of an allowed size, up to {limits.frame_side} pixels a side, was found"
    return f"{name}: nothing in it can be decoded ({why}). Get an intact copy."


def _nothing(name: str, media: InputContainer) -> str:
    if not media.streams.video and not media.streams.audio:
        return f"{name} holds neither pictures nor sound. Name a photo, video or recording."
    if any(stream.codec_context is not None for stream in media.streams.video):
        return f"{name} holds only cover art. Name a photo, video or recording."
    return f"{name} uses a codec that is not known. Convert it to MP4 or WAV first."


def _first_decoded(
    media: InputContainer, video: VideoStream | None, audio: AudioStream | None, clock: Clock
) -> _First:
    found = _First()
    chosen = [stream for stream in (video, audio) if stream is not None]
    for stream in chosen:
        prepare(stream, clock.limits)
    packets = media.demux(*chosen)
    for _ in range(_TRIED_PACKETS):
        clock.check()
        try:
            packet = next(packets)
            decoded: list[Any] = list(packet.decode())
        except (StopIteration, EOFError):
            break
        except MediaError:
            raise
        except (FFmpegError, OSError, ValueError, LookupError) as error:
            found.failure = found.failure or reason(error)
            continue
        if decoded and packet.stream.type == "video":
            found.frame = found.frame or decoded[0]
        elif decoded:
            found.sound = found.sound or decoded[0]
        if (found.frame or video is None) and (found.sound or audio is None):
            break
    return found


def _bitrate(media: InputContainer, audio: AudioStream, clock: Clock) -> float | None:
    """Bits a second that a header announces, or those of the packets that come next."""
    if audio.bit_rate:
        return float(audio.bit_rate)
    size = 0
    seconds = 0.0
    try:
        for number, packet in enumerate(media.demux(audio)):
            clock.check()
            if packet.duration and packet.time_base:
                size += packet.size
                seconds += float(packet.duration * packet.time_base)
            if number >= _WEIGHED_PACKETS:
                break
    except (FFmpegError, OSError, ValueError, LookupError):
        pass  # what was weighed before the damage counts
    return 8 * size / seconds if size and seconds > 0 else None


def _with_video(
    info: MediaInfo, video: VideoStream, first: _First, limits: Limits, name: str
) -> MediaInfo:
    context = video.codec_context
    width, height = context.width, context.height
    notes = []
    if first.frame is None:
        notes.append("no picture could be decoded at the start")
    else:
        limits.check_frame(name, first.frame.width, first.frame.height)
        width, height = upright_size(first.frame)
        notes += frame_notes(first.frame, video)
    average, base = video.average_rate, video.guessed_rate
    if average and base and abs(float(average) / float(base) - 1) > 0.05:
        notes.append("variable frame rate: frames are chosen by their timestamps")
    return replace(
        info,
        width=width,
        height=height,
        frame_rate=frame_rate(video),
        frames=video.frames or None,
        video_codec=context.name,
        notes=(*info.notes, *notes),
    )


def _with_audio(info: MediaInfo, audio: AudioStream, first: _First) -> MediaInfo:
    context = audio.codec_context
    shape = first.sound if first.sound is not None else context
    notes = () if first.sound is not None else ("no sound could be decoded at the start",)
    return replace(
        info,
        audio_codec=context.name,
        sample_rate=shape.sample_rate,
        channels=shape.layout.nb_channels,
        notes=(*info.notes, *notes),
    )
