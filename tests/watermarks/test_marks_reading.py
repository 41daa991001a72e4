"""Marks are read back where they are, and nowhere else."""

from __future__ import annotations

import io
import time
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from marking import marked, photo
from PIL import Image

from unmask.watermarks.blocks import LARGEST, bands, coefficients
from unmask.watermarks.marks import Mark, known
from unmask.watermarks.reading import Match, Reader

MARKED = Path(__file__).parent / "marked"
BY_NAME = {mark.name: mark for mark in known()}


def read(*pictures: np.ndarray) -> list[Match]:
    reader = Reader(known())
    for picture in pictures:
        reader.add(picture)
    return [match for match in reader.matches() if match.there]


def text(message: str) -> list[int]:
    return np.unpackbits(np.frombuffer(message.encode(), np.uint8)).tolist()


def saved(pixels: np.ndarray, kind: str, **options: int) -> np.ndarray:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return np.asarray(Image.open(file).convert("RGB"))


@pytest.mark.parametrize(
    ("file", "name"), [("stable_diffusion_v1.webp", "StableDiffusionV1"), ("sdxl.webp", "SDXL")]
)
def test_what_the_published_encoder_wrote_is_read(file: str, name: str) -> None:
    (match,) = read(np.asarray(Image.open(MARKED / file).convert("RGB")))
    assert match.mark.name == name
    assert match.agreeing == match.bits
    assert match.z > 10


@pytest.mark.parametrize(
    ("mark", "order"), [(mark, order) for mark in known() for order in mark.orders]
)
def test_every_known_mark_is_read_and_no_other(mark: Mark, order: str) -> None:
    (match,) = read(marked(photo(), mark.message.tolist(), mark.arithmetic, order))
    assert match.mark == mark
    assert match.agreeing >= 0.98 * match.bits


@pytest.mark.parametrize("mark", known(), ids=lambda mark: mark.name)
def test_a_mark_survives_a_light_save(mark: Mark) -> None:
    picture = marked(photo(seed=3), mark.message.tolist(), mark.arithmetic)
    kept = saved(picture, "JPEG", quality=95, subsampling=0)
    assert [match.mark for match in read(kept)] == [mark]


@pytest.mark.parametrize("seed", range(12))
def test_an_unmarked_picture_has_none(seed: int) -> None:
    assert read(photo(seed=seed, height=256 + 64 * (seed % 5))) == []


@pytest.mark.parametrize(
    "message", ["test", "SDV3", "SDXL", "watermark", "StableDiffusionV9", "InvokeUI"]
)
def test_the_message_of_somebody_else_is_not_taken_for_a_known_one(message: str) -> None:
    assert read(marked(photo(seed=5), text(message))) == []


@pytest.mark.parametrize("seed", range(6))
def test_random_messages_of_the_same_length_are_not_taken_for_a_known_one(seed: int) -> None:
    rng = np.random.default_rng(seed)
    for arithmetic, length in (("bytes", 32), ("bytes", 136), ("floats", 46), ("floats", 48)):
        message = rng.integers(0, 2, length).tolist()
        assert read(marked(photo(256, 256, seed), message, arithmetic)) == []


def test_the_clear_message_of_a_neighbour_contradicts() -> None:
    reader = Reader(known())
    reader.add(marked(photo(), text("SDV3")))
    match = next(match for match in reader.matches() if match.mark.name == "SDV2")
    assert match.agreeing == 31
    assert match.contradicting == 1
    assert not match.there


def test_frames_add_up() -> None:
    mark = BY_NAME["SDXL"]
    rng = np.random.default_rng(0)
    frames = [
        np.clip(
            marked(photo(256, 256, seed), mark.message.tolist(), "floats")
            + rng.normal(0, 12, (256, 256, 3)),
            0,
            255,
        ).astype(np.uint8)
        for seed in range(5)
    ]
    alone = Reader((mark,))
    alone.add(frames[0])
    together = Reader((mark,))
    for frame in frames:
        together.add(frame)
    assert together.matches()[0].z > alone.matches()[0].z + 1


@pytest.mark.parametrize("shape", [(1, 1), (7, 900), (8, 8), (9, 4000), (300, 300)])
def test_odd_shapes_and_flat_pictures_give_no_evidence(shape: tuple[int, int]) -> None:
    for value in (0, 128, 255):
        reader = Reader(known())
        reader.add(np.full((*shape, 3), value, np.uint8))
        assert all(match.z == 0 for match in reader.matches())


def test_stripes_and_checks_have_no_mark() -> None:
    y, x = np.mgrid[0:512, 0:512]
    for period in (8, 16, 32, 64, 128):
        for mask in (x // period % 2, y // period % 2, (x // period + y // period) % 2):
            picture = np.stack([mask * 200, mask * 90 + 30, 220 - mask * 180], -1)
            assert read(picture.astype(np.uint8)) == []


def test_rows_of_a_huge_picture_are_spread_and_keep_their_numbers() -> None:
    pixels = np.zeros((8192, 1024, 3), np.uint8)
    numbers = np.concatenate([some for some, _ in bands(pixels)])
    assert len(numbers) * 64 <= LARGEST
    assert numbers[0] == 0
    assert numbers[-1] == 8192 // 8 * 128 - 1
    assert len(np.unique(numbers)) == len(numbers)


def test_a_mark_is_read_in_a_picture_larger_than_what_is_looked_at() -> None:
    mark = BY_NAME["FLUX"]
    one = marked(photo(512, 46 * 8), mark.message.tolist(), "floats")
    (match,) = read(np.tile(one, (40, 1, 1)))
    assert match.mark == mark


def test_a_huge_picture_costs_little_memory_and_time() -> None:
    pixels = np.zeros((8000, 12000, 3), np.uint8)
    tracemalloc.start()
    begun = time.process_time()
    read(pixels)
    spent, (_, peak) = time.process_time() - begun, tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200e6
    assert spent < 5


def test_coefficients_are_twice_the_chroma_of_their_pixels() -> None:
    pixels = np.zeros((8, 16, 3), np.uint8)
    pixels[:, 8:] = (10, 20, 200)
    ((numbers, low),) = bands(pixels)
    assert numbers.tolist() == [0, 1]
    light = 0.299 * 10 + 0.587 * 20 + 0.114 * 200
    assert coefficients(low, "bgr")[1] == pytest.approx(
        np.full(15, 2 * 0.492 * (200 - light)), 1e-5
    )
    light = 0.299 * 200 + 0.587 * 20 + 0.114 * 10
    assert coefficients(low, "rgb")[1] == pytest.approx(np.full(15, 2 * 0.492 * (10 - light)), 1e-5)
