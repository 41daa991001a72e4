"""Whole files: which are listed, what is made of them, and what is kept of a scan."""

from __future__ import annotations

import json
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from made_files import everything
from PIL import Image

import make_media
from unmask import registry
from unmask.bench.whole.given import curves_given
from unmask.bench.whole.rows import read_rows, row_of, write_rows
from unmask.cards.card import read_card
from unmask.cli.app import main
from unmask.datasets.whole_files import listing
from unmask.datasets.whole_files.listing import Source, Whole, listed, sources
from unmask.decision.evidence import EDITED, FACE, PARTS, THUMBNAIL, Situation
from unmask.errors import DataError, MediaError, MissingExtra
from unmask.types import Box, Claim, Finding, Kind, Label, MediaInfo, Report, Verdict, Where

ROWS = everything(3, 2)


def entry(path: str, kind: str = "image", split: str = "train", **more: str) -> dict[str, str]:
    plain = {"path": path, "kind": kind, "label": "real", "source": "agency", "split": split}
    return plain | more


def manifest(folder: Path, *rows: dict[str, str]) -> Path:
    lines = "".join(f"{json.dumps(row)}\n" for row in rows)
    (folder / "manifest.jsonl").write_text(lines, encoding="utf-8")
    return folder


def test_a_manifest_gives_what_no_model_was_fitted_on(tmp_path: Path) -> None:
    train = [entry(f"images/{n}.jpg", group=f"g{n}") for n in range(400)]
    folder = manifest(
        tmp_path,
        *train,
        entry("images/dev.jpg", split="dev", group="g0"),
        entry("images/generated/a.png", label="fake", method="a painter"),
        entry("images/faces/b.png", split="dev", label="fake"),
        entry("video/c.mp4", kind="video", label="fake"),
        entry("audio/d.wav", kind="audio", split="dev", label="fake", subject="anna"),
    )
    found = {one.item: one for one in listed(folder, None)}
    assert Counter(one.part for one in found.values())["dev"] == 3
    kept = [one for one in found.values() if one.part == "fit" and one.kind == "image"]
    assert 0.1 < len(kept) / len(train) < 0.4
    painted = found["images/generated/a.png"]
    assert (painted.part, painted.family, painted.maker) == (
        "new",
        "pictures by generators",
        "a painter",
    )
    assert painted.path == tmp_path / "images/generated/a.png"
    assert found["images/faces/b.png"].family == "portraits by a GAN"
    assert (found["video/c.mp4"].part, found["video/c.mp4"].family) == ("fit", "redrawn lips")
    assert found["audio/d.wav"].family == "recordings by known speech generators"
    assert found["audio/d.wav"].group == "agency:agency:anna"
    assert found["images/dev.jpg"].family == ""


def test_a_group_is_kept_or_left_as_a_whole(tmp_path: Path) -> None:
    rows = [entry(f"images/{n}.jpg", group=f"g{n % 60}") for n in range(240)]
    kept = Counter(one.group for one in listed(manifest(tmp_path, *rows), None))
    assert kept
    assert set(kept.values()) == {4}


def test_without_a_manifest_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"manifest\.jsonl"):
        list(listed(tmp_path, None))


def test_further_sources_are_found_by_their_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = Source(
        name="painters",
        repository="a/b",
        revision="1",
        files=r"\.png$",
        kind="image",
        label="fake",
        licence="CC0-1.0",
        what="paintings",
        family="pictures by generators",
        maker="a painter",
    )
    many = plain.model_copy(update={"name": "many", "collections": True})
    monkeypatch.setattr(listing, "sources", lambda: (plain, many))
    for name in ("painters/x/1.PNG", "painters/2.png", "painters/read.me", "many/east/3.png"):
        (tmp_path / "more" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "more" / name).touch()
    found = list(listed(manifest(tmp_path), tmp_path / "more"))
    assert [(one.item, one.source) for one in found] == [
        ("painters/2.png", "painters"),
        ("painters/x/1.PNG", "painters"),
        ("many/east/3.png", "many/east"),
    ]
    assert {(one.part, one.family, one.maker) for one in found} == {
        ("new", "pictures by generators", "a painter")
    }


def test_the_list_of_further_sources_is_in_order() -> None:
    names = [one.name for one in sources()]
    assert len(set(names)) == len(names)
    for one in sources():
        assert one.kind in list(Kind)
        assert (one.label == "fake") == bool(one.family)
        assert one.label in ("real", "fake")


def whole(path: Path, kind: str = "image", label: str = "real", **more: str) -> Whole:
    plain = Whole(path, path.name, kind, label, "agency", path.name, "new")
    return replace(plain, **more)  # type: ignore[arg-type]


