"""One file from an address, whole or in several goes, and only if it is the right one."""

from __future__ import annotations

import hashlib
import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from unmask.digests import sha256_of
from unmask.errors import ModelError, OutputError

Progress = Callable[[int, int | None], None]
"""Called with the bytes done, and in all (``None``: the server does not say)."""

LARGEST = 8 * 2**30
PATIENCE = 60.0
"""Seconds to wait for an answer, and for each piece of it."""
_PIECE = 1 << 20
_TRIES = 4
"""How often in a row a connection may be cut without a byte gained."""
_PAUSE = 0.2


def receive(
    url: str, target: Path, digest: str, size: int | None = None, progress: Progress | None = None
) -> None:
    """Bring the file at ``url`` to ``target``, unless it is there with the right hash.

    ``digest``: the SHA-256 in hexadecimal, or ``git:`` and the hash that git gives a file. What
    came before a connection was cut is kept beside the target (``.part``) and gone on with, at
    once or in a later call. What comes is kept only when its hash is right. Raises ModelError (no
    answer, other bytes, too many) and OutputError (the file cannot be written).
    """
    if target.is_file() and digest_of(target, digest) == digest:
        return
    part = target.with_name(f"{target.name}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{target.parent} cannot be made: {error.strerror}.") from error
    try:
        _until_whole(url, part, size, progress)
        found = digest_of(part, digest)
        if found != digest:
            part.unlink()
            raise ModelError(
                f"What {url} sent is not the file of the card (hash {_short(found)}, not "
                f"{_short(digest)}). It is not kept."
            )
        part.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error


def ask(url: str, largest: int) -> bytes:
    """A short answer. Raises ModelError when there is none, or it is longer than ``largest``."""
    with _opened(url, 0) as answer:
        try:
            data: bytes = answer.read(largest + 1)
        except (OSError, http.client.HTTPException) as error:
            raise ModelError(f"{url} stopped sending: {error}") from error
    if len(data) > largest:
        raise ModelError(f"{url} sends more than {largest} bytes; it is not read.")
    return data


def announced(url: str) -> int | None:
    """How many bytes a file has, as its server says; None when it does not say."""
    with _opened(url, 0, "HEAD") as answer:
        said = answer.headers.get("Content-Length")
    return int(said) if said and said.isdigit() else None


def digest_of(path: Path, like: str) -> str:
    """The hash of a file, of the kind that ``like`` is."""
    if not like.startswith("git:"):
        return sha256_of(path)
    with path.open("rb") as file:
        sum_ = hashlib.sha1(b"blob %d\0" % path.stat().st_size)
        while piece := file.read(_PIECE):
            sum_.update(piece)
    return f"git:{sum_.hexdigest()}"


def _short(digest: str) -> str:
    return f"{digest.removeprefix('git:')[:12]}…"


def _until_whole(url: str, part: Path, size: int | None, progress: Progress | None) -> None:
    best, tries = -1, 0
    while True:
        done, whole = _go(url, part, size, progress)
        if whole is None or done == whole:
            return
        tries = 0 if done > best else tries + 1
        best = max(best, done)
        if tries == _TRIES - 1:
            raise ModelError(
                f"{url} stopped sending after {done} of {whole} bytes. What came is kept: the same "
                "command goes on from there."
            )
        time.sleep(_PAUSE)


def _go(
    url: str, part: Path, size: int | None, progress: Progress | None
) -> tuple[int, int | None]:  # fmt: skip
    """One connection: how many bytes are there afterwards, and how many there must be."""
    done = part.stat().st_size if part.is_file() else 0
    if size is not None and done >= size:
        if done == size:
            return done, size
        part.unlink()
        done = 0
    with _opened(url, done) as answer:
        begun = _begin(answer.headers.get("Content-Range", ""))
        if done and (answer.status != 206 or begun != done):
            done = 0  # the server sends it from the start
        said = answer.headers.get("Content-Length")
        whole = done + int(said) if said and said.isdigit() else size
        most = min(LARGEST, size if size is not None else LARGEST)
        with part.open("ab" if done else "wb") as out:
            while True:
                try:
                    piece = answer.read(_PIECE)
                except (OSError, http.client.HTTPException):
                    return done, whole if whole is not None else done + 1
                if not piece:
                    return done, whole
                done += len(piece)
                if done > most:
                    out.close()
                    part.unlink()
                    raise ModelError(f"{url} sends more than {most} bytes; it is not kept.")
                out.write(piece)
                if progress:
                    progress(done, whole)


def _opened(url: str, start: int, method: str = "GET") -> Any:
    if urlsplit(url).scheme not in ("http", "https"):
        raise ModelError(f"{url} is not an address that can be fetched (http or https).")
    request = urllib.request.Request(url, method=method, headers={"User-Agent": "unmask"})
    if start:
        request.add_header("Range", f"bytes={start}-")
    try:
        return urllib.request.urlopen(request, timeout=PATIENCE)
    except urllib.error.HTTPError as error:
        if error.code == 416 and start:
            return _opened(url, 0, method)
        raise ModelError(f"{url} does not answer: {error.code} {error.reason}.") from error
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = getattr(error, "reason", error)
        raise ModelError(f"{url} does not answer: {reason}. Is this machine online?") from error


def _begin(said: str) -> int:
    """The first byte of a part, as ``Content-Range`` names it; -1 without one."""
    first = said.removeprefix("bytes ").partition("-")[0]
    return int(first) if first.isdigit() else -1
