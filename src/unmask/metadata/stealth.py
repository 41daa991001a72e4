"""Text that NovelAI and its imitators hide in the lowest bit of a PNG's transparency.

Bits run down the columns; a magic word of 15 characters comes first, then the length of the text
in bits (32 bits, big-endian), then the text, compressed where the word says so
(NovelAI/novelai-image-metadata).
"""

from __future__ import annotations

import zlib
from pathlib import Path

import numpy as np

from unmask.metadata.fields import Collector
from unmask.metadata.text import decoded

MOST_PIXELS = 8_000_000
_MAGIC = {b"stealth_pnginfo": False, b"stealth_pngcomp": True}
_MOST_BYTES = 1_000_000
_EIGHT_BIT_RGBA = b"\x08\x06"


def read(path: Path, out: Collector) -> None:
    """Look into the transparency of a PNG of at most ``MOST_PIXELS``; other pictures are left."""
    with path.open("rb") as file:
        if file.read(26)[24:] != _EIGHT_BIT_RGBA:
            return
    from PIL import Image

    try:
        with Image.open(path, formats=["PNG"]) as image:
            width, height = image.size
            if image.mode != "RGBA" or width * height > MOST_PIXELS or height * width < 152:
                return
            alpha = np.asarray(image.getchannel("A"))
    except Exception:  # a picture that does not decode is reported by who decodes it
        return
    text = hidden(alpha)
    if text:
        out.add("pixels", "stealth", text)


def hidden(alpha: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    """The hidden text of an alpha channel (height × width); "" if there is none."""
    height = alpha.shape[0]
    columns = -(-152 // height)
    head = np.packbits(alpha[:, :columns].T.reshape(-1)[:152] & 1).tobytes()
    if head[:15] not in _MAGIC:
        return ""
    bits = int.from_bytes(head[15:19], "big")
    size = min(bits // 8, _MOST_BYTES)
    columns = -(-(152 + 8 * size) // height)
    body = np.packbits(alpha[:, :columns].T.reshape(-1)[152 : 152 + 8 * size] & 1).tobytes()
    if _MAGIC[head[:15]]:
        try:
            body = zlib.decompressobj(wbits=31).decompress(body, _MOST_BYTES)
        except zlib.error:
            return "(damaged)"
    return decoded(body)
