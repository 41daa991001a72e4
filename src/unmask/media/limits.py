"""How much of a machine one file may use, and the clock that ends a decoder which does not advance.

Everything that can be refused from a header is refused before memory is spent. The defaults keep
the decoding of any admitted file under about 2 GB of memory.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

from unmask.errors import MediaTooLarge, UnreadableMedia


@dataclass(frozen=True, slots=True)
class Limits:
    """What a file may announce. Sizes are bytes, pixels or seconds.

    ``frame_pixels`` is the largest luma picture of level 6.2 of HEVC and AV1 (8192 × 4352).
    ``image_memory`` bounds the bytes that a picture needs while it is decoded, which depends on
    its format. A decoder may work for ``grace_seconds`` plus ``slowness`` seconds for each second
    of media that it has delivered; only its own work counts, not the time between two requests.
    """

    file_bytes: int = 20_000_000_000
    image_file_bytes: int = 1_000_000_000
    image_pixels: int = 200_000_000
    image_side: int = 65_535
    image_memory: int = 2_000_000_000
    frame_side: int = 8_192
    frame_pixels: int = 8_192 * 4_352
    streams: int = 64
    channels: int = 64
    sample_rate: int = 768_000
    media_seconds: float = 24 * 3600.0
    grace_seconds: float = 30.0
    slowness: float = 60.0

    def check_image(self, name: str, width: int, height: int, bytes_per_pixel: float) -> None:
        """Raise MediaTooLarge if a picture of this size may not be decoded.

        ``bytes_per_pixel`` is the peak memory that decoding its format takes for one pixel.
        """
        pixels = width * height
        fits = min(self.image_pixels, int(self.image_memory / bytes_per_pixel))
        if pixels > fits or max(width, height) > self.image_side:
            raise MediaTooLarge(
                f"{name} announces a picture of {width} × {height} pixels; allowed are "
                f"{fits / 1e6:.0f} million pixels and sides up to {self.image_side}. "
                "Scale it down first; from Python, scan(path, limits=Limits(…)) raises the limit."
            )

    def check_frame(self, name: str, width: int, height: int) -> None:
        """Raise MediaTooLarge if a video of this size may not be decoded."""
        if width * height > self.frame_pixels or max(width, height) > self.frame_side:
            raise MediaTooLarge(
                f"{name} announces video frames of {width} × {height} pixels; allowed are "
                f"{self.frame_pixels / 1e6:.1f} million pixels and sides up to {self.frame_side}. "
                "Scale it down first; from Python, scan(path, limits=Limits(…)) raises the limit."
            )

    def check_sound(self, name: str, channels: int, rate: int) -> None:
        """Raise MediaTooLarge if sound of this shape may not be decoded."""
        if channels > self.channels or rate > self.sample_rate:
            raise MediaTooLarge(
                f"{name} announces {channels} channels at {rate} Hz; allowed are "
                f"{self.channels} channels and {self.sample_rate} Hz. "
                "Convert it to mono at 16 kHz first."
            )

    def check_seconds(self, name: str, seconds: float) -> None:
        """Raise MediaTooLarge if the recording is longer than allowed."""
        if seconds > self.media_seconds:
            raise MediaTooLarge(
                f"{name} lasts {seconds / 3600:.1f} hours; allowed are "
                f"{self.media_seconds / 3600:.1f} hours. Cut it into shorter parts."
            )

    def check_bytes(self, name: str, size: int, image: bool) -> None:
        """Raise MediaTooLarge if the file is larger than its kind may be."""
        allowed = self.image_file_bytes if image else self.file_bytes
        if size > allowed:
            raise MediaTooLarge(
                f"{name} has {size / 1e9:.2f} GB; allowed are {allowed / 1e9:.2f} GB for "
                f"{'a picture' if image else 'a recording'}. Cut or compress it first."
            )


class Clock:
    """Counts the seconds that a decoder works and ends it when it does not advance."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self.limits = limits
        self.failure = ""
        """Why the file cannot be read on, and what to do; set by who reads it."""
        self._reached = 0.0
        self._spent = 0.0
        self._since = time.monotonic()

    def pause(self) -> None:
        """Stop counting: somebody else works now."""
        self._spent += time.monotonic() - self._since

    def resume(self) -> None:
        """Count again."""
        self._since = time.monotonic()

    def reach(self, second: float) -> None:
        """The media has been delivered up to this second, which earns more time."""
        self._reached = max(self._reached, second)

    def expired(self) -> bool:
        """True if the decoder has worked too long for what it delivered."""
        return self._worked() > self._allowed()

    def _worked(self) -> float:
        return self._spent + time.monotonic() - self._since

    def _allowed(self) -> float:
        return self.limits.grace_seconds + self.limits.slowness * self._reached

    def check(self) -> None:
        """Raise UnreadableMedia if the time is over or the file cannot be read on."""
        if self.failure:
            raise UnreadableMedia(f"{self._name} cannot be read on: {self.failure}.")
        if self.expired():
            raise UnreadableMedia(
                f"{self._name} could not be decoded in time: {self._worked():.0f} s of work for "
                f"{self._reached:.1f} s of media, allowed are {self._allowed():.0f} s. "
                "Convert it to a common format first."
            )
