"""Pictures of every colour mode come out upright, RGB and with the right colours."""

from __future__ import annotations

import io
import random
import warnings
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms, ImageFile

import make_media as make
from unmask.errors import UnreadableMedia, UnsupportedMedia
from unmask.media import frames, probe, read_image, stream
from unmask.media.tone import PQ, tone_map
from unmask.types import Frame, Kind

UPRIGHT = ["red", "green", "blue", "white"]


def test_every_picture_format_is_read(kinds: dict[str, list[Path]]) -> None:
    reference = make.photo().astype(int)
    for path in kinds["image"]:
        info = probe(path)
        pixels = read_image(path)
        assert info.kind is Kind.IMAGE, path.name
        assert (info.width, info.height) == (96, 64), path.name
        assert pixels.shape == (64, 96, 3), path.name
        assert pixels.dtype == np.uint8
        assert pixels.flags.c_contiguous
        if path.name != "grey.jpg":
            off = np.abs(pixels - reference).mean()
            assert off < 25, f"{path.name} is off by {off:.1f}"


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(tmp_path: Path, orientation: int) -> None:
    path = make.oriented_jpeg(tmp_path / "turned.jpg", orientation)
    info, pixels = probe(path), read_image(path)
    assert make.corners(pixels) == UPRIGHT
    assert (info.width, info.height) == (64, 48) == pixels.shape[1::-1]
    assert any("rotated" in note for note in info.notes) == (orientation != 1)


def test_orientation_that_makes_no_sense_is_ignored(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 99
    path = make.image(tmp_path / "odd.jpg", exif=exif)
    assert make.corners(read_image(path)) == UPRIGHT


@pytest.mark.parametrize("name", ["a.png", "a.webp", "a.tif", "a.gif", "a.bmp", "a.avif", "a.jpg"])
def test_colours_survive(tmp_path: Path, name: str) -> None:
    assert make.corners(read_image(make.image(tmp_path / name))) == UPRIGHT


def test_cmyk_jpeg(tmp_path: Path) -> None:
    path = make.image(tmp_path / "print.jpg", mode="CMYK", quality=95)
    assert make.corners(read_image(path)) == UPRIGHT
    assert "CMYK: converted to RGB" in probe(path).notes


@pytest.mark.parametrize("name", ["clear.png", "clear.webp", "clear.tif"])
def test_transparency_lies_over_mid_grey(tmp_path: Path, name: str) -> None:
    rgba = np.zeros((10, 20, 4), np.uint8)
    rgba[:, :10] = (255, 0, 0, 255)
    rgba[:, 10:] = (255, 0, 0, 0)
    options = {"lossless": True, "exact": True} if name.endswith("webp") else {}
    Image.fromarray(rgba).save(tmp_path / name, **options)
    pixels = read_image(tmp_path / name)
    assert pixels[5, 4].tolist() == [255, 0, 0]
    assert pixels[5, 15].tolist() == [128, 128, 128]
    assert any("transparent" in note for note in probe(tmp_path / name).notes)


def test_half_transparent_white_over_grey(tmp_path: Path) -> None:
    Image.new("RGBA", (4, 4), (255, 255, 255, 127)).save(tmp_path / "half.png")
    expected = round((255 * 127 + 128 * 128) / 255)
    assert abs(int(read_image(tmp_path / "half.png")[0, 0, 0]) - expected) <= 1


def test_palette_with_a_transparent_colour(tmp_path: Path) -> None:
    picture = Image.new("P", (8, 8), 0)
    picture.putpalette([0, 0, 255, 255, 0, 0])
    picture.paste(1, (4, 0, 8, 8))
    picture.save(tmp_path / "p.gif", transparency=0)
    pixels = read_image(tmp_path / "p.gif")
    assert pixels[2, 1].tolist() == [128, 128, 128]
    assert pixels[2, 6].tolist() == [255, 0, 0]


@pytest.mark.parametrize("name", ["deep.png", "deep.tif"])
def test_sixteen_bits_use_their_full_scale(tmp_path: Path, name: str) -> None:
    ramp = np.linspace(0, 65_535, 256).astype(np.uint16)[None].repeat(4, 0)
    Image.fromarray(ramp).save(tmp_path / name)
    pixels = read_image(tmp_path / name)
    assert pixels[0, :, 0].tolist() == list(range(256))
    assert "deep greyscale: scaled to 8 bits" in probe(tmp_path / name).notes


@pytest.mark.parametrize("white", [1.0, 255.0, 65_535.0, 3e9])
def test_float_pictures_are_scaled_by_their_range(tmp_path: Path, white: float) -> None:
    ramp = np.linspace(0, white, 64, dtype=np.float32)[None].repeat(4, 0)
    Image.fromarray(ramp).save(tmp_path / "f.tif")
    row = read_image(tmp_path / "f.tif")[0, :, 0].astype(int)
    assert row[0] == 0
    assert row[-1] == 255
    assert abs(row[32] - 255 * 32 / 63) <= 1


def test_a_wide_gamut_profile_is_converted(tmp_path: Path) -> None:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(_swapped_profile()))
    path = make.image(tmp_path / "wide.png", icc_profile=profile.tobytes())
    assert "colour profile: converted to sRGB" in probe(path).notes
    assert make.corners(read_image(path)) == ["green", "red", "blue", "white"]


