"""What is said about the saving of pictures, on pictures saved here."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unmask.analyzers.base import Options, Result
from unmask.analyzers.compression import CompressionAnalyzer
from unmask.compression.blocks import FREQUENCIES, cut
from unmask.compression.double_quantisation import MOST, cumulative, once, twice
from unmask.compression.grid import offset
from unmask.compression.regions import filled, parts, settled
from unmask.compression.tables import setting, standard
from unmask.media import probe
from unmask.types import Finding, Label

data = pytest.importorskip("skimage.data", reason="the photographs of scikit-image are needed")
Photo = Image.Image


@pytest.fixture(scope="module")
def photo() -> Photo:
    return Image.fromarray(data.coffee())


@pytest.fixture(scope="module")
def other() -> Photo:
    return Image.fromarray(data.astronaut()).resize((600, 600)).crop((0, 0, 600, 400))


def said(path: Path) -> Result:
    return CompressionAnalyzer(probe(path), Options()).finish()


def about(result: Result, subject: str) -> Finding | None:
    return next((one for one in result.findings if one.subject == subject), None)


def again(image: Photo, path: Path, quality: int) -> Photo:
    image.save(path, "JPEG", quality=quality)
    with Image.open(path) as saved:
        return saved.convert("RGB")


def pasted(photo: Photo, other: Photo, folder: Path, **options: object) -> Path:
    """Quality 75, a square of quality 90 pasted in off the grid, saved at 95."""
    ground = np.array(again(photo, folder / "a.jpg", 75))
    source = np.array(again(other, folder / "b.jpg", 90))
    ground[130:290, 210:370] = source[33:193, 221:381]
    path = folder / "pasted.jpg"
    Image.fromarray(ground).save(path, quality=95, **options)
    return path


def covered(finding: Finding, box: tuple[int, int, int, int]) -> float:
    """Intersection over union of the marked cells and a box of pixels."""
    mask = finding.where.masks[0]
    rows, columns = mask.values.shape
    marked = np.kron(
        mask.values >= mask.level,
        np.ones((int(mask.box.height) // rows, int(mask.box.width) // columns), bool),
    )
    true = np.zeros_like(marked)
    left, top, width, height = box
    true[top : top + height, left : left + width] = True
    return float((marked & true).sum() / (marked | true).sum())


def test_a_pasted_part_is_found_where_it_is(photo: Photo, other: Photo, tmp_path: Path) -> None:
    found = about(said(pasted(photo, other, tmp_path)), "a part of the picture")
    assert found is not None
    assert found.bearing is Label.INCONCLUSIVE
    assert covered(found, (210, 130, 160, 160)) > 0.7
    assert found.details["earlier quality of the rest"] == 75
    assert found.where.boxes[0].area > 100 * 100
    assert found.sign == "laid-in"
    assert found.details["degree"] >= 1


def test_a_part_that_alone_was_saved_before_counts_less(photo: Photo, tmp_path: Path) -> None:
    """Textures of authentic pictures look like that; the reverse is hardly seen in any."""
    ground, before = np.asarray(photo).copy(), np.asarray(again(photo, tmp_path / "a.jpg", 70))
    ground[128:288, 208:368] = before[128:288, 208:368]
    Image.fromarray(ground).save(tmp_path / "part.jpg", quality=95)
    found = about(said(tmp_path / "part.jpg"), "a part of the picture")
    assert found is not None
    assert found.details["earlier quality of the rest"] == "none seen"
    assert found.sign == "saved-differently"


def test_the_place_is_that_of_the_upright_picture(
    photo: Photo, other: Photo, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[274] = 6  # stored lying; shown after a quarter turn to the right
    found = about(said(pasted(photo, other, tmp_path, exif=exif)), "a part of the picture")
    assert found is not None
    mask = found.where.masks[0]
    rows, columns = np.nonzero(mask.values)
    middle = (
        mask.box.x + (columns.mean() + 0.5) * mask.box.width / mask.values.shape[1],
        mask.box.y + (rows.mean() + 0.5) * mask.box.height / mask.values.shape[0],
    )
    assert middle == pytest.approx((400 - 210, 290), abs=16)


@pytest.mark.parametrize(("first", "last"), [(75, 95), (60, 85), (90, 95), (50, 70)])
def test_a_whole_picture_saved_twice_has_no_odd_part(
    photo: Photo, tmp_path: Path, first: int, last: int
) -> None:
    again(again(photo, tmp_path / "x.jpg", first), tmp_path / "x.jpg", last)
    result = said(tmp_path / "x.jpg")
    found = about(result, "earlier saving")
    assert found is not None
    assert found.bearing is None
    assert abs(found.details["earlier quality"] - first) <= 3
    assert about(result, "a part of the picture") is None


@pytest.mark.parametrize("encoder", ["web_medium", "low", "medium"])
@pytest.mark.parametrize("last", [90, 95])
def test_an_earlier_encoder_with_tables_of_its_own_makes_no_odd_part(
    photo: Photo, tmp_path: Path, encoder: str, last: int
) -> None:
    """Two qualities of libjpeg each tell a part of such a picture best."""
    photo.save(tmp_path / "x.jpg", "JPEG", quality=encoder)
    with Image.open(tmp_path / "x.jpg") as saved:
        was = saved.convert("RGB")
    again(was, tmp_path / "x.jpg", last)
    result = said(tmp_path / "x.jpg")
    assert about(result, "earlier saving") is not None
    assert about(result, "a part of the picture") is None


def test_a_part_is_found_after_an_encoder_with_tables_of_its_own(
    photo: Photo, other: Photo, tmp_path: Path
) -> None:
    photo.save(tmp_path / "x.jpg", "JPEG", quality="web_medium")
    with Image.open(tmp_path / "x.jpg") as saved:
        ground = np.array(saved.convert("RGB"))
    ground[130:290, 210:370] = np.array(again(other, tmp_path / "b.jpg", 90))[33:193, 221:381]
    again(Image.fromarray(ground), tmp_path / "x.jpg", 95)
    found = about(said(tmp_path / "x.jpg"), "a part of the picture")
    assert found is not None
    assert found.sign == "laid-in"
    assert covered(found, (210, 130, 160, 160)) > 0.7


@pytest.mark.parametrize("pasts", [(50, 70, 85), (65, 80, 95)])
def test_a_whole_picture_saved_three_times_has_no_odd_part(
    photo: Photo, tmp_path: Path, pasts: tuple[int, int, int]
) -> None:
    now = photo
    for quality in pasts:
        now = again(now, tmp_path / "x.jpg", quality)
    result = said(tmp_path / "x.jpg")
    assert about(result, "earlier saving") is not None
    assert about(result, "a part of the picture") is None


@pytest.mark.parametrize("change", ["cropped", "enlarged", "sky"])
def test_a_smooth_part_is_no_earlier_saving(tmp_path: Path, change: str) -> None:
    """On a smooth slope all blocks are alike, without any saving."""
    was = again(Image.fromarray(data.camera()).convert("RGB"), tmp_path / "x.jpg", 60)
    if change == "cropped":
        was = was.crop((19, 13, was.width - 9, was.height - 8))
    elif change == "enlarged":
        was = was.resize((922, 922), Image.Resampling.BICUBIC)
    else:
        was = Image.fromarray(slopes())
    was.save(tmp_path / "x.jpg", quality=95, subsampling=0)
    assert about(said(tmp_path / "x.jpg"), "a part of the picture") is None


def slopes() -> np.ndarray:
    """A sky that grows darker to its horizon, over coarse grain, once a JPEG and made smaller."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:400, 0:640]
    sky = 150 + 0.05 * (y - 100) + 60 * ((x - 320) / 640) ** 2
    grain = 110 + np.kron(rng.normal(0, 25, (100, 160)), np.ones((4, 4)))
    grey = np.where(y < 200, sky, grain) + rng.normal(0, 0.25, y.shape) * (y >= 200)
    picture = Image.fromarray(np.clip(grey, 0, 255).round().astype(np.uint8)).convert("RGB")
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=85)
    with Image.open(buffer) as saved:
        return np.asarray(saved.convert("RGB").resize((576, 360), Image.Resampling.BICUBIC))