def report(*findings: Finding) -> Report:
    media = MediaInfo("a", Kind.IMAGE, "JPEG", 1000, "0" * 64, width=640, height=480)
    verdict = Verdict(Label.NO_SIGN, None, None, 0.01, 0.5, "")
    return Report(media, verdict, findings, (), (), 0.0)


def face(score: float) -> Finding:
    place = Where(boxes=(Box(0, 0, 90, 120),))
    return Finding("face", Claim.FACE_MANIPULATED, "", place, detector="unmask_face", score=score)


def test_the_row_of_a_scan_holds_what_the_decision_needs(tmp_path: Path) -> None:
    saved = Finding(
        "compression",
        Claim.COMPRESSION,
        "",
        kind="fact",
        details={"quality": 85},
        bearing=Label.INCONCLUSIVE,
    )
    settles = Finding("p", Claim.PROVENANCE, "", kind="fact", bearing=Label.SYNTHETIC)
    hidden = Finding(
        "picture",
        Claim.PICTURE_EDITED,
        "",
        detector="unmask_picture",
        score=3.0,
        withheld="the picture is covered by a pattern",
    )
    row = row_of(whole(tmp_path / "a.jpg"), report(face(1.25), face(-2.0), saved, settles, hidden))
    assert (row.item, row.source, row.forged) == ("a.jpg", "agency", False)
    assert (row.situation, row.faces) == (Situation.FACES, 2)
    assert (row.settled, row.doubt, row.withheld, row.error) == ("synthetic", True, 1, "")
    evidence = row.evidence()
    assert evidence.signs == {FACE: 1.25}
    assert EDITED not in evidence.signs
    assert evidence.quality == {"width": 640, "height": 480, "jpeg": 85, "face": 120}


def test_a_file_that_cannot_be_scanned_is_a_row_too(tmp_path: Path) -> None:
    row = row_of(whole(tmp_path / "a.jpg", label="fake"), MediaError("It is damaged."))
    assert (row.situation, row.error, row.forged) == ("", "It is damaged.", True)


def test_rows_are_read_as_they_were_written(tmp_path: Path) -> None:
    rows = [replace(row, error="ä\n") if not number else row for number, row in enumerate(ROWS)]
    path = tmp_path / "results" / "files.parquet"
    assert write_rows(path, reversed(rows)) == len(rows)
    assert read_rows(path) == sorted(rows, key=lambda row: row.item)


def test_rows_that_are_missing_or_of_another_version_are_said(tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = tmp_path / "files.parquet"
    with pytest.raises(DataError, match="unmask bench whole scan"):
        read_rows(path)
    pq.write_table(pa.Table.from_pylist([{"item": "a"}]), path)
    with pytest.raises(DataError, match="other columns"):
        read_rows(path)


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setitem(sys.modules, "pyarrow.parquet", None)
    with pytest.raises(MissingExtra):
        write_rows(tmp_path / "files.parquet", ROWS)
    with pytest.raises(MissingExtra):
        read_rows(tmp_path / "files.parquet")


def test_the_command_makes_files_and_lists_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = manifest(tmp_path, entry("images/generated/a.png", label="fake"))
    (tmp_path / "images/generated").mkdir(parents=True)
    Image.fromarray(make_media.photo(240, 180)).save(tmp_path / "images/generated/a.png")
    out = tmp_path / "made"
    words = ["--data", str(folder), "--more", str(tmp_path / "none"), "--out", str(out)]
    with pytest.raises(SystemExit) as caught:
        main(["bench", "whole", "make", *words, "--json"])
    assert not caught.value.code
    assert json.loads(capsys.readouterr().out) == {"files": 2}
    lines = (out / "made.jsonl").read_text(encoding="utf-8").splitlines()
    assert all((out / json.loads(line)["path"]).exists() for line in lines)
    assert len(lines) == 2


def test_curves_that_whole_files_cannot_give_come_from_the_card_and_the_stored_facts(
    tmp_path: Path,
) -> None:
    with pytest.raises(DataError, match=r"metadata_facts\.py"):
        curves_given(tmp_path)
    stored = [{"kind": "thumbnail", "present": True, "found": True}] * 9
    stored += [{"kind": "software", "present": False, "found": n < 2} for n in range(99)]
    (tmp_path / "facts").mkdir()
    (tmp_path / "facts" / "metadata.json").write_text(json.dumps(stored), encoding="utf-8")
    absent, there = curves_given(tmp_path)[THUMBNAIL]
    assert (absent.score, there.score) == (0, 1)
    assert there.rate == pytest.approx(2.5 / 100)
    card = read_card(registry.detector_card("unmask_voice")).for_claim(Claim.VOICE_EDITED)
    for level in curves_given(tmp_path)[PARTS]:
        assert card.threshold(level.rate) == level.score
