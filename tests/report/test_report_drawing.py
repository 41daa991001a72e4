"""Marks: heat-maps, outlines, colours."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
from PIL import Image

from unmask.report.drawing import HEAT, heat, jpeg_uri, outline
from unmask.types import Box, Mask

BOX = Box(100, 200, 80, 40)


def decode(uri: str) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(uri.split(",", 1)[1])))


def square() -> np.ndarray:
    """The right half of a grid is marked."""
    grid = np.zeros((8, 16), np.float32)
    grid[:, 8:] = 1.0
    return grid


def test_heat_map_is_clear_where_nothing_is_suspect() -> None:
    placed = heat(Mask(square(), BOX))
    assert placed.box == BOX
    picture = np.asarray(decode(placed.uri).convert("RGBA"))
    assert picture.shape[1] / picture.shape[0] == 2  # the shape of the box, not of the grid
    middle = picture.shape[0] // 2
    assert picture[middle, 5, 3] == 0
    assert picture[middle, -5, 3] > 128
    assert tuple(picture[middle, -5, :3]) == tuple(bytes.fromhex(HEAT[-1][1:]))


def test_heat_colours_rise_evenly_in_lightness() -> None:
    """CIE L* of the stops (sRGB, D65) rises in steps of nearly equal size."""
    lightness = []
    for stop in HEAT:
        rgb = np.array(list(bytes.fromhex(stop[1:]))) / 255
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        luminance = float(linear @ [0.2126, 0.7152, 0.0722])
        lightness.append(116 * luminance ** (1 / 3) - 16)
    steps = np.diff(lightness)
    assert steps.min() > 7
    assert steps.max() < 13


def test_outline_follows_the_edge_in_pixels_of_the_original() -> None:
    points = np.array(
        [
            (float(x), float(y))
            for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", outline(Mask(square(), BOX)))
        ]
    )
    assert points[:, 0].min() >= 138  # the half lies at x = 140
    assert points[:, 0].min() <= 142
    assert points[:, 0].max() <= 180
    assert points[:, 1].min() >= 200
    assert points[:, 1].max() <= 240


def test_outline_of_nothing_is_empty_and_of_all_is_closed() -> None:
    assert outline(Mask(np.zeros((6, 6), np.float32), BOX)) == ""
    path = outline(Mask(np.ones((6, 6), np.float32), BOX))
    ends: dict[str, int] = {}
    for piece in path.split("M")[1:]:
        for end in piece.split("L"):
            ends[end] = ends.get(end, 0) + 1
    assert set(ends.values()) == {2}  # every end meets another


def test_outline_of_a_blob_is_closed() -> None:
    grid = np.random.default_rng(4).random((12, 12)).astype(np.float32)
    path = outline(Mask(grid, Box(0, 0, 1200, 1200)))
    ends = [end for piece in path.split("M")[1:] for end in piece.split("L")]
    inner = [e for e in ends if not {"0.0", "1200.0"} & set(e.split())]
    assert inner
    assert all(inner.count(end) % 2 == 0 for end in inner)


def test_bad_numbers_in_a_mask_are_not_marked() -> None:
    grid = np.full((4, 4), np.nan, np.float32)
    assert outline(Mask(grid, BOX)) == ""
    assert np.asarray(decode(heat(Mask(grid, BOX)).uri).convert("RGBA"))[..., 3].max() == 0


def test_large_masks_stay_small_in_the_page() -> None:
    grid = np.random.default_rng(1).random((1024, 1024)).astype(np.float32)
    smooth = Mask(np.sort(grid), Box(0, 0, 4000, 4000))
    assert len(heat(smooth).uri) < 200_000
    assert len(outline(smooth)) < 60_000


def test_pictures_are_bounded_and_hold_no_metadata() -> None:
    pixels = np.zeros((3000, 2000, 3), np.uint8)
    picture = decode(jpeg_uri(pixels))
    assert max(picture.size) == 1400
    assert not picture.getexif()
