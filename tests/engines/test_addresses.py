"""Objects of a store: found, brought under their own names, bounded."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from unmask.engines.addresses import fetch, find_addresses, is_address
from unmask.errors import MediaTooLarge, UnreadableMedia


def test_only_object_stores_are_addresses() -> None:
    assert is_address("s3://bucket/a.jpg")
    assert is_address("gs://bucket")
    assert not is_address(Path("s3://bucket/a.jpg"))
    for text in ("http://host/a.jpg", "file:///a.jpg", "zip://a::s3://b/c", "s3", "a.jpg"):
        assert not is_address(text)


def test_objects_are_found_without_hidden_ones(store: Any) -> None:
    for key in ("found/b.jpg", "found/a.jpg", "found/.hidden/c.jpg", "found/.d.jpg", "foundling"):
        store.put_object(Bucket="media", Key=key, Body=b"x")
    wanted = ["s3://media/found/a.jpg", "s3://media/found/b.jpg"]
    assert list(find_addresses("s3://media/found/")) == wanted
    assert list(find_addresses(wanted[0])) == wanted[:1]
    with pytest.raises(UnreadableMedia, match="Nothing lies at"):
        list(find_addresses("s3://media/nowhere"))
    with pytest.raises(UnreadableMedia):
        list(find_addresses("s3://no-such-bucket/a"))


def test_an_object_is_brought_and_bounded(store: Any, tmp_path: Path) -> None:
    store.put_object(Bucket="media", Key="brought/pic.jpg", Body=b"x" * 100)
    path = fetch("s3://media/brought/pic.jpg", tmp_path)
    assert path == tmp_path / "pic.jpg"
    assert path.read_bytes() == b"x" * 100
    with pytest.raises(MediaTooLarge, match="99 are allowed"):
        fetch("s3://media/brought/pic.jpg", tmp_path, most=99)
    with pytest.raises(UnreadableMedia, match="does not exist"):
        fetch("s3://media/brought/other.jpg", tmp_path)


@pytest.mark.parametrize("key", ["h/..", "h/a::file:///etc/passwd", "h/" + "ä" * 300 + ".jpg"])
def test_hostile_names_stay_in_the_folder_and_name_nothing_else(
    store: Any, tmp_path: Path, key: str
) -> None:
    store.put_object(Bucket="media", Key=key, Body=b"its own bytes")
    path = fetch(f"s3://media/{key}", tmp_path)
    assert path.parent == tmp_path
    assert path.read_bytes() == b"its own bytes"
