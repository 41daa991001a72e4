"""Manifests written to hurt: each is refused in one line, quickly, and the scan goes on."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("c2pa", reason="needs: pip install 'unmask[provenance]'")

from hostile_stores import (
    JSON,
    STORE,
    box,
    in_png,
    nested,
    png,
    store_of,
    superbox,
    with_content,
)

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


def whole() -> bytes:
    return store_of(sign_media.sign(png(), "image/png", sign_media.identity()))[1]


def hostile() -> dict[str, tuple[bytes, str]]:
    store = whole()
    actions = "c2pa.actions.v2"
    return {
        "announces 3 GB": (in_png(store[:100], 3 << 30), "3,221 MB"),
        "announces more than there is": (in_png(store[:100], 9999), "the file ends at byte"),
        "holds 80 MB": (in_png(superbox("c2pa", STORE, box(b"free", bytes(80 << 20)))), "84 MB"),
        "an inner length is wild": (in_png(store[:38] + b"\xff" * 4 + store[42:]), "announces"),
        "nests 5,000 deep": (in_png(nested(5000)), "nest more than"),
        "50,000 boxes": (
            in_png(superbox("c2pa", STORE, *[box(b"free", b"")] * 50_000)),
            "more than 20,000 boxes",
        ),
        "CBOR nests deep": (
            in_png(with_content(store, actions, box(b"cbor", b"\xa1\x61a" * 100_000 + b"\0"))),
            "depth",
        ),
        "CBOR announces a list without end": (
            in_png(with_content(store, actions, box(b"cbor", b"\x9b" + b"\0\0\0\xff" * 2))),
            "",
        ),
        "JSON nests deep": (
            in_png(
                with_content(store, actions, box(b"json", b"[" * 100_000 + b"]" * 100_000)).replace(
                    b"cbor" + JSON[4:], JSON
                )
            ),
            "",
        ),
        "the claim nests deep": (
            in_png(with_content(store, "c2pa.claim.v2", box(b"cbor", b"\x81" * 100_000))),
            "",
        ),
        "nothing in it": (in_png(superbox("c2pa", STORE)), ""),
    }


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
