"""Moving pictures of picture formats (GIF, WebP, PNG), decoded by Pillow one frame at a time."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from unmask.errors import MediaTooLarge, UnreadableMedia
from unmask.media._pillow import RULES
from unmask.media._source import reason, shown
from unmask.media.chunks import Motion
from unmask.media.image import opened, orientation, to_rgb, turned
from unmask.media.limits import Clock, Limits
from unmask.media.sampling import Samplers
from unmask.media.sniff import Container
from unmask.types import Frame


def moving_pictures(
    path: Path,
    file: io.FileIO,
    container: Container,
    motion: Motion,
    fps: float | Sequence[float],
    limits: Limits,
    note: Callable[[str], None],
) -> Iterator[Frame]:
    """Yield frames at about ``fps`` a second. Damage after the first frame ends it with a note.

    Raises UnreadableMedia if not even the first frame can be read, MediaTooLarge if a frame grows
    beyond the limits.
    """
    name = shown(path)
    clock = Clock(name, limits)
    sampler = Samplers(fps, motion.frames / motion.seconds if motion.seconds else None)
    limits.check_seconds(name, motion.seconds)
    time = 0.0
    with opened(path, file, container, limits) as image:
        for index, delay in enumerate(motion.delays):
            try:
                with RULES:
                    image.seek(index)
                    limits.check_image(name, *image.size, bytes_per_pixel=13.0)
                    image.load()
                pixels = turned(to_rgb(image), orientation(image)) if sampler.wants(time) else None
            except (MediaTooLarge, MemoryError):
                raise
            except Exception as error:  # Pillow's plug-ins raise anything on damaged frames
                if index == 0:
                    raise UnreadableMedia(
                        f"{name}: the first picture cannot be read ({reason(error)}). "
                        "Get an intact copy."
                    ) from error
                note(f"damaged after {time:.1f} s: frames missing: {motion.frames - index}")
                return
            clock.reach(time)
            clock.check()
            if pixels is not None:
                clock.pause()
                yield Frame(index, time, pixels)
                clock.resume()
            time += delay
