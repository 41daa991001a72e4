"""Tables by what made the forged items."""

from __future__ import annotations

from pathlib import Path

import pytest

from unmask.bench import leaderboard
from unmask.bench.by_source import NONE, UNKNOWN, part_of, places_of
from unmask.bench.page import tables
from unmask.bench.protocol import Protocol
from unmask.bench.table import lines, parts_of
from unmask.cli.app import main
from unmask.errors import UnknownName
from unmask.metrics.outcomes import Outcome, Outcomes, place, write_outcomes

PROTOCOL = Protocol.model_validate(
    {
        "name": "mini", "title": "Own", "source": "s", "kinds": ["image"], "checkpoint": "last",
        "manifests": ["faceforensics", "asvspoof5"], "metrics": ["auc"], "threshold": "fixed",
        "test": [{"name": "all"}, {"name": "voices", "where": {"manifest": "asvspoof5"}}],
    }
)  # fmt: skip
MADE = ("SimSwap", "Deepfakes", "Face2Face", "wav2lip+vits", "a secret one", "")


def rows(test: str = "all", made: tuple[str, ...] = MADE) -> tuple[Outcome, ...]:
    real = [Outcome(f"r{n}", f"r{n}", "p", test, "clean", 0, n / 10) for n in range(4)]
    fake = [
        Outcome(f"f{n}", f"f{n}", "p", test, "clean", 1, 2.0 - n, generator=name)
        for n, name in enumerate(made)
    ]
    return (*real, *fake)


def fakes(by: str) -> dict[str, list[str]]:
    return {
        part: [row.generator for row in own if row.label]
        for part, own in parts_of(rows(), by).items()
    }


def test_forged_items_are_sorted_by_what_made_them() -> None:
    assert fakes("kind") == {
        "swap": ["SimSwap", "Deepfakes"],
        "reenactment": ["Face2Face"],
        "lip-sync + tts": ["wav2lip+vits"],
        UNKNOWN: ["a secret one"],
    }
    assert fakes("network")["graphics"] == ["Face2Face"]
    survey = fakes("deepfakes-and-beyond")
    assert survey["identity swap"] == ["SimSwap", "Deepfakes"]
    assert survey[f"expression swap + {NONE}"] == ["wav2lip+vits"]
    for own in parts_of(rows(), "kind").values():
        assert sum(not row.label for row in own) == 4  # all reals stand against each part


def test_the_dataset_of_a_test_tells_numbers_apart() -> None:
    (row,) = (row for row in rows("voices", ("A15",)) if row.label)
    assert places_of(PROTOCOL, "voices") == ("asvspoof5",)
    assert places_of(PROTOCOL, "all") == ("faceforensics", "asvspoof5")
    assert part_of(row, "kind", places_of(PROTOCOL, "voices")) == "voice-conversion"
    assert part_of(row, "kind") == UNKNOWN


def test_what_nothing_is_split_by_is_named() -> None:
    with pytest.raises(UnknownName, match="grouping"):
        parts_of(rows(), "colour")
    with pytest.raises(UnknownName, match="tug-of-war"):
        part_of(rows()[-1], "colour")


def test_tables_and_leaderboard_say_by_what(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = Outcomes(rows(), {"detector": "one"})
    found = lines(PROTOCOL, [one], "kind", intervals=False)
    assert {(line.part, line.fakes) for line in found} >= {("swap", 2), ("reenactment", 1)}
    assert "### Known sources, by kind" in tables(PROTOCOL, found, "kind")
    about = {"detector": "one", "origin": "shipped", "weights": "a" * 64}
    write_outcomes(place(tmp_path, "mini", "one"), one.rows, about)
    monkeypatch.setattr(leaderboard, "kept_protocols", lambda *given: ([PROTOCOL], []))
    monkeypatch.setattr(leaderboard, "plots", lambda *given: {})
    monkeypatch.setattr(leaderboard, "to_html", lambda *given: "")
    text, _ = leaderboard.leaderboard(tmp_path, "tug-of-war")
    assert "### Known sources, by tug-of-war" in text
    assert "face swapping" in text
    assert "by tug-of-war" not in leaderboard.leaderboard(tmp_path)[0]


def test_the_command_splits_by_a_taxonomy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    protocol = tmp_path / "own.toml"
    protocol.write_text(
        'title = "Own"\nsource = "s"\nkinds = ["image"]\nmetrics = ["auc"]\nthreshold = "fixed"\n'
        'checkpoint = "last"\n[[test]]\nname = "all"\n',
        encoding="utf-8",
    )
    about = {"detector": "one", "origin": "shipped", "weights": "a" * 64}
    write_outcomes(place(tmp_path, "own", "one"), rows(), about)
    words = ["bench", "table", str(protocol), "--results", str(tmp_path), "--by"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "deepfakes-and-beyond"])
    assert not ended.value.code
    assert "identity swap" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main([*words, "colour"])
    assert ended.value.code == 4
    assert "kind" in capsys.readouterr().err
