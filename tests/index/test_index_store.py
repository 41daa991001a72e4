from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from known_media import scene

from unmask.errors import StoreError
from unmask.index.item import pictures_to_bytes
from unmask.index.keys import Taken, take
from unmask.index.records import HEAD
from unmask.index.store import Store, Writer, keep
from unmask.media import probe
from unmask.vault import Lock

WORDS = "a long passphrase"


def taken(folder: Path, seed: int) -> Taken:
    path = folder / f"{seed}.png"
    scene(seed, 120, 90).save(path)
    return take(path, probe(path))


def write(index: Path, items: list[Taken], words: str | None = None) -> None:
    with Writer(index, words) as writer:
        for one in items:
            writer.add(one.item, one.keys, one.pictures)


@pytest.fixture
def items(tmp_path: Path) -> list[Taken]:
    return [taken(tmp_path, seed) for seed in (1, 2, 3)]


@pytest.mark.parametrize("words", [None, WORDS])
def test_what_is_added_is_read(tmp_path: Path, items: list[Taken], words: str | None) -> None:
    index = tmp_path / "known.index"
    write(index, items[:2], words)
    write(index, items[2:], words)
    store = Store(index, words)
    assert [entry.item for entry in store.entries] == [one.item for one in items]
    for entry, one in zip(store.entries, items, strict=True):
        assert (entry.keys.hashes == one.keys.hashes).all()
        assert (entry.keys.marks == one.keys.marks).all()
        assert pictures_to_bytes(store.pictures(entry)) == one.pictures
    assert stat.S_IMODE(index.stat().st_mode) == 0o600
    assert (b"1.png" in index.read_bytes()) is (words is None)


def test_an_encrypted_index_needs_its_passphrase(tmp_path: Path, items: list[Taken]) -> None:
    index = tmp_path / "known.index"
    write(index, items, WORDS)
    with pytest.raises(StoreError, match="is encrypted"):
        Store(index, None)
    with pytest.raises(StoreError, match="does not open"):
        Store(index, "another")


def test_an_item_cut_off_is_lost_and_nothing_else(tmp_path: Path, items: list[Taken]) -> None:
    index = tmp_path / "known.index"
    write(index, items[:2])
    whole = index.read_bytes()
    write(index, items[2:])
    longer = index.read_bytes()
    for end in np.linspace(len(whole), len(longer) - 1, 12).astype(int):
        index.write_bytes(longer[:end])
        assert len(Store(index, None).entries) == 2
    write(index, items[2:])
    assert index.read_bytes() == longer


@pytest.mark.parametrize("words", [None, WORDS])
def test_a_changed_byte_costs_one_item(
    tmp_path: Path, items: list[Taken], words: str | None
) -> None:
    index = tmp_path / "known.index"
    write(index, items, words)
    data = bytearray(index.read_bytes())
    data[-40] ^= 1
    index.write_bytes(data)
    store = Store(index, words)
    assert (len(store.entries), len(store.damaged)) == (2, 1)


def test_records_of_an_encrypted_index_cannot_change_places(
    tmp_path: Path, items: list[Taken]
) -> None:
    index = tmp_path / "known.index"
    sizes = []
    for one in items[:2]:
        write(index, [one], WORDS)
        sizes.append(index.stat().st_size)
    data = index.read_bytes()
    head = len(Lock.make(WORDS).header)
    swapped = data[:head] + data[sizes[0] :] + data[head : sizes[0]]
    index.write_bytes(swapped)
    store = Store(index, WORDS)
    assert (len(store.entries), len(store.damaged)) == (0, 2)


