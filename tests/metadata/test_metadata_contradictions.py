"""What cannot be true at once, and what only looks like it."""

from __future__ import annotations

import datetime
from pathlib import Path

import numpy as np
import pytest
from metadata_samples import TAKEN, camera, packet, photo, told, with_thumbnail
from PIL import Image, ImageDraw

from unmask.metadata.contradictions import Evidence, contradictions
from unmask.metadata.dates import position, when
from unmask.metadata.fields import Field, Jpeg, Metadata
from unmask.metadata.rules import matches
from unmask.types import Kind, Label, MediaInfo

CAMERA = {"exif:Make": "Canon", "exif:Model": "EOS 5D", "exif:DateTimeOriginal": TAKEN}


def found(tags: dict[str, str], jpeg: Jpeg | None = None, width: int = 600, height: int = 400,
          kind: Kind = Kind.IMAGE) -> set[str]:  # fmt: skip
    fields = tuple(Field(*key.split(":", 1), text) for key, text in tags.items())
    metadata = Metadata(fields, jpeg=jpeg)
    media = MediaInfo("a", kind, "JPEG", 1, "", width=width, height=height)
    now = datetime.datetime(2026, 1, 1)
    evidence = Evidence(metadata, media, tuple(matches(metadata)), None, now)
    return {known.id for known, _ in contradictions(evidence)}


CASES = [
    ("digitised-before-taken", {"exif:DateTimeDigitized": "2010:01:01 10:00:00"}),
    ("modified-before-taken", {"exif:DateTime": "2010:01:01 10:00:00"}),
    ("gps-other-day", {"gps:GPSDateStamp": "2014:05:09", "gps:GPSTimeStamp": "10, 0, 0"}),
    ("future-date", {"exif:DateTime": "2099:01:01 10:00:00"}),
    ("blocks-disagree-on-date", {"xmp:photoshop:DateCreated": "2015-06-01T12:00:00"}),
    ("blocks-disagree-on-date", {"iptc:DateCreated": "20150601"}),
    ("blocks-disagree-on-camera", {"xmp:tiff:Model": "NIKON D90"}),
    ("size-scaled", {"exif:ExifImageWidth": "1200", "exif:ExifImageHeight": "800"}),
    ("size-cropped", {"exif:ExifImageWidth": "1200", "exif:ExifImageHeight": "1200"}),
    ("photoshop-unnamed", {"photoshop:JPEGQuality": "10"}),
    ("camera-and-generator", {"png:Software": "NovelAI"}),
    ("container-modified-before-created",
     {"box:movie_created": "2020:05:05 10:00:00", "box:movie_modified": "2020:05:01 10:00:00"}),
    ("container-times-disagree",
     {"box:movie_created": "2020:05:05 10:00:00", "box:track0_created": "2018:05:01 10:00:00"}),
    ("phone-in-ffmpeg",
     {"container:com.apple.quicktime.make": "Apple", "container:encoder": "Lavf60.3.100"}),
]  # fmt: skip


@pytest.mark.parametrize(("rule", "tags"), CASES)
def test_a_contradiction_is_found_alone(rule: str, tags: dict[str, str]) -> None:
    assert found(CAMERA | tags) == {rule}


INNOCENT = [
    {"exif:DateTime": "2014:05:01 11:00:00"},
    {"gps:GPSDateStamp": "2014:05:02", "gps:GPSTimeStamp": "2, 0, 0"},
    {"gps:GPSDateStamp": "0000:00:00"},
    {"gps:GPSDateStamp": "2014:09:259", "gps:GPSTimeStamp": "13, 5, 12"},
    {"gps:GPSDateStamp": "2014:259"},
    {"gps:GPSDateStamp": "2014:00:00"},
    {"gps:GPSDateStamp": "2014:13:01"},
    {"gps:GPSDateStamp": "2014:02:30"},
    {"gps:GPSDateStamp": "0914:05:01"},
    {"gps:GPSDateStamp": "9999:12:31"},
    {"gps:GPSDateStamp": "2015:09:16x"},
    {"gps:GPSDateStamp": "2015:09:16 12"},
    {"gps:GPSDateStamp": "16:09:2015"},
    {"gps:GPSDateStamp": "1980:01:06"},
    {"gps:GPSDateStamp": "1994:09:15"},
    {"gps:GPSDateStamp": "2014:05:01", "gps:GPSTimeStamp": "9000000000, 0, 0"},
    {"gps:GPSDateStamp": "2014:05:01", "gps:GPSTimeStamp": "nan, inf, 0"},
    {"exif:DateTime": "1970:01:01 00:00:00"},
    {"exif:DateTime": "2010:01:01 25:61:00"},
    {"exif:DateTimeDigitized": "2010:01:0112:00:00"},
    {"exif:DateTimeDigitized": "2010:01:01 12:00:00 or so"},
    {"xmp:photoshop:DateCreated": "2015-06"},
    {"iptc:DateCreated": "20150000"},
    {"box:movie_created": "1904:01:01 00:00:00", "box:track0_created": "2018:05:01 10:00:00"},
    {"exif:DateTime": "2014:09:01 12:00:00", "exif:Software": "Adobe Photoshop 7.0"},
    {"photoshop:JPEGQuality": "10", "exif:Software": "Adobe Photoshop 7.0"},
    {"iptc:DateCreated": "20140501"},
    {"xmp:tiff:Model": "Canon EOS 5D"},
    {"exif:ExifImageWidth": "400", "exif:ExifImageHeight": "600"},
    {"exif:ExifImageWidth": "608", "exif:ExifImageHeight": "408"},
    {"exif:ExifImageWidth": "0", "exif:ExifImageHeight": "0"},
    {"box:movie_created": "2020:05:05 10:00:00", "box:movie_modified": "2020:05:05 10:00:30"},
    {"container:encoder": "Lavf60.3.100"},
]


