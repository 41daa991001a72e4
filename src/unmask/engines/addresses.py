"""Files in object stores: listed, and brought to this machine one at a time, to be deleted after.

Only an engine that was asked for comes here; everything else in unmask fetches nothing.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from unmask.batch import STRANGER, Record, scan_record
from unmask.errors import MediaError, MediaTooLarge, MissingExtra, SettingError, UnreadableMedia
from unmask.media import Limits
from unmask.non_media import no_medium
from unmask.report.json import error_dict
from unmask.settings import Settings

STORES = {"s3": "s3fs", "gs": "gcsfs"}
"""Schemes that are taken, and the package of fsspec that reads them."""
_BLOCK = 2**22
_LONGEST_NAME = 200


def is_address(place: str | Path) -> bool:
    """True for the address of an object store: ``s3://…`` and ``gs://…``."""
    return isinstance(place, str) and place.partition("://")[0] in STORES and "://" in place


def find_addresses(address: str) -> Iterator[str]:
    """The object at an address, or all below it in a stable order; hidden ones are passed over.

    Raises UnreadableMedia where there is none or the store does not answer, MissingExtra.
    """
    scheme = address.partition("://")[0]
    store, key = _opened(address)
    try:
        found = sorted(map(str, store.find(key)))
    except Exception as error:  # each store has exceptions of its own
        raise UnreadableMedia(_unread(address, error)) from None
    if not found:
        raise UnreadableMedia(f"Nothing lies at {address!r}. Check bucket and name.")
    for name in found:
        below = name.removeprefix(key).strip("/")
        if not any(part.startswith(".") for part in below.split("/")):
            yield f"{scheme}://{name}"


def fetch(address: str, folder: Path, most: int = Limits().file_bytes) -> Path:
    """Bring one object into a folder, under its own name. ``most``: bytes that it may have.

    Raises MediaTooLarge, UnreadableMedia, MissingExtra.
    """
    store, key = _opened(address)
    path = folder / _file_name(key)
    try:
        _allow(address, int(store.size(key) or 0), most)
        got = 0
        with store.open(key, "rb") as source, path.open("wb") as target:
            while block := source.read(_BLOCK):
                got += len(block)
                _allow(address, got, most)  # what the store said of its size may be wrong
                target.write(block)
    except MediaError:
        raise
    except Exception as error:  # each store has exceptions of its own
        raise UnreadableMedia(_unread(address, error)) from None
    return path


def scan_address(address: str, settings: Settings, pages: str, folder: str) -> Record:
    """``scan_record`` of an object, brought into ``folder``, which is deleted with it."""
    try:
        path = fetch(address, Path(folder))
        record = scan_record(str(path), settings, pages, address)
        if "error" in record:
            record[STRANGER] = no_medium(path)
        return record
    except MediaError as error:
        return error_dict(address, error)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _opened(address: str) -> tuple[Any, str]:
    """The store and the name in it. Names are never parsed for chains of other addresses."""
    scheme = address.partition("://")[0]
    try:
        import fsspec
    except ImportError:
        raise MissingExtra(f"Reading {scheme}://", "ray") from None
    try:
        store = fsspec.filesystem(scheme)
    except ImportError:
        raise SettingError(
            f"{scheme}:// needs one more package. Run: pip install {STORES[scheme]}"
        ) from None
    except Exception as error:
        raise UnreadableMedia(_unread(address, error)) from None
    return store, address.partition("://")[2].strip("/")


def _allow(address: str, size: int, most: int) -> None:
    if size > most:
        raise MediaTooLarge(f"{address!r} has {size:,} bytes or more; {most:,} are allowed.")


def _unread(address: str, error: Exception) -> str:
    if isinstance(error, FileNotFoundError):
        return f"{address!r} does not exist. Check bucket and name."
    why = " ".join(str(error).split()) or type(error).__name__
    return f"{address!r} cannot be read: {why.rstrip('.')}. Check the address and your access."


def _file_name(key: str) -> str:
    """The last part of a name in a store, as a file's name that every system takes."""
    name = re.sub(r"[\x00-\x1f\\:]", "_", key.rpartition("/")[2]).lstrip(".") or "file"
    stem, dot, suffix = name.rpartition(".")
    while len(name.encode()) > _LONGEST_NAME and stem:
        stem = stem[:-1]
        name = stem + dot + suffix
    return name if len(name.encode()) <= _LONGEST_NAME else "file"
