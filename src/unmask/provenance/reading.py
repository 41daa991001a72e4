"""The library's judgement of a manifest store, got in a process that may hang or crash.

The library is native code that parses what an attacker wrote. It runs in a process of its own with
a limit on time and memory, which starts only when a manifest is there (about a third of a second).
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import unmask
from unmask.media._source import reason
from unmask.provenance.find import Store
from unmask.provenance.store import Refused

SECONDS = 15.0
_BYTES_A_SECOND = 30e6
"""How slowly a large file may be hashed."""
_PICTURE_MEMORY = 1 << 30
_START = (
    "import sys; sys.path.append(sys.argv[1]); from unmask.provenance.worker import main; main()"
)


class Unusable(Exception):
    """The library does not run on this machine; the file is not to blame."""


def available() -> bool:
    """True if the library that checks manifests is installed."""
    return importlib.util.find_spec("c2pa") is not None


def read(path: Path, store: Store, trust: str, seconds: float | None = None) -> dict[str, Any]:
    """What the library says: ``told`` (its report) and ``ranges`` (bytes left out of the hash).

    ``trust``: certificates in PEM, or nothing. Raises Refused if the library could not read the
    manifest, crashed, or did not finish in ``seconds`` (else ``SECONDS``) and the time that the
    file's size takes. Raises Unusable if the library does not run here.
    """
    allowed = (seconds or SECONDS) + store.file_bytes / _BYTES_A_SECOND
    job = {
        "path": os.fspath(path),
        "mime": store.mime,
        "trust": trust,
        "pieces": [[piece.offset, piece.length] for piece in store.pieces],
        "seconds": allowed,
        "size": min(store.file_bytes, _PICTURE_MEMORY),
    }
    root = str(Path(unmask.__file__).parents[1])
    # -P: a folder that is scanned from must not lend its own modules to this process.
    command = [sys.executable, "-P", "-c", _START, root]
    try:
        done = subprocess.run(
            command, input=json.dumps(job).encode(), capture_output=True, timeout=allowed
        )
    except subprocess.TimeoutExpired:
        raise Refused(f"its reader did not finish in {allowed:.0f} s") from None
    except OSError as error:
        raise Unusable(reason(error)) from None
    if done.returncode:
        raise Refused(f"its reader crashed on it (exit code {done.returncode})")
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Refused("its reader gave no answer") from None
    if "unusable" in answer:
        raise Unusable(str(answer["unusable"]))
    if "error" in answer:
        raise Refused(_plain(str(answer["error"])))
    return answer


def _plain(error: str) -> str:
    """The library's message without the name of its class."""
    if "not found in XMP" in error or "no JUMBF data" in error:
        return "it lies where its reader does not look for it"
    kind, _, message = error.partition(": ")
    return message if message and kind.isalpha() else error