@pytest.mark.parametrize("tags", INNOCENT)
def test_what_is_innocent_contradicts_nothing(tags: dict[str, str]) -> None:
    assert found(CAMERA | tags) == set()


def test_coding_that_no_camera_uses() -> None:
    colour = ((2, 2), (1, 1), (1, 1))
    assert found(CAMERA, Jpeg(600, 400, True, colour)) == {"not-camera-coding"}
    assert found(CAMERA, Jpeg(600, 400, False, ((1, 1),) * 3)) == {"not-camera-coding"}
    assert found(CAMERA, Jpeg(600, 400, False, colour)) == set()
    assert found({}, Jpeg(600, 400, True, colour)) == set()


def test_tables_of_an_apple_camera(tmp_path: Path) -> None:
    path = camera(tmp_path / "a.jpg", Make="Apple", Model="iPhone 12")
    assert set(told(path)) == {"apple-standard-tables"}
    assert set(told(camera(tmp_path / "b.jpg"))) == set()


def test_dates_and_places() -> None:
    assert when("2014-05-01T12:00:00.5+02:00") == datetime.datetime(2014, 5, 1, 12)
    assert when("2014:13:01 10:00:00") is None
    assert when("    :  :     :  :  ") is None
    tags = (
        Field("gps", "GPSLatitude", "48, 30, 0"), Field("gps", "GPSLatitudeRef", "S"),
        Field("gps", "GPSLongitude", "2, 15, 36"), Field("gps", "GPSLongitudeRef", "E"),
    )  # fmt: skip
    assert position(Metadata(tags)) == "-48.500000, 2.260000"
    assert position(Metadata((Field("gps", "GPSLatitude", "x"),))) == ""


@pytest.mark.parametrize("half", ["", "?", "0"])
def test_a_place_without_a_half_of_the_earth_says_so(half: str) -> None:
    tags = [Field("gps", "GPSLatitude", "48, 30, 0"), Field("gps", "GPSLongitude", "2, 15, 36")]
    tags += [Field("gps", "GPSLongitudeRef", "W"), Field("gps", "GPSLatitudeRef", half)]
    place = position(Metadata(tuple(tags)))
    assert place == "48.500000 (north or south is not said), -2.260000"
    assert "east or west is not said" in position(Metadata(tuple(tags[:2])))


def test_a_place_off_the_globe_is_none() -> None:
    for latitude, longitude in (("91, 0, 0", "2, 0, 0"), ("0, 0, 0", "0, 0, 0"), ("nan", "2")):
        tags = (Field("gps", "GPSLatitude", latitude), Field("gps", "GPSLongitude", longitude))
        assert position(Metadata(tags)) == ""


def small(picture: Image.Image) -> Image.Image:
    return picture.resize((160, 120), Image.Resampling.LANCZOS)


def test_the_thumbnail_of_the_picture_contradicts_nothing(tmp_path: Path) -> None:
    picture = photo(1)
    assert told(with_thumbnail(tmp_path / "a.jpg", picture, small(picture))) == {}
    brighter = small(picture).point(lambda value: min(255, int(value * 0.8 + 30)))
    assert told(with_thumbnail(tmp_path / "b.jpg", picture, brighter)) == {}
    bars = Image.new("RGB", (160, 120))
    bars.paste(picture.resize((160, 100)), (0, 10))
    wide = picture.resize((480, 300))
    assert told(with_thumbnail(tmp_path / "c.jpg", wide, bars)) == {}


