from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from unmask import vault
from unmask.errors import OutputError, StoreError

SECRET = b"the faces of people that nobody else may read"
WORDS = "correct horse"


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("sealed") / "profile"
    vault.write(path, SECRET, WORDS)
    return path.read_bytes()


def refused(path: Path, words: str | None = WORDS) -> str:
    with pytest.raises(StoreError) as caught:
        vault.read(path, words)
    text = str(caught.value)
    assert "\n" not in text
    assert path.name in text
    return text


def test_what_is_written_is_read_and_cannot_be_seen(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "profile"
    path.write_bytes(sealed)
    assert vault.locked(path)
    assert vault.read(path, WORDS) == SECRET
    assert SECRET not in sealed
    assert WORDS.encode() not in sealed


def test_the_same_content_is_never_sealed_alike(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "again"
    vault.write(path, SECRET, WORDS)
    again = path.read_bytes()
    assert again[12 : vault.HEADER] != sealed[12 : vault.HEADER]
    assert again[vault.HEADER :] != sealed[vault.HEADER :]


def test_without_a_passphrase_the_file_is_plain(tmp_path: Path) -> None:
    path = tmp_path / "plain"
    vault.write(path, SECRET)
    assert path.read_bytes() == SECRET
    assert not vault.locked(path)
    assert vault.read(path) == vault.read(path, WORDS) == SECRET


@pytest.mark.parametrize("words", [WORDS, None])
def test_only_the_owner_may_read(tmp_path: Path, words: str | None) -> None:
    path = tmp_path / "mine"
    path.write_bytes(b"open to all")
    path.chmod(0o644)
    vault.write(path, SECRET, words)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_wrong_passphrase_is_said(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "profile"
    path.write_bytes(sealed)
    assert "passphrase does not open" in refused(path, "wrong horse")


def test_no_passphrase_is_said(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "profile"
    path.write_bytes(sealed)
    assert vault.VARIABLE in refused(path, None)
    assert "is encrypted" in refused(path, "")


@settings(max_examples=60, deadline=None)
@given(at=st.integers(0, 10_000), bit=st.integers(0, 7))
def test_any_changed_bit_of_the_content_is_seen(
    tmp_path_factory: pytest.TempPathFactory, sealed: bytes, at: int, bit: int
) -> None:
    path = tmp_path_factory.mktemp("bits") / "profile"
    place = vault.HEADER + at % (len(sealed) - vault.HEADER)
    altered = bytearray(sealed)
    altered[place] ^= 1 << bit
    path.write_bytes(altered)
    assert "altered" in refused(path)


@pytest.mark.parametrize("place", [9, 10, 11, 12, 30, vault.HEADER - 1])
def test_a_changed_header_is_seen(tmp_path: Path, sealed: bytes, place: int) -> None:
    path = tmp_path / "profile"
    altered = bytearray(sealed)
    altered[place] ^= 0xC0
    path.write_bytes(altered)
    refused(path)


def test_a_newer_form_is_named(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "profile"
    path.write_bytes(vault.MAGIC + bytes([9]) + sealed[9:])
    assert "version 9" in refused(path)


@pytest.mark.parametrize("length", [8, 20, vault.HEADER - 1, vault.HEADER, vault.HEADER + 5, -1])
def test_a_file_cut_off_anywhere_is_seen(tmp_path: Path, sealed: bytes, length: int) -> None:
    path = tmp_path / "profile"
    path.write_bytes(sealed[:length])
    assert "cut off" in refused(path)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    assert not vault.locked(tmp_path / "none")
    assert "does not exist" in refused(tmp_path / "none")


def test_a_folder_is_said(tmp_path: Path) -> None:
    assert "cannot be read" in refused(tmp_path)


def test_an_encrypted_file_is_not_replaced_by_a_plain_one(tmp_path: Path, sealed: bytes) -> None:
    path = tmp_path / "profile"
    path.write_bytes(sealed)
    with pytest.raises(StoreError, match="would become readable"):
        vault.write(path, SECRET)
    assert path.read_bytes() == sealed


def test_a_crash_while_writing_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "profile"
    vault.write(path, b"old")

    def fail(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OutputError, match="No space left"):
        vault.write(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["profile"]


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="cannot be written"):
        vault.write(tmp_path / "none" / "profile", SECRET)


def test_messages_of_one_file_cannot_change_places() -> None:
    lock = vault.Lock.make(WORDS)
    first = lock.seal(b"first", b"1")
    assert lock.unseal(first, b"1") == b"first"
    assert lock.unseal(first, b"2") is None
    again = vault.Lock.open(lock.header, WORDS, "x")
    assert again.unseal(first, b"1") == b"first"
    assert vault.Lock.make(WORDS).unseal(first, b"1") is None


def test_the_passphrase_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(vault.VARIABLE, raising=False)
    assert vault.passphrase() is None
    monkeypatch.setenv(vault.VARIABLE, "")
    assert vault.passphrase() is None
    monkeypatch.setenv(vault.VARIABLE, WORDS)
    assert vault.passphrase() == WORDS
