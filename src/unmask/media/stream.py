"""One pass through a file: frames and sound in the order in which the file holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from av.audio.stream import AudioStream
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.video.stream import VideoStream

from unmask.errors import MediaError, UnreadableMedia
from unmask.media import sniff
from unmask.media._source import decoding, open_regular, reason, shown
from unmask.media.animation import moving_pictures
from unmask.media.chunks import motion_of
from unmask.media.container import (
    announced_end,
    opened,
    origin_of,
    picture_stream,
    prepare,
    sound_stream,
)
from unmask.media.image import read_image
from unmask.media.limits import Clock, Limits
from unmask.media.sampling import Samplers
from unmask.media.sound import Blocks, Mixer
from unmask.media.video import Painter, Timeline, frame_rate
from unmask.types import AudioBlock, Frame, Kind, MediaInfo

Note = Callable[[str], None]


def stream(
    path: Path,
    info: MediaInfo,
    fps: float | Sequence[float] = 5.0,
    rate: int = 16_000,
    want_frames: bool = True,
    want_sound: bool = True,
    limits: Limits | None = None,
    on_note: Note | None = None,
    block_seconds: float = 10.0,
    max_side: int | None = None,
) -> Iterator[Frame | AudioBlock]:
    """Decode a file once and yield its frames and its sound in file order.

    Frames come at about ``fps`` a second by their timestamps (all, if the file has fewer; of
    several rates, those that any of them wants), RGB and upright; ``max_side`` makes those of a
    video smaller while they are converted (pictures, still or moving, keep their size). A still
    picture is one frame at second 0. Sound comes as contiguous mono blocks of ``block_seconds`` at
    ``rate`` Hz. Memory does not grow with length. Damage after the first decoded part is passed to
    ``on_note`` and the rest is left out.

    Raises UnreadableMedia if nothing that was asked for can be decoded, UnsupportedMedia, or
    MediaTooLarge.
    """
    limits = limits or Limits()
    note = on_note or (lambda _: None)
    if info.kind is Kind.IMAGE:
        if want_frames:
            yield Frame(0, 0.0, read_image(path, limits))
        return
    with open_regular(path) as file:
        container = sniff.sniff(file, path)
        if container.is_picture:
            if want_frames:
                motion = motion_of(file, container)
                yield from moving_pictures(path, file, container, motion, fps, limits, note)
            return
        clock = Clock(shown(path), limits)
        with opened(path, file, container, clock, limits) as media:
            run = _Pass(path, media, clock, limits, note)
            run.announced = announced_end(media, file, container, want_frames, want_sound)
            run.select(fps, rate, want_frames, want_sound, block_seconds, max_side)
            for item in run:
                clock.pause()
                yield item
                clock.resume()
        run.close()


class _Pass:
    """One pass of a demuxer over the chosen streams."""

    def __init__(
        self, path: Path, media: InputContainer, clock: Clock, limits: Limits, note: Note
    ) -> None:
        self._path = path
        self._name = shown(path)
        self._media = media
        self._clock = clock
        self._limits = limits
        self._note = note
        self._video: VideoStream | None = None
        self._audio: AudioStream | None = None
        self._damaged = 0
        self._ended = ""
        self._failure = ""
        self._decoded_frames = 0
        self._delivered = 0
        self.announced: float | None = None
        """The second at which the chosen streams end, as far as a header says it."""

    def select(
        self,
        fps: float | Sequence[float],
        rate: int,
        want_frames: bool,
        want_sound: bool,
        block_seconds: float,
        max_side: int | None,
    ) -> None:
        """Choose streams and make what turns their frames into ours."""
        self._video = picture_stream(self._media) if want_frames else None
        self._audio = sound_stream(self._media) if want_sound else None
        origin = origin_of(self._media)
        speed = frame_rate(self._video) if self._video is not None else None
        self._origin = origin
        self._sampler = Samplers(fps, speed)
        self._timeline = Timeline(origin, speed)
        self._painter = Painter(self._name, self._limits, max_side)
        self._mixer = Mixer(self._name, rate, self._limits)
        self._blocks = Blocks(rate, block_seconds)
        for chosen in (self._video, self._audio):
            if chosen is not None:
                prepare(chosen, self._limits)

    def __iter__(self) -> Iterator[Frame | AudioBlock]:
        chosen = [s for s in (self._video, self._audio) if s is not None]
        if not chosen:
            return
        for packet in self._packets(chosen):
            if packet.stream.type == "video":
                yield from self._frames(packet)
            else:
                yield from self._sound(packet)
        for samples in self._mixer.flush():
            self._blocks.add(samples)
        yield from self._counted(self._blocks.ready(last=True))

    def _packets(self, chosen: list[Any]) -> Iterator[Packet[Any]]:
        packets = self._media.demux(*chosen)
        while True:
            self._clock.check()
            try:
                packet = next(packets)
            except StopIteration:
                self._clock.check()
                return
            except MediaError:
                raise
            except (FFmpegError, OSError, ValueError, LookupError) as error:
                self._ended = reason(error)  # LookupError: a stream that the header did not list
                return
            yield packet

    def _decoded(self, packet: Packet[Any]) -> list[Any]:
        try:
            return list(packet.decode())
        except FFmpegError as error:
            if packet.size or not isinstance(error, EOFError):
                self._damaged += 1
                self._failure = reason(error)
        except ValueError as error:
            self._damaged += 1
            self._failure = reason(error)
        return []

    def _frames(self, packet: Packet[Any]) -> Iterator[Frame]:
        for frame in self._decoded(packet):
            time = self._timeline.second(frame)
            self._limits.check_seconds(self._name, time)
            index = self._decoded_frames
            self._decoded_frames += 1
            self._clock.reach(time)
            if self._sampler.wants(time):
                with decoding(self._path, "a frame"):
                    pixels = self._painter.pixels(frame)
                self._delivered += 1
                yield Frame(index, time, pixels)

    def _sound(self, packet: Packet[Any]) -> Iterator[AudioBlock]:
        for frame in self._decoded(packet):
            if frame.time is not None:
                yield from self._counted(self._blocks.place(frame.time - self._origin))
            with decoding(self._path, "the sound"):
                for samples in self._mixer.mix(frame):
                    self._blocks.add(samples)
            self._limits.check_seconds(self._name, self._blocks.position)
            self._clock.reach(self._blocks.position)
            yield from self._counted(self._blocks.ready())

    def _counted(self, blocks: Iterator[AudioBlock]) -> Iterator[AudioBlock]:
        for block in blocks:
            self._delivered += 1
            yield block

    def close(self) -> None:
        """After the last item: note what was missing, or raise if there was nothing."""
        if not self._delivered and (self._video is not None or self._audio is not None):
            why = self._failure or self._ended or "it holds no frames and no sound"
            raise UnreadableMedia(
                f"{self._name}: nothing in it can be decoded ({why}). Get an intact copy."
            )
        reached = max(self._timeline.last, self._blocks.position)
        if self._damaged:
            self._note(f"damaged packets left out: {self._damaged}")
        if self._ended:
            self._note(f"reading ended early at {reached:.1f} s ({self._ended})")
        elif self.announced and reached < 0.9 * self.announced - 1.0:
            self._note(f"truncated: ends at {reached:.1f} s of {self.announced:.1f} s announced")
        if self._blocks.skipped:
            self._note(f"the sound has a hole of {self._blocks.skipped:.0f} s")
        if self._mixer.cancelled:
            self._note("channels of opposite phase cancel: their difference was judged")


def frames(
    path: Path,
    info: MediaInfo,
    fps: float = 5.0,
    limits: Limits | None = None,
    on_note: Note | None = None,
    max_side: int | None = None,
) -> Iterator[Frame]:
    """Only the frames of ``stream``. Raises UnreadableMedia if the file shows no picture."""
    items = stream(
        path, info, fps, want_sound=False, limits=limits, on_note=on_note, max_side=max_side
    )
    return (item for item in items if isinstance(item, Frame))


def blocks(
    path: Path,
    info: MediaInfo,
    rate: int = 16_000,
    block_seconds: float = 10.0,
    limits: Limits | None = None,
    on_note: Note | None = None,
) -> Iterator[AudioBlock]:
    """Only the sound of ``stream``; nothing for a file without sound."""
    items = stream(
        path,
        info,
        rate=rate,
        want_frames=False,
        limits=limits,
        on_note=on_note,
        block_seconds=block_seconds,
    )
    return (item for item in items if isinstance(item, AudioBlock))