def _swapped_profile() -> bytes:
    """An sRGB profile whose red and green primaries have changed places and that has no name."""
    data = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    data = data.replace(b"rXYZ", b"tmp_").replace(b"gXYZ", b"rXYZ").replace(b"tmp_", b"gXYZ")
    return data.replace("sRGB".encode("utf-16-be"), "test".encode("utf-16-be"))


def test_an_srgb_profile_changes_no_pixel(tmp_path: Path) -> None:
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    path = make.image(tmp_path / "s.png", make.photo(), icc_profile=srgb)
    assert np.array_equal(read_image(path), make.photo())
    assert probe(path).notes == ()


def test_a_damaged_profile_is_noted_and_ignored(tmp_path: Path) -> None:
    path = make.image(tmp_path / "bad.png", make.photo(), icc_profile=b"nonsense" * 20)
    assert np.array_equal(read_image(path), make.photo())
    assert "damaged colour profile: ignored" in probe(path).notes


def test_a_renamed_file_is_read_and_noted(tmp_path: Path) -> None:
    path = tmp_path / "really.png"
    path.write_bytes(make.jpeg_bytes())
    info = probe(path)
    assert info.container == "JPEG"
    assert info.notes == ("renamed: the name ends in .png, the content is JPEG",)
    assert make.corners(read_image(path)) == UPRIGHT


