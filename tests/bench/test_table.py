from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fairlearn.metrics import equalized_odds_difference

from unmask.bench import kept, leaderboard, plots
from unmask.bench.budget import departures, form
from unmask.bench.compare import compare
from unmask.bench.fairness import fairness
from unmask.bench.page import origin, page
from unmask.bench.protocol import Protocol, read_protocol
from unmask.bench.table import lines, scored, stored, threshold_of
from unmask.errors import DataError, UnknownName
from unmask.metrics.outcomes import Outcome, Outcomes, place, read_outcomes, write_outcomes
from unmask.train.recipe import Recipe

PROTOCOL = Protocol.model_validate(
    {
        "name": "mini", "title": "Own", "source": "s", "kinds": ["image"], "threshold": "val",
        "metrics": ["auc", "balanced_acc", "eer:mean"], "val": {"share": 0.5},
        "checkpoint": "last",
        "test": [{"name": "near"}, {"name": "far", "held_out": True}],
    }
)  # fmt: skip
ABOUT = {"origin": "given", "file": "w.onnx", "weights": "a" * 64, "left_out": {"near": 2}}


def outcomes(name: str = "one", shift: float = 2.0, **more: Any) -> Outcomes:
    rng = np.random.default_rng(len(name))
    rows = []
    for test, gap in (("val", shift), ("near", shift), ("far", shift / 4)):
        for n in range(60):
            label = n % 2
            score = float(rng.normal(gap * label + 5, 1))
            rows.append(
                Outcome(f"{test}{n}", f"{test}{n}", f"x/{n}.png", test, "clean", label, score,
                        kind="image", group=f"{test}{n // 2}", gender="fm"[n % 4 // 2],
                        generator=("gan", "vae")[n % 4 // 2] if label else "")
            )  # fmt: skip
    perturbed = [
        replace(r, condition="jpeg@3", score=r.score * 0.5) for r in rows if r.test == "far"
    ]
    return Outcomes((*rows, *perturbed), {"detector": name, **ABOUT, **more})


def test_outcomes_survive_the_disk(tmp_path: Path) -> None:
    row = Outcome(
        "1", "m", "p", "t", "clean", 1, 0.5, segments=((0.0, 1.0),), pixels=(1, 2),
        proposals=((0.9, 0.0, 1.0),), tokens=(0, 1), token_scores=(0.1, -0.2),
    )  # fmt: skip
    path = place(tmp_path, "mini", "one")
    assert write_outcomes(path, [row], {"weights": "x"}) == 1
    back = read_outcomes(path)
    assert back.rows == (row,)
    assert (back.detector, back.about["weights"]) == ("one", "x")
    with pytest.raises(DataError, match="unmask bench run mini --detector two"):
        read_outcomes(place(tmp_path, "mini", "two"))
    with pytest.raises(DataError, match="nothing to write"):
        write_outcomes(path, [], {})


def test_held_out_stand_first_and_perturbed_last() -> None:
    found = lines(PROTOCOL, [outcomes("one", 3.0), outcomes("three", 2.0)])
    assert [line.test for line in found if line.condition == "clean"] == [
        "far",
        "far",
        "near",
        "near",
    ]
    assert all(line.condition == "jpeg@3" for line in found[4:])
    values = [line.cells["auc"].value for line in found]
    assert values[0] <= values[1]
    assert values[2] <= values[3]
    assert found[2].left_out == 2
    cell = found[0].cells["auc"]
    assert cell.low < cell.value < cell.high
    assert math.isnan(found[0].cells["eer:mean"].low)
    # halving all scores changes no rank
    assert found[4].unperturbed == found[4].cells["auc"].value
    assert math.isnan(found[0].unperturbed)


def test_the_threshold_comes_from_validation() -> None:
    one = outcomes(shift=6.0)
    cut = threshold_of(one, PROTOCOL)
    assert 6 < cut < 10
    line = next(x for x in lines(PROTOCOL, [one], intervals=False) if x.test == "near")
    assert line.cells["balanced_acc"].value > 0.97
    fixed = PROTOCOL.model_copy(update={"threshold": "fixed"})
    line = next(x for x in lines(fixed, [one], intervals=False) if x.test == "near")
    assert line.cells["balanced_acc"].value == 0.5
    without = Outcomes(tuple(r for r in one.rows if r.test != "val"), one.about)
    with pytest.raises(DataError, match="no validation items"):
        threshold_of(without, PROTOCOL)


def test_forged_of_a_generator_stand_against_all_reals() -> None:
    found = lines(PROTOCOL, [outcomes()], by="generator", intervals=False)
    near = {line.part: (line.reals, line.fakes) for line in found if line.test == "near"}
    assert near == {"gan": (30, 15), "vae": (30, 15)}
    with pytest.raises(UnknownName, match="grouping"):
        lines(PROTOCOL, [outcomes()], by="colour")


def test_frames_become_recordings() -> None:
    rows = [
        Outcome(str(n), f"m{n // 2}", f"v/{n}.png", "near", "clean", n // 4, float(n))
        for n in range(8)
    ]
    part = scored(rows, PROTOCOL.model_copy(update={"aggregate": "mean-logit"}))
    assert part.scores.tolist() == [0.5, 2.5, 4.5, 6.5]
    assert (part.reals, part.fakes) == (2, 2)


def test_the_page_says_what_a_reader_must_know() -> None:
    both = [outcomes("one"), outcomes("three", notes=["A note."])]
    text = "\n".join(page(PROTOCOL, both, lines(PROTOCOL, both)))
    assert (
        text.index("### Held out") < text.index("### Known sources") < text.index("### Perturbed")
    )
    for words in (
        "jpeg@3",
        "(+0.000)",
        "(+2 not judged)",
        "may have seen these sources",
        "- A note.",
        "where validation is balanced best",
        "EER (mean)",
    ):
        assert words in text


def test_plots_are_svg_and_the_same_every_time() -> None:
    both = [outcomes("one"), outcomes("three")]
    found = lines(PROTOCOL, both)
    drawn = plots.plots(PROTOCOL, both, found)
    assert set(drawn) == {"tests", "curves", "reliability", "robustness"}
    for svg in drawn.values():
        assert ET.fromstring(svg).tag.endswith("svg")
    assert plots.plots(PROTOCOL, both, found) == drawn


def test_the_leaderboard_stands_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = Protocol.model_validate(PROTOCOL.model_dump() | {"threshold": "fixed"})
    for one in (outcomes("one", 4.0), outcomes("three<b>", 1.0)):
        write_outcomes(place(tmp_path, "mini", one.detector), one.rows, dict(one.about))
    assert [o.detector for o in stored(tmp_path, known)] == ["one", "three<b>"]
    ((tests, ranked),) = leaderboard.places(known, lines(known, stored(tmp_path, known)))
    assert tests == ["near", "far"]
    assert [row.detector for row in ranked] == ["one", "three<b>"]
    assert ranked[0].worst_test == "far"
    monkeypatch.setattr(kept, "read_protocol", lambda name: known)
    text, page_ = leaderboard.leaderboard(tmp_path)
    assert "# Leaderboard" in text
    assert page_.count("<svg") == 4
    assert "three<b>" not in page_
    assert not re.findall(r'(?:src|href)="([^"#][^"]*)"', page_)  # nothing from outside
    with pytest.raises(DataError, match="No protocol that is known has outcomes"):
        leaderboard.leaderboard(tmp_path / "none")


def own(**more: object) -> Protocol:
    return Protocol.model_validate(
        PROTOCOL.model_dump() | {"name": "mine", "threshold": "fixed"} | more
    )


def test_a_protocol_of_ones_own_is_on_the_leaderboard(tmp_path: Path) -> None:
    one = outcomes("one", 4.0)
    write_outcomes(place(tmp_path, "mine", "one"), one.rows, dict(one.about))
    with pytest.raises(DataError, match=r"'mine', whose protocol is not known.*--protocol FILE"):
        leaderboard.leaderboard(tmp_path)
    kept.keep_protocol(own(), tmp_path / "mine")
    assert kept.kept_protocols(tmp_path) == ([own()], [])
    text, page_ = leaderboard.leaderboard(tmp_path)
    assert f"## {own().title}" in text
    assert "<svg" in page_
    named = tmp_path / "mine.toml"
    (tmp_path / "mine" / "protocol.toml").rename(named)
    named.write_text(named.read_text().replace(own().title, "Another title"))
    assert "## Another title" in leaderboard.leaderboard(tmp_path, own=[str(named)])[0]


def test_what_is_not_on_the_leaderboard_is_said_on_it(tmp_path: Path) -> None:
    for name in ("mine", "other"):
        one = outcomes("one", 4.0)
        write_outcomes(place(tmp_path, name, "one"), one.rows, dict(one.about))
    kept.keep_protocol(own(), tmp_path / "mine")
    (tmp_path / "predictions").mkdir()
    pq.write_table(pa.table({"score": [1.0]}), tmp_path / "predictions" / "x.parquet")
    text, _ = leaderboard.leaderboard(tmp_path)
    assert "Not on this page: the outcomes of 'other'" in text
    assert "predictions" not in text


def test_a_protocol_that_comes_with_unmask_is_not_kept_twice(tmp_path: Path) -> None:
    kept.keep_protocol(read_protocol("deepfakebench"), tmp_path)
    assert not list(tmp_path.iterdir())
    changed = read_protocol("deepfakebench").model_copy(update={"frames": 3})
    kept.keep_protocol(changed, tmp_path)
    assert read_protocol(str(tmp_path / "protocol.toml")) == changed


def test_a_test_that_does_not_rank_is_shown_and_not_counted() -> None:
    parts = PROTOCOL.model_dump() | {"threshold": "fixed"}
    parts["test"][1]["ranks"] = False
    one = [outcomes("one", 4.0)]
    shown = Protocol.model_validate(parts)
    ((tests, (row,)),) = leaderboard.places(shown, lines(shown, one, intervals=False))
    assert tests == ["near", "far"]
    assert math.isnan(row.held_out)
    assert row.known > 0.9
    (first, *_) = leaderboard.board(shown, one, lines(shown, one, intervals=False))
    assert first.endswith("Not counted in the means: 'far'.")


def test_a_reduced_training_is_not_passed_off_as_the_papers() -> None:
    published = Recipe(
        name="rine", task="a:b", init="pretrained", samples=100_000, batch=128, validate_every=1,
        settings={"variant": "4-class"},
    )  # fmt: skip
    run = published.model_copy(
        update={"init": "random", "samples": 1200, "batch": 8,
                "settings": {"variant": "4-class", "width": {"layers": 4}, "positions": 2}}
    )  # fmt: skip
    departs = departures(published, run, small=["width", "depth"])
    about = {
        "origin": "trained", "samples": 1200, "seed": 0, "train_seconds": 60.0, "weights": "a" * 64,
        "departs": departs,
    }  # fmt: skip
    assert departs["small"] == ["width"]
    assert form(about) == "small form, random weights, 1,200 samples (1.2 % of the recipe's)"
    text = origin(Outcomes((), {"detector": "rine", **about}))
    assert "batch 8 (recipe: 128)" in text
    assert "settings.width layers 4 (recipe: none)" in text
    assert "positions" not in text
    assert departures(published, published) == {}
    assert form({"origin": "shipped"}) == "as it comes with unmask"


def test_comparing_counts_common_recordings_only() -> None:
    one, two = outcomes("one", 4.0), outcomes("three", 0.2)
    two = Outcomes(tuple(r for r in two.rows if r.item_id != "near0"), two.about)
    found = {(test, d.test): (count, d) for test, count, d in compare(PROTOCOL, one, two)}
    assert found["near", "DeLong"][0] == 59
    assert found["near", "DeLong"][1].p < 0.001
    assert found["near", "paired bootstrap over groups"][1].low > 0
    assert found["near", "McNemar"][1].value > 0
    with pytest.raises(DataError, match="no test"):
        list(compare(PROTOCOL, one, two, "blur@1"))


def test_fairness_by_hand() -> None:
    labels = np.array([0, 0, 1, 1] * 10)
    sides = ["a", "b"] * 20
    scores = np.where(labels == 1, 1.0, -1.0)
    scores[1::8] = 1.0  # half of the reals of b are flagged
    found = fairness(labels, scores, 0.0, [*sides])
    assert [group.name for group in found.groups] == ["b", "a"]
    assert found.groups[0].fpr == pytest.approx(0.5)
    assert (found.fpr_gap, found.tpr_gap, found.odds) == pytest.approx((0.5, 0, 0.5))
    expected = equalized_odds_difference(labels, scores > 0, sensitive_features=sides)
    assert found.odds == pytest.approx(expected)
    few = fairness(labels, scores, 0.0, [*sides[:-1], "c"], least=9)
    assert few.small == ("c",)
    assert math.isnan(fairness(labels, scores, 0.0, ["a"] * 40).odds)
