"""Camera photographs and videos whose metadata real tools brought into contradiction."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from metadata_shelf import Made, Shelf, exiftool, run
from PIL import Image


def twisted(shelf: Shelf, cameras: Sequence[Path]) -> Iterator[Made]:
    """Files with one contradiction each."""
    yield from _dates(shelf, cameras[0])
    yield from _pictures(shelf, cameras)
    yield from _containers(shelf)


def _copy(shelf: Shelf, camera: Path, name: str) -> Path:
    path = shelf.path(name, "jpg")
    shutil.copyfile(camera, path)
    path.chmod(0o644)
    return path


def _dates(shelf: Shelf, camera: Path) -> Iterator[Made]:
    kind = "contradicting tags of a camera photograph, by exiftool"
    for name, tags in (
        ("digitised-before-taken", ["-CreateDate=1999:01:01 10:00:00"]),
        ("modified-before-taken", ["-ModifyDate=2001:01:01 10:00:00"]),
        ("gps-other-day", ["-GPSDateStamp=2021:05:05", "-GPSTimeStamp=10:00:00"]),
        ("future-date", ["-DateTimeOriginal=2099:01:01 10:00:00", "-CreateDate=2099:01:01 10:00:00",
                         "-ModifyDate=2099:01:01 10:00:00"]),
        ("blocks-disagree-on-date", ["-XMP-photoshop:DateCreated=2015:06:01 12:00:00"]),
        ("blocks-disagree-on-camera", ["-XMP-tiff:Model=NIKON D90"]),
        ("camera-and-generator", ["-XMP-xmp:CreatorTool=Adobe Firefly"]),
    ):  # fmt: skip
        yield Made(exiftool(_copy(shelf, camera, name), *tags), kind, name)


def _pictures(shelf: Shelf, cameras: Sequence[Path]) -> Iterator[Made]:
    kind = "camera photographs cropped or coded anew, by jpegtran and ImageMagick"
    for camera in cameras:
        width, height = Image.open(camera).size
        path = shelf.path("crop", "jpg")
        area = f"{width // 2 // 16 * 16}x{height // 2 // 16 * 16}+{width // 4}+{height // 4}"
        run("jpegtran", "-copy", "all", "-crop", area, "-outfile", path, camera)
        yield Made(path, kind, "thumbnail-crop")
        path = shelf.path("progressive", "jpg")
        run("jpegtran", "-copy", "all", "-progressive", "-outfile", path, camera)
        yield Made(path, kind, "not-camera-coding")
        path = shelf.path("small", "jpg")
        run("convert", camera, "-resize", "70%", path)
        yield Made(path, kind, "size-scaled")
        path = shelf.path("full-colour", "jpg")
        run("convert", camera, "-sampling-factor", "1x1", path)
        yield Made(path, kind, "not-camera-coding")
    kind = "the thumbnail of another photograph, by exiftool"
    for one, other in zip(cameras, [*cameras[1:], cameras[0]], strict=True):
        path = _copy(shelf, one, "other-thumbnail")
        run("exiftool", "-q", "-m", "-overwrite_original", "-tagsfromfile", other,
            "-ThumbnailImage", path)  # fmt: skip
        yield Made(path, kind, "thumbnail-other")
    kind = "a part painted over with the thumbnail kept, by ImageMagick"
    for number, camera in enumerate(cameras):
        width, height = Image.open(camera).size
        left, top = 0.15 + 0.1 * (number % 4), 0.2 + 0.08 * (number % 3)
        place = (left, top, left + 0.3, top + 0.35)
        x, y = round(left * width), round(top * height)
        patch = f"{round(0.3 * width)}x{round(0.35 * height)}"
        path = shelf.path("pasted", "jpg")
        run("convert", camera, "(", cameras[number - 1], "-resize", f"{patch}!", ")",
            "-geometry", f"+{x}+{y}", "-composite", path)  # fmt: skip
        grown = (place[0] - 0.08, place[1] - 0.08, place[2] + 0.08, place[3] + 0.08)
        yield Made(path, kind, "thumbnail-region", grown)


def _containers(shelf: Shelf) -> Iterator[Made]:
    kind = "contradicting tags of videos, by FFmpeg and exiftool"
    keep = ("-movflags", "use_metadata_tags", "-metadata")
    path = shelf.video("phone", "mov", *keep, "com.apple.quicktime.make=Apple")
    yield Made(path, kind, "phone-in-ffmpeg")
    path = shelf.video("phone", "mp4", *keep, "com.android.version=14")
    yield Made(path, kind, "phone-in-ffmpeg")
    path = exiftool(
        shelf.video("order", "mp4"),
        "-QuickTime:CreateDate=2020:05:05 10:00:00", "-QuickTime:ModifyDate=2020:05:01 10:00:00",
    )  # fmt: skip
    yield Made(path, kind, "container-modified-before-created")
    path = exiftool(
        shelf.video("times", "mp4"),
        "-QuickTime:CreateDate=2020:05:05 10:00:00", "-QuickTime:ModifyDate=2020:05:05 10:00:00",
        "-QuickTime:MediaCreateDate=2018:01:01 10:00:00",
    )  # fmt: skip
    yield Made(path, kind, "container-times-disagree")
