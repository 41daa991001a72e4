"""The head on the encoder: fitted, judged on sources left out, and written as it was fitted."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from unmask.bench.whole.encoded import read_signs, with_encoder
from unmask.bench.whole.rows import FileRow
from unmask.cli.app import app
from unmask.datasets.whole_files import listing
from unmask.decision.evidence import ENCODED, ENCODED_FACE
from unmask.detectors.image.unmask_clip import cross_fitting, training, views
from unmask.detectors.image.unmask_clip.cross_fitting import FOLDS, folded
from unmask.detectors.image.unmask_clip.features import changed
from unmask.detectors.image.unmask_clip.head import (
    Head,
    Heads,
    Shape,
    fit_head,
    unit,
    write_heads,
)
from unmask.detectors.image.unmask_clip.views import (
    View,
    around,
    middle,
    shown_of,
    whole,
    whole_face,
)
from unmask.encoders.pulling import pull
from unmask.errors import DataError
from unmask.runtime.encoder import RunningEncoder
from unmask.runtime.session import open_session
from unmask.types import Box

sys.path.insert(0, str(Path(__file__).parents[1] / "encoders"))
from made_encoder import made

SMALL = Shape(hidden=16, members=2, dropout=0.0, decay=0.01, epochs=200)


def test_the_middle_is_cut_and_not_scaled() -> None:
    pixels = np.arange(300 * 400 * 3, dtype=np.uint32).reshape(300, 400, 3).astype(np.uint8)
    assert np.array_equal(middle(pixels, 224), pixels[38:262, 88:312])
    assert np.array_equal(around(pixels, Box(-10, -10, 20, 20), 224), pixels[:224, :224])
    assert np.array_equal(around(pixels, Box(390, 290, 40, 40), 224), pixels[76:, 176:])


def test_the_whole_is_scaled_until_its_shorter_side_is_that_of_the_square() -> None:
    grey = np.linspace(0, 255, 900).astype(np.uint8)
    pixels = np.broadcast_to(grey[None, :, None], (450, 900, 3))
    shown = whole(pixels, 224)
    assert shown.shape == (224, 224, 3)
    assert abs(int(shown[0, 0, 0]) - 64) < 2  # a quarter of the width is cut off on each side
    assert abs(int(shown[0, -1, 0]) - 191) < 2


def test_of_a_clip_the_views_come_in_turn_and_the_picture_where_there_is_no_face() -> None:
    pixels = np.zeros((300, 400, 3), np.uint8)
    turns = [[one.view for one in shown_of(pixels, 224, turn)] for turn in range(4)]
    assert turns == [[View.WHOLE], [View.WHOLE], [View.WHOLE], [View.MIDDLE]]
    assert [one.view for one in shown_of(pixels, 224)] == [View.MIDDLE, View.WHOLE]


@pytest.mark.parametrize("shape", [(100, 150), (224, 90), (64, 64)])
def test_a_smaller_picture_is_enlarged_until_it_covers_the_square(shape: tuple[int, int]) -> None:
    pixels = np.full((*shape, 3), 77, np.uint8)
    assert np.array_equal(middle(pixels, 224), np.full((224, 224, 3), 77, np.uint8))
    assert around(pixels, Box(0, 0, 64, 64), 224).shape == (224, 224, 3)


def test_what_is_changed_depends_on_the_draw_alone() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (200, 300, 3), np.uint8)
    first, again = (changed(pixels, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(first, again)
    sizes = {changed(pixels, np.random.default_rng(n)).shape for n in range(12)}
    assert len(sizes) > 2


def test_the_file_says_what_the_head_says(tmp_path: Path) -> None:
    known, _ = made(tmp_path)
    draw = np.random.default_rng(0)
    rows = draw.standard_normal((400, known.numbers)).astype(np.float32)
    shown = unit(rows, known)
    labels = shown @ draw.standard_normal(known.numbers) > 0.3
    head = fit_head(shown, labels, ["a"] * 400, SMALL)
    other = fit_head(shown, ~labels, ["a"] * 400, SMALL)
    assert np.mean((head.logits(shown) > 0) == labels) > 0.8
    third = Head(head.members[:1])
    heads = Heads((head, other, third))
    write_heads(tmp_path / "heads.onnx", heads, known)
    (logits,) = open_session(tmp_path / "heads.onnx").run(["logit"], {"features": rows})
    every = np.stack([one.logits(shown) for one in (head, other, third)], axis=1)
    assert np.allclose(logits, every, atol=1e-3)
    seen = [View(number % 4) for number in range(400)]
    own = every[np.arange(400), [(0, 0, 1, 2)[view] for view in seen]]
    assert np.array_equal(heads.logits(shown, seen), own)


def test_wholes_count_twice_and_the_face_for_itself() -> None:
    seen = [View.MIDDLE, View.FACE, View.WHOLE, View.WHOLE_FACE]
    found = cross_fitting.by_sign(seen, np.array([1.0, 5.0, 4.0, 8.0], np.float32))
    assert found == {ENCODED: pytest.approx(3.0), ENCODED_FACE: pytest.approx(7.0)}


def test_the_whole_face_is_scaled_and_stays_in_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = np.zeros((600, 800, 3), np.uint8)
    pixels[100:400, 200:500] = 200
    inner = whole_face(pixels, Box(250, 150, 200, 160), 224)
    assert inner.shape == (224, 224, 3)
    assert np.all(inner[20:200, 20:200] == 200)
    wider = whole_face(pixels, Box(150, 50, 400, 400), 224)
    assert wider[0, 0, 0] == 0
    assert wider[112, 112, 0] == 200
    assert whole_face(pixels, Box(600, 500, 300, 300), 224).shape == (224, 224, 3)
    monkeypatch.setattr(views, "face_of", lambda pixels: Box(250, 150, 200, 160))
    shown = shown_of(pixels, 224)
    assert [one.view for one in shown] == list(View)
    assert [one.face is not None for one in shown] == [False, True, False, True]


def test_a_large_source_does_not_rule(tmp_path: Path) -> None:
    """What a small source shows counts for more than its share of the samples."""
    draw = np.random.default_rng(1)
    means = {"large": (-1.0, 2.0), "small": (-1.0, -2.0), "forged": (1.0, 0.0)}
    counts = {"large": 4000, "small": 60, "forged": 400}
    sources = [name for name, count in counts.items() for _ in range(count)]
    rows = np.array([means[name] for name in sources]) + draw.standard_normal((len(sources), 2))
    labels = np.array([name == "forged" for name in sources])
    shown = rows.astype(np.float32)
    small = np.array([means["small"]], np.float32)
    shape = replace(SMALL, epochs=40)
    weighed = fit_head(shown, labels, sources, shape).logits(small)
    alike = fit_head(shown, labels, ["one"] * len(sources), shape).logits(small)
    assert weighed[0] < alike[0] - 0.3


def test_too_few_of_a_class_is_said() -> None:
    with pytest.raises(DataError, match="at least 20"):
        fit_head(np.zeros((50, 2), np.float32), np.arange(50) < 5, ["a"] * 50, SMALL)


def test_no_fold_holds_all_of_a_family() -> None:
    samples = [(f"{family} {n}", family) for family in ("", "gan", "swap") for n in range(25)]
    folds = folded(samples)
    for family in ("", "gan", "swap"):
        assert {folds[source] for source, own in samples if own == family} == set(range(FOLDS))


SOURCES = 12
"""Sources of each class."""


@pytest.fixture
def material(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Small pictures of many sources: the forged ones are of stripes. And a made encoder."""
    monkeypatch.setenv("UNMASK_MODELS", str(tmp_path / "shelf"))
    known, file = made(tmp_path / "index")
    pull(known, file)
    opened = RunningEncoder(known, threads=1)
    monkeypatch.setattr(training, "load_encoder", lambda name, threads: opened)
    draw = np.random.default_rng(0)
    data, more = tmp_path / "data", tmp_path / "more" / listing.GATHERED
    rows = []
    for number in range(2 * SOURCES * 4):
        forged = number % 2 == 1
        name = f"{number}.png"
        level = draw.integers(150, 250) if forged else draw.integers(20, 120)
        pixels = np.full((80, 90, 3), level, np.uint8)
        pixels[..., 0] = draw.integers(0, 60, (80, 90)) if forged else level
        (more / "a").mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(more / "a" / name)
        source = f"{'forged' if forged else 'real'}/{number // 2 % SOURCES}"
        rows.append({
            "path": f"a/{name}", "kind": "image", "label": "fake" if forged else "real",
            "family": "generated" if forged else "photo", "maker": "made", "licence": "",
            "source": source, "revision": "", "original": name, "sha1": "", "group": name,
        })  # fmt: skip
    with (tmp_path / "gathered.csv").open("w", newline="") as out:
        writer = csv.DictWriter(out, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    monkeypatch.setattr(listing, "_HERE", tmp_path)
    monkeypatch.setattr(listing, "sources", lambda: ())
    data.mkdir()
    (data / "manifest.jsonl").write_text("")
    return tmp_path


def test_files_are_judged_by_a_head_that_never_met_their_source(
    material: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    met: list[set[str]] = []
    judged: list[set[str]] = []
    whole = cross_fitting.fitted

    def fitted(samples: list[cross_fitting.Sample], *more: object) -> object:
        met.append({one.source for one in samples})
        return whole(samples, *more)  # type: ignore[arg-type]

    own = training.ClipHead._signs

    def signs(self: object, one: listing.Whole, head: object) -> object:
        judged.append({one.source})
        assert one.source not in met[-1]
        return own(self, one, head)  # type: ignore[arg-type]

    monkeypatch.setattr(cross_fitting, "fitted", fitted)
    monkeypatch.setattr(training.ClipHead, "_signs", signs)
    command = ["bench", "whole", "encode", "--data", str(material / "data")]
    command += ["--more", str(material / "more"), "--cache", str(material / "cache.sqlite")]
    done = CliRunner().invoke(app, [*command, "--results", str(material / "results"), "--json"])
    assert done.exit_code == 0, done.output
    found = read_signs(material / "results" / "encoder.parquet")
    assert len(found) == len(judged) == 2 * SOURCES * 4
    scores = {item: one[ENCODED] for item, one in found.items()}
    forged = {item for item in scores if int(Path(item).stem) % 2}
    assert min(scores[item] for item in forged) > max(
        value for item, value in scores.items() if item not in forged
    )
    assert json.loads(done.stdout)["files"] == len(found)


def test_a_second_fit_reads_no_picture(material: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from unmask import registry
    from unmask.train.recipe import changed as with_changes
    from unmask.train.recipe import read_recipe

    recipe = read_recipe(registry.recipes()["unmask_clip"])
    settings = {"more": str(material / "more"), "cache": str(material / "cache.sqlite")}
    recipe = with_changes(recipe, settings=recipe.settings | settings, threads=1)
    said = [
        training.ClipHead(recipe, material / "data").solve(material / f"run{turn}", lambda *_: None)
        for turn in range(1)
    ]
    assert said[0].best["encoder auc"] > 0.99

    def fail(*_: object) -> None:
        raise AssertionError("a picture was read")

    monkeypatch.setattr("unmask.detectors.image.unmask_clip.features.read_image", fail)
    again = training.ClipHead(recipe, material / "data").solve(material / "again", lambda *_: None)
    assert again.best == said[0].best
    assert again.onnx.read_bytes() == said[0].onnx.read_bytes()


def test_rows_get_the_signs_beside_what_they_had(tmp_path: Path) -> None:
    from unmask.bench.whole.encoded import NAME, write_signs

    plain = {"group": "g", "part": "new", "family": "", "maker": "", "condition": "as found"}
    rows = [
        FileRow(item, "image", "real", "s", **plain, situation="picture", signs='{"edited": 1.0}')
        for item in ("a", "b")
    ]
    write_signs(tmp_path / NAME, {"a": {ENCODED: 2.0}, "elsewhere": {ENCODED: 1.0}})
    both = with_encoder(rows, tmp_path)
    assert both[:2] == rows
    (looked,) = both[2:]
    assert looked.evidence().signs == {"edited": 1.0, ENCODED: 2.0}
