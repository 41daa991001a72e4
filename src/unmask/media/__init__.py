"""Bytes to arrays: sniffing, probing and streaming pictures and sound, within limits.

``probe`` says what a file is, ``read_image`` decodes a still picture, ``stream`` decodes a video
or recording once and yields frames and sound in file order; ``frames`` and ``blocks`` are its two
halves. Nothing here opens an address, follows a playlist, prints, or waits for a pipe.
"""

from unmask.media.image import read_image
from unmask.media.limits import Limits
from unmask.media.probe import probe
from unmask.media.stream import blocks, frames, stream

__all__ = ["Limits", "blocks", "frames", "probe", "read_image", "stream"]
