"""The single operations of laundering: codecs, scaling, blur, noise and tone curves.

Each takes 8-bit RGB pixels (height × width × 3) and gives as many back, with the same geometry.
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Sequence
from fractions import Fraction

import av
import numpy as np
from PIL import Image, ImageFilter

from unmask.types import Pixels

_FILTERS = (
    Image.Resampling.BILINEAR,
    Image.Resampling.BICUBIC,
    Image.Resampling.LANCZOS,
    Image.Resampling.BOX,
)


def jpeg(pixels: Pixels, quality: int, subsampling: int = 2) -> Pixels:
    """One JPEG pass. ``subsampling``: 0 = 4:4:4, 1 = 4:2:2, 2 = 4:2:0."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "JPEG", quality=quality, subsampling=subsampling)
    return np.asarray(Image.open(buffer).convert("RGB"))


def webp(pixels: Pixels, quality: int) -> Pixels:
    """One lossy WebP pass."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "WEBP", quality=quality, method=1)
    return np.asarray(Image.open(buffer).convert("RGB"))


def h264(pixels: Pixels, crf: int, frames: int = 1, preset: str = "veryfast") -> Pixels:
    """One H.264 pass of a still scene of ``frames`` equal pictures; the last one is returned."""
    return h264_clip([pixels] * frames, crf, preset)[-1]


def h264_clip(pictures: Sequence[Pixels], crf: int, preset: str = "veryfast") -> list[Pixels]:
    """Pictures of one size as the frames of an H.264 video, decoded again.

    Odd sides are continued by one pixel for the codec and cut again.
    """
    height, width = pictures[0].shape[:2]
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = width + width % 2, height + height % 2
    encoder.pix_fmt = "yuv420p"
    encoder.framerate = Fraction(25)
    encoder.thread_count = 1
    encoder.options = {"crf": str(crf), "preset": preset, "tune": "zerolatency"}
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    decoded: list[av.VideoFrame] = []
    for index, pixels in enumerate(pictures):
        even = np.pad(pixels, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        source = av.VideoFrame.from_ndarray(even, format="rgb24").reformat(format="yuv420p")
        source.pts = index
        for packet in encoder.encode(source):
            decoded += decoder.decode(packet)
    for packet in encoder.encode(None):
        decoded += decoder.decode(packet)
    decoded += decoder.decode(None)
    return [
        np.ascontiguousarray(frame.to_ndarray(format="rgb24")[:height, :width], dtype=np.uint8)
        for frame in decoded
    ]


def resize(pixels: Pixels, factor: float, down: int = 1, up: int = 1) -> Pixels:
    """Scale by ``factor`` and back to the same size, with the filters of those numbers (0…3)."""
    height, width = pixels.shape[:2]
    small = (max(8, round(width * factor)), max(8, round(height * factor)))
    picture = Image.fromarray(pixels).resize(small, _FILTERS[down])
    return np.asarray(picture.resize((width, height), _FILTERS[up]))


def blur(pixels: Pixels, sigma: float) -> Pixels:
    """Gaussian blur of ``sigma`` pixels."""
    return np.asarray(Image.fromarray(pixels).filter(ImageFilter.GaussianBlur(sigma)))


def sharpen(pixels: Pixels, percent: int) -> Pixels:
    """Unsharp mask of radius 1.5 pixels."""
    mask = ImageFilter.UnsharpMask(radius=1.5, percent=percent, threshold=0)
    return np.asarray(Image.fromarray(pixels).filter(mask))


def noise(pixels: Pixels, sigma: float, seed: int = 0, grain: float = 0.0) -> Pixels:
    """Gaussian noise of ``sigma`` grey levels; with ``grain`` > 0 smoothed by that many pixels."""
    rng = np.random.default_rng(seed)
    field = rng.standard_normal(pixels.shape, dtype=np.float32)
    if grain > 0:
        grey = np.clip(field * 32 + 128, 0, 255).astype(np.uint8)
        field = blur(grey, grain).astype(np.float32) - 128
        field /= field.std() + 1e-6
    return np.clip(pixels + field * sigma + 0.5, 0, 255).astype(np.uint8)


def tone(pixels: Pixels, exponent: float, contrast: float = 1.0, lift: float = 0.0) -> Pixels:
    """A tone curve: power law, contrast about the middle, then ``lift`` grey levels."""
    levels = (np.arange(256) / 255.0) ** exponent
    levels = ((levels - 0.5) * contrast + 0.5) * 255 + lift
    table = np.clip(levels + 0.5, 0, 255).astype(np.uint8)
    return np.take(table, pixels)


def tint(pixels: Pixels, red: float, green: float, blue: float) -> Pixels:
    """Gains of the three channels."""
    gains = np.array([red, green, blue], np.float32)
    tinted: Pixels = np.clip(pixels * gains + 0.5, 0, 255).astype(np.uint8)
    return tinted


def saturation(pixels: Pixels, factor: float) -> Pixels:
    """Colours ``factor`` times as far from grey of the same brightness (BT.601); 0 is grey."""
    grey = pixels @ np.array([0.299, 0.587, 0.114])
    moved = grey[..., None] + (pixels - grey[..., None]) * factor
    changed: Pixels = np.clip(moved + 0.5, 0, 255).astype(np.uint8)
    return changed


def dimmed(pixels: Pixels, factor: float) -> Pixels:
    """Every value ``factor`` times as large, as DeeperForensics lowers the contrast."""
    return (pixels * np.float32(factor)).astype(np.uint8)


def blocks(pixels: Pixels, count: int) -> Pixels:
    """Grey squares of 8 pixels; ``count`` of them for every 256 pixels of the shorter side."""
    height, width = pixels.shape[:2]
    many = max(1, min(height, width) // 256) * count
    rng = np.random.default_rng(zlib.crc32(pixels.tobytes()))
    out = pixels.copy()
    for top, left in zip(
        rng.integers(0, max(1, height - 8), many), rng.integers(0, max(1, width - 8), many),
        strict=True,
    ):  # fmt: skip
        out[top : top + 8, left : left + 8] = 128
    return out


def pixelated(pixels: Pixels, factor: int) -> Pixels:
    """``factor`` times fewer pixels each way and back, by bilinear interpolation and no filter."""
    import cv2

    height, width = pixels.shape[:2]
    small = cv2.resize(pixels, (max(1, width // factor), max(1, height // factor)))
    return np.asarray(cv2.resize(small, (width, height)), np.uint8)


def screenshot(pixels: Pixels, factor: float = 1.23, quality: int = 0) -> Pixels:
    """Shown at another zoom on a display with its own tone curve, captured, saved, cut back.

    ``quality``: JPEG quality of the saved capture; 0 saves without loss.
    """
    height, width = pixels.shape[:2]
    zoomed = (max(8, round(width * factor)), max(8, round(height * factor)))
    shown = np.asarray(Image.fromarray(pixels).resize(zoomed, Image.Resampling.BILINEAR))
    shown = tone(shown, 1.06, 0.97, 2.0)
    if quality:
        shown = jpeg(shown, quality)
    return np.asarray(Image.fromarray(shown).resize((width, height), Image.Resampling.BICUBIC))
