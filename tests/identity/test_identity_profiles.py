"""Profiles: what they hold, where they lie, and when references are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from unmask.errors import SettingError, StoreError, UnfitReferences, UnknownName
from unmask.identity import store
from unmask.identity.agreement import groups, split, strays
from unmask.identity.conflict import Answer, conflict
from unmask.identity.profile import LeftOut, Profile, Reference, decode, encode
from unmask.identity.references import SEPARATOR, people, person_of, spoken
from unmask.types import Tensor, Vote
from unmask.vault import VARIABLE


def unit(seed: int, near: int | None = None, noise: float = 0.1) -> Tensor:
    random = np.random.default_rng(seed)
    base = random.normal(size=32) if near is None else np.random.default_rng(near).normal(size=32)
    value = base / np.linalg.norm(base) + random.normal(0, noise, 32) / 32**0.5
    return np.asarray(value / np.linalg.norm(value), np.float32)


def reference(source: str, seed: int, near: int | None = None, time: float | None = None):
    return Reference(source, "0" * 64, time, unit(seed, near))


def profile(faces: int = 3, voices: int = 0) -> Profile:
    return Profile(
        "Ann",
        tuple(reference(f"{i}.jpg", i, near=99) for i in range(faces)),
        tuple(reference("a.wav", i, near=98, time=0.8 + 0.4 * i) for i in range(voices)),
        (LeftOut("b.jpg", "faces", "no face was found"),),
        (("face", "face_identity"),),
        "2026-01-01T00:00:00+00:00",
    )


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("UNMASK_PROFILES", str(tmp_path / "profiles"))
    monkeypatch.delenv(VARIABLE, raising=False)
    return tmp_path / "profiles"


def test_a_profile_survives_its_file() -> None:
    made = profile(3, 2)
    again = decode(encode(made), "x")
    assert encode(again) == encode(made)
    np.testing.assert_array_equal(again.faces[1].vector, made.faces[1].vector)
    assert again.left_out == made.left_out


@pytest.mark.parametrize("data", [b"", b"{}", b"[1]", b'{"form": "unmask profile 9"}', b"\xff\xfe"])
def test_what_is_no_profile_is_one_line(data: bytes) -> None:
    with pytest.raises(StoreError, match="Enrol the person again"):
        decode(data, "x.profile")


def test_profiles_are_listed_loaded_and_deleted(home: Path) -> None:
    assert store.names() == ()
    store.save(profile(), store.new_path("Ann B."[:-1]))
    assert store.names() == ("Ann B",)
    assert store.load(store.path_of("Ann B")).name == "Ann"
    store.delete("Ann B")
    assert list(home.iterdir()) == []
    with pytest.raises(UnknownName):
        store.path_of("Ann B")


@pytest.mark.parametrize("name", ["", "../x", "a/b", ".hidden", "x" * 90, "a\n"])
def test_a_name_that_is_no_file_name_is_refused(name: str) -> None:
    with pytest.raises(SettingError):
        store.new_path(name)


def test_an_encrypted_profile_needs_its_passphrase(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("cryptography")
    monkeypatch.setenv(VARIABLE, "a long one")
    path = store.new_path("ann")
    store.save(profile(), path)
    assert b"0.jpg" not in path.read_bytes()
    assert store.load(path).name == "Ann"
    monkeypatch.delenv(VARIABLE)
    with pytest.raises(StoreError, match="encrypted"):
        store.load(path)


def test_two_people_in_the_references_are_told_apart() -> None:
    items = [reference(f"a{i}", i, near=1) for i in range(4)]
    items += [reference(f"b{i}", 50 + i, near=2) for i in range(3)]
    main, others = split(items, 0.3)
    assert main == ["a0", "a1", "a2", "a3"]
    assert others == [["b0", "b1", "b2"]]
    assert strays(main, others) is None


def test_one_stray_file_among_many_is_left_out() -> None:
    items = [reference(f"a{i}", i, near=1) for i in range(8)] + [reference("odd", 77, near=2)]
    main, others = split(items, 0.3)
    assert strays(main, others) == ["odd"]


def test_two_files_of_two_people_are_refused() -> None:
    main, others = split([reference("a", 1, near=1), reference("b", 2, near=2)], 0.3)
    assert strays(main, others) is None


def test_two_people_inside_one_video_are_seen() -> None:
    items = [reference("v", i, near=1, time=float(i)) for i in range(6)]
    items += [reference("v", 50 + i, near=2, time=6.0 + i) for i in range(6)]
    main, others = split(items, 0.3)
    assert main == ["v"]
    assert others == [["v"]]


def test_groups_of_one_person_are_one() -> None:
    rows = np.stack([unit(i, near=3) for i in range(12)])
    assert set(groups(rows, 0.3)) == {0}


def test_too_few_references_do_not_suffice() -> None:
    with pytest.raises(UnfitReferences, match="do not suffice"):
        person_of(profile(1, 1))
    person = person_of(profile(2, 1))
    assert person.face is not None
    assert person.voice is None
    assert dict(person.lacking)["voice"].startswith("there are 1.6 s")


def test_overlapping_windows_count_once() -> None:
    assert spoken(profile(0, 3).voices) == pytest.approx(2.4)


def test_a_reference_that_is_not_there_is_one_line() -> None:
    with pytest.raises(StoreError, match="no folder, file or profile"):
        people("nobody-here")


def test_several_profiles_are_several_people() -> None:
    for name in ("ann", "bob"):
        store.save(profile(), store.new_path(name))
    found = people(SEPARATOR.join(("ann", "bob")))
    assert len(found) == 2


@pytest.mark.parametrize(
    ("face", "voice", "text"),
    [
        ({"Ann": Vote.CLEAR}, {"Ann": Vote.FORGED}, "face is Ann's, and the voice is not"),
        ({"Ann": Vote.FORGED}, {"Ann": Vote.CLEAR}, "voice is Ann's, and the face is not"),
        (
            {"Ann": Vote.CLEAR, "Bob": Vote.FORGED},
            {"Ann": Vote.FORGED, "Bob": Vote.CLEAR},
            "not: it fits Bob",
        ),
        ({"Ann": Vote.CLEAR}, {"Ann": Vote.CLEAR}, ""),
        ({"Ann": Vote.FORGED}, {"Ann": Vote.FORGED}, ""),
        ({"Ann": Vote.CLEAR}, {}, ""),
        ({"Ann": Vote.CLEAR}, {"Ann": Vote.UNDECIDED}, ""),
    ],
)
def test_face_and_voice_of_different_people(
    face: dict[str, Vote], voice: dict[str, Vote], text: str
) -> None:
    said = conflict(
        {name: Answer(name, vote, 0.0) for name, vote in face.items()},
        {name: Answer(name, vote, 0.0) for name, vote in voice.items()},
        "Ann",
    )
    assert (text in said) if text else said == ""