def test_a_changed_part_is_marked(tmp_path: Path) -> None:
    picture = photo(2)
    thumbnail = small(picture)
    pixels = np.asarray(picture).copy()
    pixels[90:200, 240:400] = 255 - pixels[90:200, 240:400] // 2
    path = with_thumbnail(tmp_path / "a.jpg", Image.fromarray(pixels), thumbnail)
    finding = told(path)["thumbnail-region"]
    assert finding.bearing is Label.INCONCLUSIVE
    (mask,) = finding.where.masks
    rows, columns = (mask.values >= mask.level).nonzero()
    y = (rows + 0.5) / mask.values.shape[0] * 360
    x = (columns + 0.5) / mask.values.shape[1] * 480
    inside = (y > 70) & (y < 220) & (x > 220) & (x < 420)
    assert inside.mean() > 0.9


@pytest.mark.parametrize("way", list(Image.Transpose))
def test_a_picture_that_was_turned_or_mirrored_is_said_to_be(
    tmp_path: Path, way: Image.Transpose
) -> None:
    mirrored = way in (
        Image.Transpose.FLIP_LEFT_RIGHT,
        Image.Transpose.FLIP_TOP_BOTTOM,
        Image.Transpose.TRANSPOSE,
        Image.Transpose.TRANSVERSE,
    )
    for number, picture in enumerate((photo(7), night(7))):
        path = tmp_path / f"{number}.jpg"
        found = told(with_thumbnail(path, picture.transpose(way), small(picture)))
        assert set(found) == {"thumbnail-mirrored" if mirrored else "thumbnail-turned"}
        assert all(finding.bearing is None for finding in found.values())


def night(seed: int, lights: int = 5, width: int = 1200, height: int = 900) -> Image.Image:
    """A nearly empty dark picture: a few lights, and the noise of a sensor."""
    rng = np.random.default_rng(seed)
    picture = Image.new("RGB", (width, height), (2, 2, 4))
    draw = ImageDraw.Draw(picture)
    for x, y in zip(rng.integers(40, width - 140, lights), rng.integers(40, height - 140, lights),
                    strict=True):  # fmt: skip
        draw.ellipse((int(x), int(y), int(x) + 90, int(y) + 70), fill=(250, 220, 160))
    noisy = np.asarray(picture) + rng.normal(0, 3, (height, width, 3))
    return Image.fromarray(noisy.clip(0, 255).astype(np.uint8))


@pytest.mark.parametrize("lights", [0, 1, 2, 5, 12])
def test_the_thumbnail_of_a_dark_picture_contradicts_nothing(tmp_path: Path, lights: int) -> None:
    for seed in range(3):
        picture = night(seed, lights)
        assert told(with_thumbnail(tmp_path / "a.jpg", picture, small(picture))) == {}
        bars = Image.new("RGB", (160, 120))
        wide = picture.resize((1200, 675))
        bars.paste(wide.resize((160, 90), Image.Resampling.LANCZOS), (0, 15))
        assert told(with_thumbnail(tmp_path / "b.jpg", wide, bars)) == {}
        pale = picture.point(lambda value: 250 - value // 2)
        assert told(with_thumbnail(tmp_path / "c.jpg", pale, small(pale))) == {}


def test_another_dark_picture_is_still_another(tmp_path: Path) -> None:
    path = with_thumbnail(tmp_path / "a.jpg", night(1, 6), small(night(2, 6)))
    assert set(told(path)) & {"thumbnail-other", "thumbnail-region"}


def test_another_picture_and_a_crop(tmp_path: Path) -> None:
    path = with_thumbnail(tmp_path / "a.jpg", photo(3), small(photo(4)))
    assert set(told(path)) == {"thumbnail-other"}
    whole = photo(5)
    part = whole.crop((100, 60, 400, 285)).resize((480, 360))
    assert set(told(with_thumbnail(tmp_path / "b.jpg", part, small(whole)))) == {"thumbnail-crop"}


def test_a_broken_thumbnail_says_nothing(tmp_path: Path) -> None:
    path = with_thumbnail(tmp_path / "a.jpg", photo(6), small(photo(6)))
    data = path.read_bytes()
    place = data.index(b"\xff\xd8", 2)
    path.write_bytes(data[:place] + bytes(40) + data[place + 40 :])
    assert told(path) == {}


def test_xmp_of_a_real_file_is_held_against_exif(tmp_path: Path) -> None:
    body = "<tiff:Model>NIKON D90</tiff:Model>"
    from metadata_samples import exif

    tags = exif(Make="Canon", Model="Canon EOS 5D", DateTimeOriginal=TAKEN)
    photo().save(tmp_path / "a.jpg", exif=tags, xmp=packet(body).encode(), subsampling="4:2:0")
    assert set(told(tmp_path / "a.jpg")) == {"blocks-disagree-on-camera"}