@pytest.mark.parametrize("words", [None, WORDS])
@pytest.mark.parametrize("hurt", [0, 1, 2])
def test_one_bad_byte_costs_one_record_and_is_said(
    tmp_path: Path, items: list[Taken], words: str | None, hurt: int
) -> None:
    index = tmp_path / "known.index"
    ends = []
    for one in items:
        write(index, [one], words)
        ends.append(index.stat().st_size)
    whole = index.read_bytes()
    begin = ends[hurt - 1] if hurt else len(Lock.make(WORDS).header) if words else 9
    keys = begin + HEAD.size + HEAD.unpack_from(whole, begin)[0]
    heads = (*range(begin, begin + HEAD.size), *range(keys, keys + HEAD.size))
    inside = np.linspace(begin + HEAD.size, ends[hurt] - 1, 12).astype(int)
    for at in (*heads, *(int(place) for place in inside)):
        for bit in (1, 0x80):
            data = bytearray(whole)
            data[at] ^= bit
            index.write_bytes(data)
            store = Store(index, words)
            assert store.damaged == [keys if at >= keys else begin], (at, bit)
            assert "1 damaged record was left out" in store.left_out()
            sound = [entry for entry in store.entries if store.pictures(entry)]
            names = [one.item.name for number, one in enumerate(items) if number != hurt]
            assert [entry.item.name for entry in sound] == names, (at, bit)


@pytest.mark.parametrize("words", [None, WORDS])
@pytest.mark.parametrize("place", [8, -40])
def test_an_index_with_damage_is_added_to(
    tmp_path: Path, items: list[Taken], words: str | None, place: int
) -> None:
    index = tmp_path / "known.index"
    write(index, items[:2], words)
    data = bytearray(index.read_bytes())
    data[place if place < 0 else place + (len(Lock.make(WORDS).header) if words else 9)] ^= 0x10
    index.write_bytes(data)
    write(index, items[2:], words)
    write(index, items[:1], words)
    store = Store(index, words)
    assert len(store.damaged) == 1
    assert {entry.item.name for entry in store.entries} >= {"1.png", "3.png"}
    assert store.pictures(store.entries[-1])
    keep(index, words, lambda item: item.name != "3.png")
    assert Store(index, words).damaged == []


@pytest.mark.parametrize("content", [b"", b"not an index at all, but a text"])
def test_another_file_is_no_index(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is not an index"):
        Store(path, None)


def test_a_missing_index_is_said(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no index at"):
        Store(tmp_path / "none", None)
    with pytest.raises(StoreError, match="cannot be read"):
        Store(tmp_path, None)


@pytest.mark.skipif(os.name != "posix", reason="files are locked on POSIX systems only")
def test_two_cannot_write_at_once(tmp_path: Path, items: list[Taken]) -> None:
    index = tmp_path / "known.index"
    with Writer(index, None), pytest.raises(StoreError, match="Another process"):
        Writer(index, None)
    write(index, items)
    assert len(Store(index, None).entries) == 3


@pytest.mark.parametrize("words", [None, WORDS])
def test_items_taken_out_are_gone_from_the_file(
    tmp_path: Path, items: list[Taken], words: str | None
) -> None:
    index = tmp_path / "known.index"
    write(index, items, words)
    gone = keep(index, words, lambda item: item.name != "2.png")
    assert [item.name for item in gone] == ["2.png"]
    store = Store(index, words)
    assert [entry.item.name for entry in store.entries] == ["1.png", "3.png"]
    assert pictures_to_bytes(store.pictures(store.entries[1])) == items[2].pictures
    assert b"2.png" not in index.read_bytes()
    write(index, items[1:2], words)
    assert len(Store(index, words).entries) == 3


@pytest.mark.skipif(os.name != "posix", reason="needs SIGKILL")
def test_a_killed_process_loses_no_finished_item(tmp_path: Path) -> None:
    index = tmp_path / "known.index"
    code = (
        "import sys, itertools; from pathlib import Path; from dataclasses import replace\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from test_index_store import taken; from unmask.index.store import Writer\n"
        "index = Path(sys.argv[1]); one = taken(index.parent, 1)\n"
        "with Writer(index, None) as writer:\n"
        "    for n in itertools.count():\n"
        "        writer.add(replace(one.item, name=str(n)), one.keys, one.pictures)\n"
        "        print(n, flush=True)\n"
    )
    command = [sys.executable, "-c", code, str(index), str(Path(__file__).parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        last = -1
        until = time.monotonic() + 60
        while last < 20 and time.monotonic() < until:
            last = int(process.stdout.readline())
        os.kill(process.pid, signal.SIGKILL)
    names = [entry.item.name for entry in Store(index, None).entries]
    assert names == [str(n) for n in range(len(names))]
    assert len(names) > last >= 20
