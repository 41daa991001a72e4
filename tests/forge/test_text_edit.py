"""Text in pictures: lines are found, edited in five kinds, and saved."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unmask.datasets.manifest import read_manifest
from unmask.errors import DataError, UnknownName
from unmask.forge.text_edit import edit_text
from unmask.forge.text_habits import KINDS, TABLE, population
from unmask.forge.text_lines import ink, lines
from unmask.forge.text_page import SEEN, UNSEEN, fonts, page, saved
from unmask.forge.text_set import text_set


def made(layout: str = "receipt", seed: int = 0) -> np.ndarray:
    return page(layout, fonts(layout in UNSEEN), np.random.default_rng(seed))


@pytest.mark.parametrize("layout", [*SEEN, *UNSEEN])
def test_lines_hold_the_ink(layout: str) -> None:
    pixels = made(layout, 3)
    found = lines(pixels)
    assert len(found) >= 5
    covered = np.zeros(pixels.shape[:2], bool)
    for line in found:
        line.of(covered)[:] = True
    marks = ink(pixels)
    assert marks[covered].sum() > 0.5 * marks.sum()
    assert covered.mean() < 0.6


def test_an_even_picture_has_no_lines() -> None:
    assert lines(np.full((120, 160, 3), 200, np.uint8)) == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_edit_changes_its_place_and_nothing_else(kind: str) -> None:
    host, donor = made(), made("table", 1)
    edit = edit_text(host, np.random.default_rng(5), kind, donor)
    again = edit_text(host, np.random.default_rng(5), kind, donor)
    assert np.array_equal(edit.pixels, again.pixels)
    changed = (edit.pixels != host).any(-1)
    assert edit.habit.kind == kind
    assert changed.any()
    assert not changed[edit.mask == 0].any()
    assert 0 < edit.mask.mean() < 0.2


def test_a_removal_leaves_less_ink_and_an_insertion_more() -> None:
    host = made("letter", 2)
    before = ink(host).sum()
    removed = [edit_text(host, np.random.default_rng(i), "removal") for i in range(6)]
    inserted = [edit_text(host, np.random.default_rng(i), "insertion") for i in range(6)]
    assert np.median([ink(one.pixels).sum() for one in removed]) < before
    assert np.median([ink(one.pixels).sum() for one in inserted]) > before


def test_people_keep_to_few_ways_and_are_together_the_table() -> None:
    ways = population()
    rng = np.random.default_rng(0)
    people = [ways.person(rng) for _ in range(1500)]
    for place, one in enumerate(ways.parameters):
        own = np.array([person.parameters[place].weights for person in people])
        np.testing.assert_allclose(own.mean(0), one.weights, atol=0.05)
        assert own.max(1).mean() > max(one.weights)  # each prefers some way more than all do
    kinds = np.array([list(person.kinds.values()) for person in people])
    np.testing.assert_allclose(kinds.mean(0), list(ways.kinds.values()), atol=0.05)


def test_values_of_edits_come_as_often_as_the_table_says() -> None:
    ways = population()
    rng = np.random.default_rng(1)
    edits = [ways.edit(rng) for _ in range(3000)]
    for one in ways.parameters:
        seen = np.array([getattr(edit, one.name) for edit in edits])
        shares = [(seen == value).mean() for value in one.values]
        np.testing.assert_allclose(shares, one.weights, atol=0.04)


def test_a_table_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    text = TABLE.read_text(encoding="utf-8").replace("copy-move = 0.25", "copy-move = 0.5")
    (tmp_path / "t.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="sum is 1"):
        population(tmp_path / "t.toml")
    with pytest.raises(DataError, match="no table"):
        population(tmp_path / "none.toml")


def test_saving_keeps_the_mask_with_the_picture() -> None:
    pixels = made()
    mask = np.zeros(pixels.shape[:2], np.uint8)
    mask[100:140, 50:120] = 1
    for by in ("clean", "phone", "editor", "messenger"):
        for seed in range(3):
            kept, shown = saved(pixels, mask, by, np.random.default_rng(seed))
            assert kept.shape[:2] == shown.shape
            assert shown.mean() == pytest.approx(mask.mean(), rel=0.1)
    with pytest.raises(UnknownName):
        saved(pixels, mask, "fax", np.random.default_rng(0))


def test_a_set_keeps_layouts_and_people_of_its_test_part_apart(tmp_path: Path) -> None:
    manifest = read_manifest(text_set(tmp_path, 20, seed=1))
    assert len(manifest.items) == 20
    assert {item.source for item in manifest.select(split="test")} <= set(UNSEEN)
    assert {item.source for item in manifest.select(split="train")} <= set(SEEN)
    assert sum(item.label for item in manifest) == 10
    assert all((tmp_path / str(item.mask)).is_file() for item in manifest)


def test_a_tiny_picture_is_refused() -> None:
    with pytest.raises(DataError, match="24 pixels"):
        edit_text(np.zeros((10, 90, 3), np.uint8), np.random.default_rng(0))