@pytest.mark.parametrize("name", ["träumerei 写真.jpg", "-rf.jpg", "two\nlines.jpg", "a%03d.jpg"])
def test_odd_names(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(make.jpeg_bytes())
    info = probe(path)
    info.path.encode("utf-8")
    assert make.corners(read_image(path)) == UPRIGHT


def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    path = Path(str(tmp_path) + "/\udcff\udcfe.jpg")
    path.write_bytes(make.jpeg_bytes())
    probe(path).path.encode("utf-8")
    path.write_bytes(b"\xff\xd8\xff\xe0")
    with pytest.raises(UnreadableMedia) as caught:
        read_image(path)
    str(caught.value).encode("utf-8")


def test_turns_of_heic_are_applied_once(tmp_path: Path) -> None:
    path = make.heic(tmp_path / "turned.heic", turns=1)
    info = probe(path)
    assert (info.width, info.height) == (48, 64)
    assert make.corners(read_image(path)) == ["green", "white", "red", "blue"]


def test_several_pages_are_noted(tmp_path: Path) -> None:
    pages = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    pages[0].save(tmp_path / "two.tif", save_all=True, append_images=pages[1:])
    assert "holds 2 pictures: only the first is judged" in probe(tmp_path / "two.tif").notes
    assert read_image(tmp_path / "two.tif")[0, 0].tolist() == [255, 0, 0]


def test_camera_raw_is_not_judged_by_its_preview(tmp_path: Path) -> None:
    Image.new("RGB", (8, 8)).save(tmp_path / "camera.dng", "TIFF", tiffinfo={50706: b"\1\4\0\0"})
    with pytest.raises(UnsupportedMedia, match="camera raw"):
        probe(tmp_path / "camera.dng")


def test_pillow_settings_of_the_host_are_kept_but_do_not_forge(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    path = tmp_path / "half.jpg"
    whole = make.jpeg_bytes(make.photo())
    path.write_bytes(whole)
    read_image(path)
    path.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(UnreadableMedia):
        read_image(path)
    assert ImageFile.LOAD_TRUNCATED_IMAGES
    assert Image.MAX_IMAGE_PIXELS == 10


@pytest.mark.parametrize("end", ["gif", "webp", "png", "avif"])
def test_animations_are_videos(tmp_path: Path, end: str) -> None:
    path = make.animation(tmp_path / f"m.{end}", count=6, milliseconds=250)
    info = probe(path)
    assert info.kind is Kind.VIDEO
    assert "animated picture: treated as a video" in info.notes
    assert (info.frames, info.seconds, info.frame_rate) == (6, 1.5, 4.0)
    shown = list(frames(path, info))
    assert [frame.time for frame in shown] == pytest.approx([0, 0.25, 0.5, 0.75, 1.0, 1.25])
    levels = [int(frame.pixels.mean()) for frame in shown]
    assert levels == pytest.approx([0, 40, 80, 120, 160, 200], abs=4)
    assert read_image(path).mean() < 4 if end != "avif" else True


def test_quick_animations_are_thinned_by_time(tmp_path: Path) -> None:
    path = make.animation(tmp_path / "m.gif", count=20, milliseconds=50)
    shown = list(frames(path, probe(path), fps=5))
    assert [frame.index for frame in shown] == [0, 4, 8, 12, 16]


def test_animation_with_one_frame_is_a_picture(tmp_path: Path) -> None:
    assert probe(make.animation(tmp_path / "one.gif", count=1)).kind is Kind.IMAGE


def test_the_stream_of_a_picture_is_one_frame(tmp_path: Path) -> None:
    path = make.image(tmp_path / "p.png")
    (frame,) = stream(path, probe(path))
    assert isinstance(frame, Frame)
    assert (frame.index, frame.time) == (0, 0.0)
    assert list(stream(path, probe(path), want_frames=False)) == []


def test_no_switch_of_pillow_is_held_while_the_caller_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 1_234)
    path = make.animation(tmp_path / "m.gif")
    filters = list(warnings.filters)
    for _ in frames(path, probe(path)):
        assert Image.MAX_IMAGE_PIXELS == 1_234
        assert warnings.filters == filters


def test_strips_join_without_seams(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (2100, 1100, 3), dtype=np.uint8)
    path = make.image(tmp_path / "large.png", pixels)
    assert np.array_equal(read_image(path), pixels)


def test_tone_mapping_keeps_black_white_and_order() -> None:
    ramp = np.linspace(0, 65_535, 512).astype(np.uint16)[None, :, None].repeat(3, 2)
    row = tone_map(ramp, PQ)[0, :, 1].astype(int)
    assert row[0] == 0
    assert row[-1] == 255
    assert all(np.diff(row) >= 0)
    white = row[round(0.5807 * 511)]  # 203 cd/m², reference white
    assert 150 < white < 235


@pytest.mark.parametrize("part", [0.2, 0.4, 0.6, 0.8])
@pytest.mark.parametrize("subsampling", [0, 2])
def test_a_jpeg_cut_off_and_closed_is_not_filled_with_grey(
    tmp_path: Path, part: float, subsampling: int
) -> None:
    """Data that stop before the end, followed by a proper end mark: libjpeg would say nothing."""
    data = make.jpeg_bytes(make.photo(333, 217), quality=85, subsampling=subsampling)
    path = tmp_path / "closed.jpg"
    path.write_bytes(data[: int(part * len(data))].rstrip(b"\xff") + b"\xff\xd9")
    with pytest.raises(UnreadableMedia, match="rows hold no data"):
        read_image(path)


@pytest.mark.parametrize("kind", ["bar", "corner", "all", "side", "caption"])
def test_grey_parts_of_a_whole_jpeg_are_no_damage(tmp_path: Path, kind: str) -> None:
    pixels = make.photo(320, 200)
    places = {
        "bar": np.s_[120:],
        "corner": np.s_[120:, 160:],
        "all": np.s_[:],
        "side": np.s_[:, 160:],
    }
    if kind == "caption":  # the shape that a cut file would have
        pixels[120:], pixels[120:128, :128] = 128, (20, 20, 90)
    else:
        pixels[places[kind]] = 128
    path = make.image(tmp_path / "grey.jpg", pixels, quality=95, subsampling=0)
    assert read_image(path).shape == (200, 320, 3)


def test_random_modes_never_fail(tmp_path: Path) -> None:
    rng = random.Random(0)
    for mode in ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "LAB", "I", "F", "I;16"):
        path = tmp_path / f"{mode.replace(';', '')}.tif"
        picture = Image.new("L", (30, 20), rng.randrange(256))
        if mode == "LAB":
            picture = Image.new("LAB", (30, 20), (128, 128, 128))
        elif mode == "I;16":
            picture = Image.fromarray(np.full((20, 30), 300, np.uint16))
        elif mode == "LA":
            picture = Image.new("LA", (30, 20), (9, 200))
        elif mode not in ("L", "YCbCr", "CMYK"):
            picture = picture.convert(mode)
        else:
            picture = picture.convert("RGB").convert(mode)
        picture.save(path)
        assert read_image(path).shape == (20, 30, 3), mode
