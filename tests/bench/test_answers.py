"""Answers to a question set: what counts as the right one, and how they are counted."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from unmask.bench.answers import count, read_answers
from unmask.cli.app import main
from unmask.datasets.manifest import Item, Manifest, write_manifest
from unmask.errors import DataError, SettingError
from unmask.metrics.answers import exact_match, normalised

CHOICES = ("real", "a face swap", "Reenactment")


@pytest.mark.parametrize(
    ("said", "right"),
    [
        ("a face swap", True), ("Face swap.", True), ("B", True), ("(b)", True), ("B.", True),
        ("Answer: B", True), ("the answer is b".removeprefix("the "), True),
        ("B. a face swap", True), ("b) the face-swap", True),
        ("A", False), ("B. real", False), ("Z", False), ("", False),
        ("swap", False), ("a face swap or real", False), ("reenactment", False),
    ],
)  # fmt: skip
def test_a_choice_is_named_by_its_words_or_its_letter(said: str, right: bool) -> None:
    assert exact_match(said, "a face swap", CHOICES) is right


def test_a_letter_is_a_word_where_nothing_is_to_choose() -> None:
    assert not exact_match("B", "a face swap")
    assert exact_match("b", "B")
    assert exact_match("A Cat,  in the hat!", "cat in hat")
    assert normalised("Ｔhe “Mona  Lisa”") == "mona lisa"


def test_strict_is_the_same_text() -> None:
    assert exact_match(" Two ", "Two", mode="strict")
    assert not exact_match("two", "Two", mode="strict")
    with pytest.raises(SettingError, match="no mode 'near'"):
        exact_match("", "", mode="near")


def question(number: int, family: str, answer: str) -> Item:
    return Item(
        f"q{number}", "", f"{number}.png", "image", int(family != ""), family=family, source="s",
        group=f"g{number // 2}", split="test", question="What is it?", choices=CHOICES,
        answer=answer,
    )  # fmt: skip


def questions(root: Path) -> Manifest:
    items = [question(n, "", "real") for n in range(2)]
    items += [question(n, "swap", "a face swap") for n in range(2, 6)]
    silent = Item("s", "", "s.png", "image", 0, source="s", group="s", split="test")
    return Manifest(root, (*items, silent), "set")


def test_a_question_without_an_answer_is_wrong(tmp_path: Path) -> None:
    said = {"q0": "A", "q1": "B", "q2": "B", "q3": "face swap"}
    rows = count(questions(tmp_path), said, "family")
    assert [(r.part, r.questions, r.answered, r.right) for r in rows] == [
        ("all", 6, 4, 0.5), ("family none", 2, 2, 0.5), ("family swap", 4, 2, 0.5),
    ]  # fmt: skip
    assert rows[2].low == 0
    assert rows[2].high == 1
    with pytest.raises(DataError, match="1 answers are to no question of this manifest, first 's'"):
        count(questions(tmp_path), {"s": "A"})
    with pytest.raises(DataError, match="No item"):
        count(Manifest(tmp_path, (), "none"), {})


def test_files_that_hold_no_answers_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text, said in (
        ("item_id,answer\nq0,A\nq0,B\n", "row 3: 'q0' is answered twice"),
        ("item_id\nq0\n", "row 2 has no 'answer'"),
        ("item_id,answer\nq0\n", "row 2 has no 'answer'"),
    ):
        path.write_text(text)
        with pytest.raises(DataError, match=said):
            read_answers(path)
    other = tmp_path / "a.jsonl"
    other.write_text("[1]\n")
    with pytest.raises(DataError, match="row 1 is no JSON object"):
        read_answers(other)
    with pytest.raises(DataError, match="no readable"):
        read_answers(tmp_path / "none.csv")


def ended(*words: str) -> object:
    with pytest.raises(SystemExit) as done:
        main(list(words))
    return done.value.code


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_manifest(tmp_path / "m.parquet", questions(tmp_path))
    path = tmp_path / "a.jsonl"
    path.write_text('{"item_id": "q0", "answer": "Real!"}\n{"item_id": "q2", "answer": "C"}\n')
    words = ("bench", "answers", str(data), str(path))
    assert ended(*words, "--by", "family", "--json") == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert [row["right"] for row in rows] == [pytest.approx(1 / 6), 0.5, 0]
    assert ended(*words, "--split", "test") == 0
    assert "all: 0.167 right" in (out := capsys.readouterr().out)
    assert "of 6, 4 without an answer" in out
    assert ended(*words, "--by", "colour") == 4
    assert "colour" in capsys.readouterr().err
