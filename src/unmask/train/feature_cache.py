"""What a frozen encoder makes of files, kept: one pass, many heads.

An entry is known by the file's contents, the encoder's and how the file was prepared. So a changed
file, another encoder or another preparation is noticed, and a file that only moved is not read by
the encoder again. The contents are hashed once: a file whose path, size, time of change and number
on the disk are the same is taken for the same, as build tools do, and not even opened.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from unmask.digests import sha256_of
from unmask.errors import DataError

Features = NDArray[np.float16]


class FeatureCache:
    """Features by (file, encoder, preparation), in one SQLite file.

    ``encoder``: the SHA-256 of its weights. Raises DataError when the file is no cache.
    """

    def __init__(self, path: Path, encoder: str) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._encoder = encoder[:16]
        try:
            self._base = sqlite3.connect(path, timeout=60)
            self._base.execute("pragma journal_mode=wal")
            # What a power cut takes is computed again.
            self._base.execute("pragma synchronous=normal")
            self._base.execute(
                "create table if not exists features "
                "(key text primary key, rows integer, data blob) without rowid"
            )
            self._base.execute(
                "create table if not exists files "
                "(path text primary key, seen text, sha256 text) without rowid"
            )
        except sqlite3.DatabaseError as error:
            raise DataError(f"{path} is no feature cache ({error}). Name another file.") from error

    def of(self, path: Path, preparation: str, compute: Callable[[], Features]) -> Features:
        """Features of a file: those that are kept, or what ``compute`` makes of it, kept from now
        on. Raises what ``compute`` raises, and OSError when the file cannot be opened.
        """
        file = self.hash_of(path)
        known = self.get(file, preparation)
        if known is None:
            known = compute()
            self.put(file, preparation, known)
        return known

    def hash_of(self, path: Path) -> str:
        """SHA-256 of a file; of one that has not changed, without opening it."""
        where, now = str(path.resolve()), path.stat()
        seen = f"{now.st_size} {now.st_mtime_ns} {now.st_ctime_ns} {now.st_ino}"
        known = self._base.execute(
            "select sha256 from files where path = ? and seen = ?", (where, seen)
        ).fetchone()
        if known is not None:
            return str(known[0])
        found = sha256_of(path)
        with self._base:
            self._base.execute(
                "insert or replace into files values (?, ?, ?)", (where, seen, found)
            )
        return found

    def get(self, file: str, preparation: str) -> Features | None:
        """Rows × numbers; None when they are not known. ``file``: SHA-256 of its bytes."""
        found = self._base.execute(
            "select rows, data from features where key = ?", (self._key(file, preparation),)
        ).fetchone()
        if found is None:
            return None
        rows, data = found
        return np.frombuffer(data, np.float16).reshape(rows, -1) if rows else _none()

    def put(self, file: str, preparation: str, features: Features) -> None:
        """Keep rows × numbers; none at all is remembered too."""
        data = np.ascontiguousarray(features, np.float16)
        with self._base:
            self._base.execute(
                "insert or replace into features values (?, ?, ?)",
                (self._key(file, preparation), len(data), data.tobytes()),
            )

    def _key(self, file: str, preparation: str) -> str:
        return f"{file[:32]} {self._encoder} {preparation}"


def _none() -> Features:
    return np.empty((0, 0), np.float16)