@pytest.mark.parametrize("quality", [60, 75, 90, 95])
def test_a_picture_saved_once_shows_no_earlier_saving(
    photo: Photo, tmp_path: Path, quality: int
) -> None:
    again(photo, tmp_path / "x.jpg", quality)
    result = said(tmp_path / "x.jpg")
    assert [one.subject for one in result.findings] == ["last saving"]
    assert "traces of an earlier saving as JPEG" in {one.what for one in result.absent}
    assert result.findings[0].details["quality"] == quality


def test_a_png_that_was_a_jpeg_is_known_even_cropped(photo: Photo, tmp_path: Path) -> None:
    was = again(photo, tmp_path / "x.jpg", 82)
    was.crop((3, 6, 560, 390)).save(tmp_path / "x.png")
    found = about(said(tmp_path / "x.png"), "earlier saving")
    assert found is not None
    assert found.details["earlier quality"] == pytest.approx(82, abs=2)
    assert found.details["grid begins at"] == [5, 2]
    photo.save(tmp_path / "never.png")
    assert about(said(tmp_path / "never.png"), "earlier saving") is None


@pytest.mark.parametrize("quality", [1, 10, 49, 50, 75, 93, 100])
def test_the_setting_of_libjpeg_is_read_from_its_table(tmp_path: Path, quality: int) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "x.jpg", quality=quality)
    with Image.open(tmp_path / "x.jpg") as image:
        table = np.array(image.quantization[0]).reshape(8, 8)
    assert (standard(quality) == table).all()
    assert setting(table).quality == quality
    assert setting(table).exact


def test_a_preset_of_photoshop_is_named(tmp_path: Path) -> None:
    Image.new("RGB", (16, 16)).save(tmp_path / "x.jpg", quality="maximum")
    with Image.open(tmp_path / "x.jpg") as image:
        found = setting(np.array(image.quantization[0]).reshape(8, 8))
    assert found.exact
    assert "Photoshop" in found.encoder
    assert found.source
    odd = setting(standard(80) + 1)
    assert not odd.exact
    assert 70 <= odd.quality <= 80


