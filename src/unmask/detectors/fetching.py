"""Bringing a published checkpoint onto this machine: address, hash and licence, or nothing."""

from __future__ import annotations

import hashlib
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from unmask.detectors.card import Published
from unmask.errors import ModelError, OutputError, SettingError

Progress = Callable[[int, int | None], None]
"""Called with the bytes done, and in all (``None``: the server does not say)."""

FREE = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "isc")
"""Licences that let anybody use the weights for anything."""
LARGEST = 8 * 2**30
_PIECE = 1 << 20
_PATIENCE = 60.0


def permitted(file: Published, licences: tuple[str, ...] = FREE) -> None:
    """Raise SettingError when the licence of ``file`` is none of ``licences`` ("any": all)."""
    if "any" not in licences and file.licence.lower() not in licences:
        raise SettingError(
            f"The weights {file.url} have the licence {file.licence!r}, not one of "
            f"{', '.join(licences)}. Read it; then say --licence '{file.licence.lower()}'."
        )


def fetch(file: Published, folder: Path, progress: Progress | None = None) -> Path:
    """Bring ``file`` into ``folder``, under a name that begins with its hash.

    A file that is already there and whole is not fetched again. What arrives is kept only when
    its SHA-256 is the card's. Raises ModelError (no hash known, no answer, other bytes) and
    OutputError (the folder cannot be written).
    """
    if not file.sha256:
        raise ModelError(
            f"Nobody of us has seen {file.url}, so its hash is not known and it is not fetched. "
            "Fetch it yourself and give it: unmask models export NAME --checkpoint FILE"
        )
    address = urlsplit(file.url)
    if address.scheme not in ("http", "https"):
        raise ModelError(f"{file.url} is not an address that can be fetched (http or https).")
    target = folder / f"{file.sha256[:12]}-{Path(address.path).name or 'weights'}"
    if target.is_file() and _sum(target) == file.sha256:
        return target
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{folder} cannot be made: {error.strerror}.") from error
    try:
        found = _receive(file.url, part, progress)
        if found != file.sha256:
            raise ModelError(
                f"What {file.url} sent is not the file of the card (sha256 {found[:12]}…, not "
                f"{file.sha256[:12]}…). It is not kept."
            )
        part.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _receive(url: str, part: Path, progress: Progress | None) -> str:
    """Stream ``url`` into a file; its SHA-256."""
    sum_ = hashlib.sha256()
    try:
        answer = urllib.request.urlopen(url, timeout=_PATIENCE)
    except (urllib.error.URLError, TimeoutError) as error:
        reason = getattr(error, "reason", error)
        raise ModelError(f"{url} does not answer: {reason}. Is this machine online?") from error
    with answer, part.open("wb") as out:
        said = answer.headers.get("Content-Length")
        whole = int(said) if said and said.isdigit() else None
        done = 0
        while True:
            try:
                piece = answer.read(_PIECE)
            except (TimeoutError, OSError) as error:
                raise ModelError(f"{url} stopped sending after {done} bytes.") from error
            if not piece:
                break
            done += len(piece)
            if done > LARGEST:
                raise ModelError(f"{url} sends more than {LARGEST} bytes; it is not kept.")
            sum_.update(piece)
            out.write(piece)
            if progress:
                progress(done, whole)
    if whole is not None and done < whole:
        raise ModelError(f"{url} stopped sending after {done} of {whole} bytes.")
    return sum_.hexdigest()


def _sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
