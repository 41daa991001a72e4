"""Still pictures: any colour mode to upright 8-bit RGB, strip by strip.

Transparency is laid over mid-grey (128): it clips nothing and is the same for light and dark
subjects. Pixels are not resampled, and colours are converted only where an embedded profile is
not sRGB, so that traces in the pixels survive.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageCms

from unmask.errors import UnreadableMedia, UnsupportedMedia
from unmask.media import sniff
from unmask.media._pillow import QUIET, RULES
from unmask.media._source import decoding, open_regular, shown
from unmask.media.chunks import transfer_of
from unmask.media.codings import refuse_misread, refuse_unknown
from unmask.media.heic import check_items
from unmask.media.jpeg_end import closed, is_whole
from unmask.media.limits import Limits
from unmask.media.profile import conversion
from unmask.media.tone import is_hdr, tone_map
from unmask.media.truncated_jpeg import rows_missing
from unmask.types import Pixels

GREY = 128
"""What transparent parts are laid over."""
_STRIP_PIXELS = 1 << 20
_COST = {"WEBP": 19.0, "AVIF": 21.0, "HEIF": 14.0, "GIF": 13.0, "TIFF": 10.0, "PNG": 8.0}
_COST_JPEG, _COST_PROGRESSIVE = 8.0, 13.0
_RAW_TAGS = (50706, 33421)  # DNGVersion, CFARepeatPatternDim


@contextmanager
def opened(
    path: Path, file: io.FileIO, container: sniff.Container, limits: Limits
) -> Iterator[Image.Image]:
    """Open a picture without decoding it; the size is checked against the limits.

    Raises UnreadableMedia, UnsupportedMedia or MediaTooLarge.
    """
    with decoding(path, "the picture"), RULES:
        file.seek(0)
        image = _open(os.fdopen(os.dup(file.fileno()), "rb"), container, shown(path))
    try:
        cost = _COST.get(container.pillow, _COST_JPEG)
        if image.info.get("progressive"):
            cost = _COST_PROGRESSIVE
        limits.check_image(shown(path), *image.size, cost)
        _refuse_raw(path, image)
        yield image
    finally:
        image.close()


def _open(file: io.BufferedReader, container: sniff.Container, name: str) -> Image.Image:
    if container.pillow != "HEIF":
        try:
            image = Image.open(file, formats=[container.pillow])
        except Exception:  # Pillow's plug-ins raise anything
            refuse_unknown(file, container, name)
            raise
        refuse_misread(image, name)
        return image
    import pi_heif

    check_items(file, name)
    heif = pi_heif.open_heif(file, convert_hdr_to_8bit=True)
    return _HeifImage(heif)


class _HeifImage(Image.Image):
    """A HEIC picture that is decoded at ``load``; libheif has turned it upright already."""

    def __init__(self, heif: Any) -> None:
        super().__init__()
        self._heif = heif
        self._size = heif.size
        self._mode = heif.mode
        self.info = {"icc_profile": heif.info.get("icc_profile")}

    def load(self) -> Any:
        if self._heif is not None:
            heif, self._heif = self._heif, None
            self.im = heif.to_pillow().im
        return super().load()


def _refuse_raw(path: Path, image: Image.Image) -> None:
    """A camera raw file is a TIFF whose first picture is only a preview."""
    tags: Any = getattr(image, "tag_v2", None)
    if image.format == "TIFF" and tags is not None:
        preview = tags.get(254) == 1 and 330 in tags
        if preview or any(tag in tags for tag in _RAW_TAGS):
            raise UnsupportedMedia(
                f"{shown(path)} is a camera raw file; develop it to TIFF or JPEG first."
            )


def read_image(path: Path, limits: Limits | None = None) -> Pixels:
    """The picture of a file: height × width × 3, RGB, upright. Of a moving picture the first.

    Raises UnreadableMedia if any part of it is missing (nothing is made up), UnsupportedMedia,
    or MediaTooLarge before memory is spent.
    """
    limits = limits or Limits()
    with open_regular(path) as file:
        container = sniff.sniff(file, path)
        if not container.is_picture:
            raise UnsupportedMedia(
                f"{shown(path)} is {container.title}, a video or recording and not a picture."
            )
        limits.check_bytes(shown(path), file.seek(0, 2), image=True)
        transfer = transfer_of(file, container)
        with opened(path, file, container, limits) as image:
            try:
                return upright_pixels(path, image, transfer)
            except UnreadableMedia:
                whole = closed(file) if container is sniff.JPEG else None
                if whole is None:
                    raise
        with decoding(path, "the picture"), RULES, Image.open(whole, formats=["JPEG"]) as image:
            return upright_pixels(path, image)


def upright_pixels(path: Path, image: Image.Image, transfer: int = 0) -> Pixels:
    """Decode an opened picture. ``transfer`` is its H.273 code point (0: unknown, sRGB)."""
    chatty = image.format == "TIFF" and image.info.get("compression") != "raw"
    with decoding(path, "the picture"), RULES, QUIET if chatty else nullcontext():
        image.load()
        turn = orientation(image)
        pixels = to_rgb(image)
    if not pixels.size:
        raise UnreadableMedia(f"{shown(path)} holds a picture without pixels.")
    jpeg = image.format in ("JPEG", "MPO")
    if jpeg and (missing := rows_missing(pixels)) and not _all_coded(path):
        raise UnreadableMedia(
            f"{shown(path)}: the picture is damaged or truncated, its last {missing} of "
            f"{len(pixels)} rows hold no data. Get an intact copy."
        )
    if is_hdr(transfer):
        pixels = tone_map(pixels, transfer)
    return np.ascontiguousarray(turned(pixels, turn))


def _all_coded(path: Path) -> bool:
    """Whether grey at the bottom of a JPEG was saved so, and does not stand for missing data."""
    with open_regular(path) as file:
        return is_whole(file)


def orientation(image: Image.Image) -> int:
    """The EXIF orientation, 1…8; 1 if there is none or it makes no sense."""
    try:
        with RULES:
            value = image.getexif().get(ExifTags.Base.Orientation, 1)
    except Exception:  # damaged metadata must not hide a sound picture
        return 1
    return value if value in range(1, 9) else 1


def turned(pixels: Pixels, turn: int) -> Pixels:
    """Apply an EXIF orientation (JEITA CP-3451, tag 274). Returns a view."""
    if turn in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if turn in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    if turn in (3, 4, 7, 8):
        pixels = pixels[::-1]
    return pixels


def to_rgb(image: Image.Image) -> Pixels:
    """Any mode of Pillow to RGB: strip by strip, so that memory is the picture and the result."""
    width, height = image.size
    out = np.empty((height, width, 3), np.uint8)
    convert = _Converter(image)
    step = max(1, _STRIP_PIXELS // max(1, width))
    for top in range(0, height, step):
        bottom = min(height, top + step)
        out[top:bottom] = convert(image.crop((0, top, width, bottom)))
    return out


class _Converter:
    """What is done to each strip of one picture; the tables are made once."""

    def __init__(self, image: Image.Image) -> None:
        self._mode = image.mode
        self._alpha = "transparency" in image.info or image.mode in (
            "RGBA",
            "LA",
            "PA",
            "La",
            "RGBa",
        )
        self._scale = _scale(image)
        self._profile = conversion(image)

    def __call__(self, strip: Image.Image) -> NDArray[np.uint8]:
        if self._scale is not None:
            low, factor = self._scale
            values = np.nan_to_num(np.asarray(strip, np.float64), posinf=0, neginf=0)
            grey = np.clip((values - low) * factor + 0.5, 0, 255).astype(np.uint8)
            return np.repeat(grey[:, :, None], 3, axis=2)
        if self._alpha:
            rgba = strip.convert("RGBA")
            return over_grey(np.asarray(self._matched(rgba)))
        if self._profile is not None and strip.mode in ("L", "CMYK"):
            return np.asarray(ImageCms.applyTransform(strip, self._profile))
        return np.asarray(self._matched(strip if strip.mode == "RGB" else strip.convert("RGB")))

    def _matched(self, strip: Image.Image) -> Image.Image:
        if self._profile is None:
            return strip
        if strip.mode == "RGBA":
            alpha = strip.getchannel("A")
            colour = ImageCms.applyTransform(strip.convert("RGB"), self._profile)
            assert colour is not None
            colour.putalpha(alpha)
            return colour
        done = ImageCms.applyTransform(strip, self._profile)
        assert done is not None
        return done


def over_grey(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay height × width × 4 straight alpha over mid-grey."""
    alpha = rgba[:, :, 3:].astype(np.uint16)
    mixed = rgba[:, :, :3] * alpha + GREY * (255 - alpha) + 127
    return (mixed // 255).astype(np.uint8)


def _scale(image: Image.Image) -> tuple[float, float] | None:
    """Offset and factor that bring deep greyscale to 0…255; None for 8-bit modes.

    Sixteen bits use their full scale. Whole numbers of 32 bits and floats have no agreed scale:
    1, 255, 65535 or, above that, the largest value counts as white.
    """
    if image.mode.startswith("I;16"):
        return 0.0, 255 / 65_535
    if image.mode not in ("I", "F"):
        return None
    extrema: Any = image.getextrema()
    low, high = (float(np.nan_to_num(value)) for value in extrema)
    steps = [255.0, 65_535.0] if image.mode == "I" else [1.0, 255.0, 65_535.0]
    white = next((step for step in steps if high <= step), high)
    return min(low, 0.0), 255 / max(white - min(low, 0.0), 1e-9)
