"""Models of a hub (``hf:OWNER/NAME``): which revision, which files, how large, which licence.

The hub's plain interface over HTTP is used, because all that is needed of it are two addresses,
and every file must be checked against the hash that the hub names for the pinned revision.
``HF_ENDPOINT`` names another hub.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from unmask.adding.safety import plain
from unmask.adding.sources import CONFIGURATION, MODEL_CARD, PREPARATIONS, WEIGHTS, licence_of
from unmask.cards.download import ask, receive
from unmask.errors import ModelError, SettingError

PREFIX = "hf:"
_FORM = re.compile(r"hf:(?P<name>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_LONGEST = 16 * 2**20


@dataclass(frozen=True, slots=True)
class Remote:
    """A file of a repository: its size in bytes, and its hash as ``download.receive`` wants it."""

    name: str
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class Repository:
    """The files of one revision that are needed, weights last."""

    endpoint: str
    name: str
    commit: str
    files: tuple[Remote, ...]

    @property
    def given(self) -> str:
        """How it is named with its revision pinned."""
        return f"{PREFIX}{self.name}@{self.commit}"

    @property
    def url(self) -> str:
        """Where a person can look at it."""
        return f"{self.endpoint}/{self.name}/tree/{self.commit}"

    @property
    def bytes(self) -> int:
        """Of all that is needed."""
        return sum(file.size for file in self.files)


def repository(source: str) -> Repository:
    """Ask the hub for ``hf:OWNER/NAME[@REVISION]``. Raises SettingError and ModelError."""
    form = _FORM.fullmatch(source)
    if form is None or ".." in source:
        raise SettingError(f"{source!r} is no model of a hub; write hf:OWNER/NAME[@REVISION].")
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    name, wanted = form["name"], form["revision"] or "main"
    address = f"{endpoint}/api/models/{name}/revision/{quote(wanted, safe='')}?blobs=true"
    try:
        said = json.loads(ask(address, _LONGEST))
        commit = str(said["sha"])
        found = {str(row["rfilename"]): row for row in said["siblings"]}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise ModelError(f"{address} does not answer as a hub does.") from error
    if not _COMMIT.fullmatch(commit) or (_COMMIT.fullmatch(wanted) and wanted != commit):
        raise ModelError(
            f"{endpoint} names the revision {plain(commit, 80)!r} for {wanted!r} of {name}."
        )
    return Repository(endpoint, name, commit, _needed(found, name))


def licence(repo: Repository, folder: Path) -> str:
    """The licence that the model card names; the card alone is fetched for it."""
    for file in repo.files:
        if file.name == MODEL_CARD:
            _fetch(repo, file, folder, None)
    return licence_of(folder / MODEL_CARD)


def fetch(
    repo: Repository, folder: Path, progress: Callable[[int, int | None], None] | None = None
) -> None:
    """Bring the files into ``folder``; ``progress`` counts the bytes of all of them."""
    before = 0
    for file in repo.files:

        def told(done: int, _: int | None, begun: int = before) -> None:
            if progress:
                progress(begun + done, repo.bytes)

        _fetch(repo, file, folder, told)
        before += file.size


def _fetch(
    repo: Repository, file: Remote, folder: Path, progress: Callable[..., None] | None
) -> None:
    url = f"{repo.endpoint}/{repo.name}/resolve/{repo.commit}/{quote(file.name)}"
    receive(url, folder / file.name, file.digest, file.size, progress)


def _needed(found: dict[str, Any], name: str) -> tuple[Remote, ...]:
    weights = next((one for one in WEIGHTS if one in found), None)
    if CONFIGURATION not in found or weights is None:
        raise ModelError(
            f"{name} has no {CONFIGURATION} with weights in one piece ({' or '.join(WEIGHTS)})."
        )
    names = [one for one in (MODEL_CARD, CONFIGURATION, *PREPARATIONS) if one in found]
    return tuple(_remote(found[one]) for one in (*names, weights))


def _remote(row: Any) -> Remote:
    """A row of the hub's list: large files have a SHA-256, others the hash of git."""
    try:
        large = row.get("lfs")
        digest = str(large["sha256"]) if large else f"git:{row['blobId']}"
        size = int((large or row)["size"])
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(f"The hub names no hash for {plain(str(row), 80)}.") from error
    return Remote(str(row["rfilename"]), size, digest)
