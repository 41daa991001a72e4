"""Dots, lines, weave, screens and repeated pixels are patterns; photos and JPEG blocks are not."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from unmask.analyzers.base import Options
from unmask.analyzers.picture import PictureAnalyzer
from unmask.decision.evidence import gather
from unmask.decision.fusion import fuse
from unmask.detectors.image.unmask_picture.pattern import regular_pattern
from unmask.types import (
    FLAGGED,
    Claim,
    Finding,
    Frame,
    Kind,
    Label,
    MediaInfo,
    Pixels,
    Verdict,
    Vote,
)

EXAMPLES = Path(__file__).parents[2] / "examples"
_BAYER = np.array([[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]) / 16


def photo(name: str = "coffee.jpg", side: int = 400) -> np.ndarray:
    with Image.open(EXAMPLES / name) as image:
        image.thumbnail((side, side))
        return np.asarray(image.convert("RGB")).astype(float)


def grid(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y, x = np.mgrid[: values.shape[0], : values.shape[1]]
    return y[..., None], x[..., None]


def dithered(levels: int) -> np.ndarray:
    values = photo()
    y, x = grid(values)
    steps = values / 255 * (levels - 1) + _BAYER[y % 4, x % 4] - 0.5
    return np.round(steps) / (levels - 1) * 255


def halftone(period: float) -> np.ndarray:
    values = photo("astronaut.jpg").mean(axis=2, keepdims=True)
    y, x = grid(values)
    dots = (np.cos(4.4 / period * (x + y)) + np.cos(4.4 / period * (x - y)) + 2) / 4
    return np.repeat(20 + 220 / (1 + np.exp(-18 * (values / 255 - dots))), 3, axis=2)


def weave(period: float) -> np.ndarray:
    values = np.full((400, 400, 3), 128.0)
    y, x = grid(values)
    threads = np.sin(2 * np.pi * x / period) * np.sin(2 * np.pi * y / period)
    return values + 30 * threads + np.random.default_rng(0).normal(0, 6, values.shape)


def scan_lines(period: float) -> np.ndarray:
    values = photo("cat.jpg")
    return values * (0.75 + 0.25 * np.cos(2 * np.pi * grid(values)[0] / period))


def repeated(times: int) -> np.ndarray:
    return photo("cat.jpg", 200).repeat(times, axis=0).repeat(times, axis=1)


def interlaced(moved: int) -> np.ndarray:
    values = photo("cat.jpg")
    values[1::2] = np.roll(values, moved, axis=1)[1::2]
    return values


def saved(values: np.ndarray, quality: int) -> Pixels:
    kept = io.BytesIO()
    Image.fromarray(np.clip(values, 0, 255).astype(np.uint8)).save(kept, "JPEG", quality=quality)
    with Image.open(kept) as image:
        return np.asarray(image.convert("RGB"))


PATTERNS: list[Callable[[], np.ndarray]] = [
    lambda: dithered(2),
    lambda: dithered(6),
    lambda: halftone(3.7),
    lambda: halftone(8),
    lambda: weave(4),
    lambda: weave(6.3),
    lambda: scan_lines(2.7),
    lambda: scan_lines(4),
    lambda: repeated(2),
    lambda: repeated(3),
    lambda: interlaced(9),
]


@pytest.mark.parametrize("number", range(len(PATTERNS)))
@pytest.mark.parametrize("quality", [60, 93])
def test_a_regular_pattern_is_found_through_saving(number: int, quality: int) -> None:
    assert regular_pattern(saved(PATTERNS[number](), quality))


@pytest.mark.parametrize("name", ["coffee.jpg", "cat.jpg", "astronaut.jpg"])
@pytest.mark.parametrize("quality", [5, 15, 30, 75, 95])
def test_a_photograph_has_none_however_it_was_saved(name: str, quality: int) -> None:
    assert not regular_pattern(saved(photo(name), quality))


@pytest.mark.parametrize("side", [120, 160])
def test_a_thing_in_a_small_picture_is_none(side: int) -> None:
    values = np.random.default_rng(3).normal(120, 2, (side, side, 3))
    values[20:45, 43:70] += 60
    assert not regular_pattern(np.clip(values, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("shape", [(64, 64), (70, 300), (3, 500)])
def test_flat_and_small_pictures_have_none(shape: tuple[int, int]) -> None:
    assert not regular_pattern(np.full((*shape, 3), 128, np.uint8))


def judged(pixels: Pixels, fpr: float = 0.01) -> tuple[dict[Claim, Finding], list[str], Verdict]:
    media = MediaInfo("a.png", Kind.IMAGE, "PNG", 1, "0" * 64)
    analyzer = PictureAnalyzer(media, Options(fpr=fpr, threads=1))
    analyzer.frame(Frame(0, 0.0, pixels))
    findings = analyzer.finish().findings
    verdict, _ = fuse(media, findings, fpr, 0.5)
    return {one.claim: one for one in findings}, sorted(gather(media, findings).signs), verdict


@pytest.mark.parametrize("number", range(len(PATTERNS)))
def test_a_patterned_picture_is_inconclusive_whatever_it_scores(number: int) -> None:
    found, signs, verdict = judged(np.clip(PATTERNS[number](), 0, 255).astype(np.uint8))
    assert signs == []
    assert verdict.label is Label.INCONCLUSIVE
    assert "regular pattern" in verdict.reason
    for finding in found.values():
        assert finding.vote is Vote.UNDECIDED
        assert finding.score is not None
        assert "does not count" in finding.reason


def test_without_the_pattern_test_its_scores_would_flag_the_file(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("unmask.analyzers.picture.regular_pattern", lambda _: False)
    found, signs, verdict = judged(np.clip(dithered(6), 0, 255).astype(np.uint8), 0.05)
    assert signs == ["edited", "generated"]
    assert verdict.label in FLAGGED
    assert found[Claim.PICTURE_GENERATED].vote is Vote.FORGED
