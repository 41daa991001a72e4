"""Bringing a published checkpoint onto this machine: address, hash and licence, or nothing."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from unmask.cards.card import Published
from unmask.cards.download import Progress, receive
from unmask.errors import ModelError, SettingError

FREE = ("apache-2.0", "mit", "bsd-2-clause", "bsd-3-clause", "cc0-1.0", "cc-by-4.0", "isc")
"""Licences that let anybody use the weights for anything."""


def permitted(file: Published, licences: tuple[str, ...] = FREE) -> None:
    """Raise SettingError when the licence of ``file`` is none of ``licences`` ("any": all)."""
    if "any" not in licences and file.licence.lower() not in licences:
        raise SettingError(
            f"The weights {file.url} have the licence {file.licence!r}, not one of "
            f"{', '.join(licences)}. Read it; then say --licence '{file.licence.lower()}'."
        )


def fetch_all(file: Published, folder: Path, progress: Progress | None = None) -> list[Path]:
    """Bring ``file`` and the files beside it, in their order. Raises as ``fetch``."""
    parts = [file.model_copy(update=part.model_dump()) for part in file.further]
    return [fetch(one, folder, progress) for one in (file, *parts)]


def fetch(file: Published, folder: Path, progress: Progress | None = None) -> Path:
    """Bring ``file`` into ``folder``, under a name that begins with its hash.

    A file that is already there and whole is not fetched again; one that was cut off goes on where
    it ended. What arrives is kept only when its SHA-256 is the card's. Raises ModelError (no hash
    known, no answer, other bytes) and OutputError (the folder cannot be written).
    """
    if not file.sha256:
        raise ModelError(
            f"Nobody of us has seen {file.url}, so its hash is not known and it is not fetched. "
            "Fetch it yourself and give it: unmask models export NAME --checkpoint FILE"
        )
    target = folder / f"{file.sha256[:12]}-{Path(urlsplit(file.url).path).name or 'weights'}"
    receive(file.url, target, file.sha256, progress=progress)
    return target
