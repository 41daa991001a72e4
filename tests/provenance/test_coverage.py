"""What a signature leaves out: no accusation where what it covers is whole, and a doubt where the
picture itself may have been changed unseen."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("c2pa", reason="needs: pip install 'unmask[provenance]'")

from hand_signed import Ranges, signed_jpeg

import sign_media
from sign_media import Identity
from unmask.analyzers.base import Options
from unmask.analyzers.provenance import ProvenanceAnalyzer
from unmask.types import Finding, Kind, Label, MediaInfo


@pytest.fixture(scope="module")
def me() -> Identity:
    return sign_media.identity()


@pytest.fixture(scope="module")
def parts() -> tuple[bytes, bytes]:
    """A JPEG cut behind its EXIF."""
    made = Image.Exif()
    made[0x010F] = "Canon"
    noise = np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8)
    data = io.BytesIO()
    Image.fromarray(noise).save(data, "JPEG", quality=90, exif=made)
    whole = data.getvalue()
    cut = 4 + int.from_bytes(whole[4:6])
    return whole[:cut], whole[cut:]


def looked_at(path: Path, data: bytes) -> tuple[Finding, ...]:
    path.write_bytes(data)
    media = MediaInfo(str(path), Kind.IMAGE, "JPEG", len(data), "")
    return ProvenanceAnalyzer(media, Options()).finish().findings


Choice = Callable[[int, int], Ranges]


@pytest.fixture(scope="module")
def hand(me: Identity, parts: tuple[bytes, bytes]) -> Callable[[str], bytes]:
    head, tail = parts
    before, scan = len(head), tail.index(b"\xff\xda")
    choices: dict[str, Choice] = {
        "exact": lambda size, _: [(before, size)],
        "all before": lambda size, _: [(0, before + size)],
        "exif beside": lambda size, _: [(2, before - 2), (before, size)],
        "in any order": lambda size, _: [(before, size), (2, before - 2)],
        "one over the other": lambda size, _: [(0, before + 5), (before, size)],
        "tables": lambda size, _: [(0, before + size + scan)],
        "pixels": lambda size, _: [(before, size), (before + size + scan + 200, 300)],
        "end": lambda size, whole: [(0, before + size), (whole - 300, 300)],
        "everything": lambda _, whole: [(0, whole)],
    }
    return lambda name: signed_jpeg(head, tail, me, choices[name])


def test_an_exact_signature_leaves_nothing_out(
    tmp_path: Path, hand: Callable[[str], bytes]
) -> None:
    (fact,) = looked_at(tmp_path / "a.jpg", hand("exact"))
    assert fact.bearing is None
    assert "The file is as “Test Works” signed it" in fact.reason


@pytest.mark.parametrize(
    "name", ["all before", "exif beside", "in any order", "one over the other"]
)
def test_words_that_are_left_out_are_no_accusation(
    tmp_path: Path, hand: Callable[[str], bytes], parts: tuple[bytes, bytes], name: str
) -> None:
    data = bytearray(hand(name))
    data[len(parts[0]) - 3] ^= 1  # in the EXIF, which nobody signed
    fact, loose = looked_at(tmp_path / "a.jpg", bytes(data))
    assert (fact.bearing, loose.bearing) == (None, None)
    assert fact.details["state"] == "valid"
    assert "What “Test Works” signed of the file is unchanged" in fact.reason
    assert "leaves out more" in loose.reason
    assert "No part of the picture" in loose.reason


def test_a_changed_pixel_is_found_under_a_wide_signature(
    tmp_path: Path, hand: Callable[[str], bytes]
) -> None:
    data = bytearray(hand("all before"))
    data[-200] ^= 1
    (fact,) = looked_at(tmp_path / "a.jpg", bytes(data))
    assert fact.bearing is Label.MANIPULATED
    assert "was changed after" in fact.reason


@pytest.mark.parametrize("name", ["tables", "pixels", "end"])
def test_a_picture_that_is_left_out_in_part_is_a_doubt(
    tmp_path: Path, hand: Callable[[str], bytes], name: str
) -> None:
    fact, loose = looked_at(tmp_path / "a.jpg", hand(name))
    assert fact.bearing is None
    assert loose.bearing is Label.INCONCLUSIVE
    assert "a change would not be seen" in loose.reason


def test_a_signature_over_nothing_is_a_doubt(tmp_path: Path, hand: Callable[[str], bytes]) -> None:
    _, loose = looked_at(tmp_path / "a.jpg", hand("everything"))
    assert loose.bearing is Label.INCONCLUSIVE
    assert "covers nothing of the picture" in loose.reason


def test_a_whole_manifest_where_its_reader_does_not_look_is_judged(
    tmp_path: Path, hand: Callable[[str], bytes], parts: tuple[bytes, bytes]
) -> None:
    data, before = hand("exact"), len(parts[0])
    size = 2 + int.from_bytes(data[before + 2 : before + 4])
    segment, rest = data[before : before + size], data[:before] + data[before + size :]
    (fact,) = looked_at(tmp_path / "a.jpg", rest[:-2] + segment + rest[-2:])
    assert fact.bearing is Label.MANIPULATED
    assert "“Test Works”" in fact.reason
    assert "damaged" not in fact.reason