def test_coefficients_are_those_of_the_cosine_transform() -> None:
    at = np.arange(8)
    wave = 40 * np.cos((2 * at + 1) * 2 * np.pi / 16)
    plane = np.tile(128 + wave, (24, 3)).astype(np.float32)
    blocks = cut(plane, np.full((24, 24, 3), 90, np.uint8))
    assert blocks is not None
    values = dict(zip(FREQUENCIES, blocks.coefficients[0, 0], strict=True))
    assert values[0, 2] == pytest.approx(40 * 4 * np.sqrt(2), rel=1e-4)
    assert max(abs(one) for key, one in values.items() if key != (0, 2)) < 1e-3


def test_chances_add_up_and_follow_the_earlier_steps() -> None:
    rng = np.random.default_rng(0)
    before = rng.laplace(0, 6, 200_000).astype(np.float32)
    below = cumulative(np.abs(before), 400)[None]
    assert once(below, 2).sum() == pytest.approx(1, abs=0.01)
    expected = twice(below, 8, 2)[0]
    noise = rng.normal(0, 0.4, before.shape)
    outcome = np.abs(np.rint((np.rint(before / 8) * 8 + noise) / 2)).astype(int)
    seen = np.bincount(outcome, minlength=MOST + 1)[: MOST + 1] / len(outcome)
    assert np.abs(expected - seen).max() < 0.02
    assert expected[4] > 20 * expected[2]


def test_the_grid_of_a_cropped_jpeg_is_found(photo: Photo, tmp_path: Path) -> None:
    was = np.asarray(again(photo, tmp_path / "x.jpg", 80).convert("L"))
    assert offset(was) == (0, 0)
    assert offset(was[6:, 3:]) == (5, 2)


def test_regions_are_settled_split_and_filled() -> None:
    gain = np.full((30, 40), -1.0, np.float32)
    gain[5:15, 5:15] = 2.0
    gain[20, 30] = 5.0  # one odd block
    flags = settled(gain)
    assert flags[6:14, 6:14].all()
    assert not flags[20, 30]
    ring = np.zeros((9, 9), bool)
    ring[2:7, 2:7] = True
    ring[4, 4] = False
    ring[0, 8] = True
    assert filled(ring).sum() == 26
    assert [int(part.sum()) for part in parts(ring)] == [24, 1]


def test_a_handful_of_blocks_is_no_evidence(photo: Photo, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:64, 0:96]
    grey = 128 + 50 * (np.sin(x / 7) + np.cos(y / 5)) + rng.normal(0, 4, (64, 96))
    Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).save(tmp_path / "x.png")
    assert about(said(tmp_path / "x.png"), "earlier saving") is None


def test_what_cannot_be_judged_is_said(photo: Photo, tmp_path: Path) -> None:
    photo.resize((40, 40)).save(tmp_path / "small.jpg")
    photo.convert("CMYK").save(tmp_path / "cmyk.jpg")
    photo.convert("P").save(tmp_path / "palette.png")
    photo.save(tmp_path / "modern.avif")
    Image.new("RGB", (200, 200), (9, 9, 9)).save(tmp_path / "flat.jpg")
    photo.save(tmp_path / "inside.tif", compression="jpeg")
    for name in ("inside.tif", "small.jpg", "cmyk.jpg", "palette.png", "modern.avif", "flat.jpg"):
        result = said(tmp_path / name)
        assert len(result.not_checked) == 1, name
        assert result.not_checked[0].why.endswith("."), name
        assert {one.subject for one in result.findings} <= {"last saving"}, name


def test_a_damaged_file_gives_one_line(photo: Photo, tmp_path: Path) -> None:
    again(photo, tmp_path / "x.jpg", 90)
    media = probe(tmp_path / "x.jpg")
    whole = (tmp_path / "x.jpg").read_bytes()
    (tmp_path / "x.jpg").write_bytes(whole[: len(whole) // 2])
    result = CompressionAnalyzer(media, Options()).finish()
    assert not result.findings
    assert "\n" not in result.not_checked[0].why


def test_a_large_picture_is_thinned_and_says_so(
    photo: Photo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmask.compression.blocks.MOST_BLOCKS", 1000)
    again(again(photo, tmp_path / "x.jpg", 75), tmp_path / "x.jpg", 95)
    result = said(tmp_path / "x.jpg")
    assert about(result, "earlier saving") is not None
    assert "every block" in result.not_checked[0].what


def test_the_command_line_shows_the_doubt(photo: Photo, other: Photo, tmp_path: Path) -> None:
    path = pasted(photo, other, tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "unmask", "scan", str(path), "--json", "--only", "compression"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 3, done.stderr
    record = json.loads(done.stdout)
    first = record["findings"][0]
    assert first["claim"] == "compression"
    assert first["kind"] == "fact"
    assert first["where"]["masks"]
    assert record["verdict"]["label"] == "inconclusive"
