"""The whole-picture analyzer: tiles, votes, places, videos and what it says it did not do."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from unmask.analyzers import picture
from unmask.analyzers.base import Options
from unmask.analyzers.picture import KEPT_FRAMES, SMALLEST, PictureAnalyzer
from unmask.cards.card import Card, Operating, Threshold
from unmask.detectors.image.unmask_picture.tiles import (
    Budget,
    covering,
    glance,
    islands,
    judge,
    scattered,
    shrunk_size,
    top_mean,
)
from unmask.types import Claim, Frame, Kind, MediaInfo, Pixels, Tensor, Vote

BUDGET = Budget(side=112, step=80, cover=64, spread=24)


def redness(tiles: Tensor) -> tuple[Tensor, Tensor]:
    """A stand-in for the network: red is edited, green is generated. One unit is 64 levels."""
    assert tiles.dtype == np.float32
    red = (tiles[:, 0] - 128) / 16
    cells = red.reshape(len(tiles), 14, 8, 14, 8).mean((2, 4))
    green = (tiles[:, 1].mean((1, 2)) - 128) / 16
    return np.stack([cells.max((1, 2)), green], 1), cells


def grey(height: int, width: int, level: int = 60) -> Pixels:
    return np.full((height, width, 3), level, np.uint8)


def row(claim: Claim) -> Operating:
    return Operating(
        output="logits",
        claim=claim.value,
        slope=1.0,
        offset=-1.0,
        clear=-2.0,
        miss=0.05,
        thresholds=[Threshold(fpr=0.1, score=0.0), Threshold(fpr=0.001, score=2.0)],
        fitted_on="a test",
        laundering="none",
        date="2026-01-01",
        reals=100,
        fakes=100,
        groups=100,
    )


class StandIn:
    """A model whose card and outputs are known."""

    def __init__(self) -> None:
        rows = {claim.value: row(claim) for claim in Claim}
        parameters: dict[str, Any] = {
            "tile": 112,
            "step": 80,
            "cover_tiles": 64,
            "spread_tiles": 24,
            "mask_level": 0.5,
        }
        self.card = SimpleNamespace(parameters=parameters, for_claim=rows.__getitem__)
        self.tiles = 0

    def run(self, inputs: dict[str, Tensor]) -> dict[str, Tensor]:
        self.tiles += len(inputs["tile"])
        logits, mask = redness(inputs["tile"])
        return {"logits": logits, "mask": mask}


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> StandIn:
    model = StandIn()
    monkeypatch.setattr(picture, "load_model", lambda name, threads: model)
    return model


def media(kind: Kind, height: int = 300, width: int = 400) -> MediaInfo:
    return MediaInfo("x", kind, "x", 1, "0" * 64, width, height)


def still(pixels: Pixels, fpr: float = 0.01) -> Any:
    analyzer = PictureAnalyzer(media(Kind.IMAGE), Options(fpr=fpr, threads=1))
    analyzer.frame(Frame(0, 0.0, pixels))
    return analyzer.finish()


@pytest.mark.parametrize("size", [(112, 112), (120, 304), (256, 256), (512, 640), (200, 1504)])
def test_tiles_cover_every_pixel(size: tuple[int, int]) -> None:
    seen = np.zeros(size, bool)
    for y, x in covering(*size, BUDGET):
        assert y >= 0
        assert x >= 0
        assert y % 8 == x % 8 == 0
        seen[y : y + 112, x : x + 112] = True
    assert seen.all()
    assert seen.shape == size


@pytest.mark.parametrize("size", [(3000, 4000), (720, 1280), (112, 9000), (5000, 300)])
def test_the_number_of_tiles_is_bounded(size: tuple[int, int]) -> None:
    height, width = shrunk_size(*size, BUDGET)
    assert len(covering(height, width, BUDGET)) <= BUDGET.cover
    places = scattered(*size, BUDGET.spread, BUDGET.side)
    assert 1 <= len(places) <= BUDGET.spread + 8
    for y, x in places:
        assert 0 <= y <= size[0] - BUDGET.side
        assert 0 <= x <= size[1] - BUDGET.side


@pytest.mark.parametrize("size", [(64, 64), (90, 300), (112, 112), (251, 333), (900, 1400)])
def test_a_mask_lies_over_the_whole_picture(size: tuple[int, int]) -> None:
    said = judge(grey(*size), redness, BUDGET)
    ratio = said.mask.shape[1] / said.mask.shape[0]
    assert ratio == pytest.approx(size[1] / size[0], rel=0.15)
    assert np.isfinite(said.mask).all()


def test_a_red_patch_is_found_where_it_is() -> None:
    pixels = grey(300, 400)
    pixels[96:160, 240:320, 0] = 250
    said = judge(pixels, redness, BUDGET)
    rows, columns = np.nonzero(said.mask > 0)
    assert abs(rows.min() * 8 - 96) <= 8
    assert abs((rows.max() + 1) * 8 - 160) <= 8
    assert abs(columns.min() * 8 - 240) <= 8
    assert abs((columns.max() + 1) * 8 - 320) <= 8
    assert said.edited > 0 > said.generated


def test_a_large_picture_is_seen_whole_and_close() -> None:
    pixels = grey(2000, 3000)
    pixels[900:1300, 1300:1900, 0] = 250
    said = judge(pixels, redness, BUDGET)
    assert said.shrunk < 0.5
    assert said.tiles <= BUDGET.cover + BUDGET.spread + 8
    rows, _ = np.nonzero(said.mask > 0)
    assert rows.mean() / said.mask.shape[0] == pytest.approx(0.55, abs=0.05)


def test_the_top_mean_takes_three_in_a_hundred_and_at_least_one() -> None:
    assert top_mean(np.array([1.0, -2.0], np.float32)) == 1
    cells = np.zeros((4, 5, 10), np.float32)
    cells[0, 1, 2], cells[3, 0, 0], cells[2, 4, 9] = 9, 6, 3
    cells[1, 1, 1] = cells[1, 2, 2] = cells[1, 3, 3] = 1
    assert top_mean(cells) == pytest.approx(21 / 6)


def test_islands_are_apart_and_sorted() -> None:
    marked = np.zeros((6, 9), bool)
    marked[0, 0:2] = True
    marked[2:5, 4:7] = True
    marked[5, 0] = True
    assert islands(marked) == [(2, 4, 5, 7), (0, 0, 1, 2)]
    assert islands(np.zeros((3, 3), bool)) == []


def test_a_winding_island_stays_one() -> None:
    marked = np.zeros((7, 7), bool)
    marked[0, :] = marked[:, 6] = marked[6, :] = marked[2:, 0] = True
    marked[2, 0:5] = True
    assert islands(marked) == [(0, 0, 7, 7)]


def test_an_edited_picture_is_flagged_with_a_place(stand_in: StandIn) -> None:
    pixels = grey(300, 400)
    pixels[96:200, 240:320, 0] = 250
    result = still(pixels)
    by_claim = {finding.claim: finding for finding in result.findings}
    assert set(by_claim) == {Claim.PICTURE_EDITED, Claim.PICTURE_GENERATED}
    edited = by_claim[Claim.PICTURE_EDITED]
    assert edited.vote is Vote.FORGED
    assert edited.where.boxes[0].iou(type(edited.where.boxes[0])(240, 96, 80, 104)) > 0.7
    assert edited.where.masks[0].box.width == 400
    assert edited.snapshots[0].box.height == 300
    assert "pasted" in edited.reason
    assert by_claim[Claim.PICTURE_GENERATED].vote is Vote.CLEAR
    assert not by_claim[Claim.PICTURE_GENERATED].snapshots


def test_a_clear_picture_shows_no_box(stand_in: StandIn) -> None:
    for finding in still(grey(300, 400)).findings:
        assert finding.vote is Vote.CLEAR
        assert not finding.where.boxes
        assert not finding.snapshots


def test_a_vote_is_provisional_and_by_the_whole_rate(stand_in: StandIn) -> None:
    """Two claims do not halve it: the decision on the file weighs them together, once."""
    operating = row(Claim.PICTURE_GENERATED)
    between = (operating.threshold(0.05) + operating.threshold(0.025)) / 2
    pixels = grey(112, 112, 0)
    pixels[..., 1] = round(128 + 16 * between)
    found = {f.claim: f for f in still(pixels, fpr=0.05).findings}
    assert found[Claim.PICTURE_GENERATED].score < operating.threshold(0.025)
    assert found[Claim.PICTURE_GENERATED].vote is Vote.FORGED
    found = {f.claim: f for f in still(pixels, fpr=0.025).findings}
    assert found[Claim.PICTURE_GENERATED].vote is Vote.UNDECIDED


@pytest.mark.parametrize("size", [(SMALLEST - 1, 500), (20, 20)])
def test_a_small_picture_is_not_judged(stand_in: StandIn, size: tuple[int, int]) -> None:
    result = still(grey(*size))
    assert not result.findings
    assert str(SMALLEST) in result.not_checked[0].why


def test_a_small_picture_of_allowed_size_is_continued(stand_in: StandIn) -> None:
    assert len(still(grey(SMALLEST, SMALLEST)).findings) == 2


def test_a_shrunk_picture_says_so(stand_in: StandIn) -> None:
    result = still(grey(2000, 3000))
    assert "shrunk" in result.not_checked[0].why


def test_no_frame_is_said(stand_in: StandIn) -> None:
    result = PictureAnalyzer(media(Kind.VIDEO), Options()).finish()
    assert not result.findings
    assert "No frame" in result.not_checked[0].why


def test_a_video_is_sampled_once_a_second(stand_in: StandIn) -> None:
    analyzer = PictureAnalyzer(media(Kind.VIDEO), Options(threads=1))
    for index in range(50):
        pixels = grey(240, 320)
        if index == 20:
            pixels[64:128, 64:160, 0] = 255
        analyzer.frame(Frame(index, index / 5, pixels))
    before = stand_in.tiles
    assert before <= 10 * 8
    result = analyzer.finish()
    edited = next(f for f in result.findings if f.claim is Claim.PICTURE_EDITED)
    assert len(edited.series[0].times) == 10
    assert edited.where.masks[0].time == pytest.approx(4.0)
    assert np.argmax(edited.series[0].values) == 4
    assert "10 frames" in result.not_checked[0].why


def test_memory_does_not_grow_with_length(stand_in: StandIn) -> None:
    analyzer = PictureAnalyzer(media(Kind.VIDEO), Options(threads=1))
    pixels = grey(120, 160)
    tracemalloc.start()
    for second in range(1300):
        analyzer.frame(Frame(second, float(second), pixels))
        if second == 600:
            early, _ = tracemalloc.get_traced_memory()
    late, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert late < early + 200_000
    result = analyzer.finish()
    assert len(result.findings[0].series[0].times) <= KEPT_FRAMES
    times = np.array(result.findings[0].series[0].times)
    assert times[-1] > 1200
    assert (np.diff(times) > 0).all()


def test_a_glance_is_cheap() -> None:
    count = 0

    def counted(tiles: Tensor) -> tuple[Tensor, Tensor]:
        nonlocal count
        count += len(tiles)
        return redness(tiles)

    glance(grey(720, 1280), counted, BUDGET, 6)
    assert count <= 8


def test_the_shipped_card_has_what_the_analyzer_reads() -> None:
    path = Path(picture.__file__).parents[1] / "detectors/image/unmask_picture/card.toml"
    from unmask.cards.card import read_card

    card: Card = read_card(path)
    assert picture._budget(card).side == card.inputs[0].shape[-1]
    assert picture._budget(card) == Budget()
    assert 0 < picture._level(card) < 1
    for claim in (Claim.PICTURE_EDITED, Claim.PICTURE_GENERATED):
        operating = card.for_claim(claim.value)
        assert operating.threshold(0.005) > operating.threshold(0.1)
