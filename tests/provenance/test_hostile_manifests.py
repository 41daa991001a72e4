"""Manifests written to hurt: each is refused in one line, quickly, and the scan goes on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("c2pa", reason="needs: pip install 'unmask[provenance]'")

from hostile_stores import hostile, in_png, png, store_of, whole

import sign_media
from unmask.analyzers.base import Options
from unmask.analyzers.provenance import ProvenanceAnalyzer
from unmask.provenance import reading
from unmask.provenance.boxes import walk
from unmask.provenance.store import Refused
from unmask.types import Finding, Kind, Label, MediaInfo

SECONDS = 20
"""On a machine with many other tests; alone, each takes under a second."""


def refusal(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    begun = time.monotonic()
    media = MediaInfo(str(path), Kind.IMAGE, "", len(data), "")
    result = ProvenanceAnalyzer(media, Options()).finish()
    assert time.monotonic() - begun < SECONDS
    fact: Finding = result.findings[0]
    assert fact.bearing is Label.INCONCLUSIVE
    assert fact.reason.startswith("There is a signed manifest, but it cannot be read: ")
    assert "\n" not in fact.reason
    assert len(fact.reason) < 400
    return fact.reason


def test_each_is_refused_in_one_line(tmp_path: Path) -> None:
    for name, (data, said) in hostile().items():
        assert said in refusal(tmp_path / "a.png", data), name


def test_ingredients_that_lead_back_in_a_circle(tmp_path: Path) -> None:
    me = sign_media.identity()
    first = sign_media.sign(png(), "image/png", me)
    edit = sign_media.statement("", {"action": "c2pa.cropped"})
    _, store = store_of(sign_media.sign(first, "image/png", me, edit, setup=sign_media.editing))
    parent, own = (path.split("/")[1] for path in walk(store) if path.count("/") == 1)
    before, *rest = store.split(parent.encode())
    circle = before + parent.encode() + own.encode().join(rest)
    assert len(circle) == len(store)
    assert "cyclic" in refusal(tmp_path / "a.png", in_png(circle))


def test_truncated_anywhere_it_is_a_doubt_or_absent(tmp_path: Path) -> None:
    signed = sign_media.sign(png(), "image/png", sign_media.identity())
    path = tmp_path / "a.png"
    for at in range(40, len(signed), 331):
        path.write_bytes(signed[:at])
        media = MediaInfo(str(path), Kind.IMAGE, "", at, "")
        result = ProvenanceAnalyzer(media, Options()).finish()
        assert result.absent or result.findings[0].bearing is not None, at


def test_a_reader_that_hangs_or_crashes_costs_its_process_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    data = in_png(whole())
    monkeypatch.setattr(reading, "SECONDS", 1.0)
    monkeypatch.setattr(reading, "_START", "import time; time.sleep(60)")
    assert "did not finish in 1 s" in refusal(path, data)
    monkeypatch.setattr(reading, "_START", "import os; os.kill(os.getpid(), 11)")
    assert "crashed" in refusal(path, data)
    monkeypatch.setattr(reading, "_START", "print('no answer')")
    assert "no answer" in refusal(path, data)


def test_a_reader_that_does_not_run_here_is_not_the_files_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(in_png(whole()))
    media = MediaInfo(str(path), Kind.IMAGE, "", 0, "")
    lame = "import sys; sys.modules['c2pa'] = None\n" + reading._START
    monkeypatch.setattr(reading, "_START", lame)
    result = ProvenanceAnalyzer(media, Options()).finish()
    assert not result.findings
    assert "does not run on this machine" in result.not_checked[0].why
    monkeypatch.setattr(reading.sys, "executable", str(tmp_path / "nothing"))
    result = ProvenanceAnalyzer(media, Options()).finish()
    assert "does not run on this machine" in result.not_checked[0].why


def test_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("resource", reason="this system cannot bound memory")
    greedy = (
        "import sys; sys.path.append(sys.argv[1])\n"
        "from unmask.provenance.worker import limit\n"
        "limit(5, 0)\nbytearray(3 << 30)"
    )
    monkeypatch.setattr(reading, "_START", greedy)
    assert "crashed" in refusal(tmp_path / "a.png", in_png(whole()))


def test_every_wild_length_is_caught_by_the_walk() -> None:
    store = whole()
    for at in range(0, len(store) - 4, 7):
        wild = store[:at] + b"\xff\xff\xff\xff" + store[at + 4 :]
        try:
            boxes = walk(wild)
        except Refused:
            continue
        assert all(box.start < box.end <= len(wild) for box in boxes.values())


def test_a_picture_of_nothing_but_markers_is_walked_quickly(tmp_path: Path) -> None:
    scan = b"\xff\xda\x00\x02\x00\x00\x00\x00"
    path = tmp_path / "a.jpg"
    path.write_bytes(b"\xff\xd8" + scan * 500_000)
    begun = time.monotonic()
    media = MediaInfo(str(path), Kind.IMAGE, "", 0, "")
    (left,) = ProvenanceAnalyzer(media, Options()).finish().not_checked
    assert "more parts than are looked through" in left.why
    assert time.monotonic() - begun < SECONDS
