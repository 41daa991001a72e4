"""Embedded colour profiles: the conversion to sRGB, where one is needed."""

from __future__ import annotations

import io

from PIL import Image, ImageCms


def conversion(image: Image.Image) -> ImageCms.ImageCmsTransform | None:
    """The conversion from an embedded profile to sRGB; None if there is none to do.

    A profile that is damaged, does not fit the mode, or is sRGB already is left out.
    """
    mode = {"L": "L", "CMYK": "CMYK"}.get(image.mode, "RGB")
    if mode == "RGB" and image.mode not in ("RGB", "RGBA", "P", "PA", "RGBX"):
        return None
    source = embedded(image)
    if source is None or _is_srgb(source):
        return None
    try:
        return ImageCms.buildTransform(
            source,
            ImageCms.createProfile("sRGB"),
            mode,
            "RGB",
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def embedded(image: Image.Image) -> ImageCms.ImageCmsProfile | None:
    """The ICC profile of a picture; None if there is none or it cannot be read."""
    data = image.info.get("icc_profile")
    if not isinstance(data, bytes) or not data:
        return None
    try:
        return ImageCms.ImageCmsProfile(io.BytesIO(data))
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _is_srgb(profile: ImageCms.ImageCmsProfile) -> bool:
    try:
        return "srgb" in ImageCms.getProfileDescription(profile).lower()
    except ImageCms.PyCMSError:
        return False
