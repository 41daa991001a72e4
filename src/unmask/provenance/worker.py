"""The process in which the C2PA library reads a file; see ``reading``.

It takes one job as JSON on its standard input and answers with JSON. A crash, a hang or a flood of
memory ends this process and nothing else.
"""

from __future__ import annotations

import json
import sys
from typing import Any, BinaryIO

_MEMORY = 2 << 30
_MOST_ANSWER = 16 << 20


def settings(trust: str) -> dict[str, Any]:
    """What the library may do: nothing over a network; trust in the certificates given alone."""
    return {
        "trust": {"user_anchors": trust} if trust else {},
        "core": {
            "allowed_network_hosts": [],
            "allow_redirects": False,
            "decode_identity_assertions": False,  # it may ask servers, whatever the hosts allowed
            "max_decompressed_manifest_size_in_mb": 32,
        },
        "verify": {
            "verify_after_reading": True,
            "verify_trust": True,
            "verify_timestamp_trust": True,
            "ocsp_fetch": False,
            "remote_manifest_fetch": False,
        },
    }


def read(path: str, mime: str, trust: str, pieces: list[list[int]]) -> dict[str, Any]:
    """What the library says: ``told`` and ``ranges``; or ``error``; or why it is ``unusable``.

    ``pieces`` (offset, length) are where the store was found. The library looks for it by rules of
    its own; where it finds none, or cannot follow the file around it, the store is handed to it.
    """
    try:
        import c2pa
    except Exception as error:  # its native part is missing, or made for another system
        return {"unusable": " ".join(f"{type(error).__name__}: {error}".split())[:200]}
    try:
        with (
            open(path, "rb") as file,  # noqa: PTH123  the name may hold bytes that are not Unicode
            c2pa.Context.from_dict(settings(trust)) as context,
        ):
            try:
                told, stored = _told(c2pa.Reader(mime, file, context=context))
            except c2pa.C2paError:
                store = b"".join(_part(file, offset, length) for offset, length in pieces)
                file.seek(0)
                told, stored = _told(c2pa.Reader(mime, file, store, context=context))
    except c2pa.C2paError as error:
        return {"error": " ".join(str(error).split())[:300]}
    except RecursionError:
        return {"error": "its content nests too deeply"}
    except MemoryError:
        return {"error": "its content needs too much memory"}
    reader = f"c2pa-python {c2pa.__version__}"
    return {"told": told, "ranges": _ranges(stored), "reader": reader}


def _told(reader: Any) -> tuple[Any, Any]:
    with reader:
        return json.loads(reader.json()), json.loads(reader.detailed_json())


def _part(file: BinaryIO, offset: int, length: int) -> bytes:
    file.seek(offset)
    return file.read(length)


def _ranges(stored: Any) -> dict[str, Any]:
    """The parts of the file that each manifest's hash of the data leaves out."""
    found: dict[str, Any] = {}
    for label, manifest in stored.get("manifests", {}).items():
        for name, assertion in manifest.get("assertion_store", {}).items():
            if name.startswith("c2pa.hash.data") and isinstance(assertion, dict):
                found[label] = assertion.get("exclusions") or []
    return found


def limit(seconds: float, size: int) -> None:
    """Bound the memory and the processor time of this process, where the system can."""
    try:
        import resource
    except ImportError:  # Windows: the time limit of the parent has to do
        return
    memory = _MEMORY + 4 * size
    most = int(seconds) + 2
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (most, most))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Read the job, do it, write the answer."""
    job = json.load(sys.stdin)
    limit(job["seconds"], job["size"])
    answer = json.dumps(read(job["path"], job["mime"], job["trust"], job["pieces"]))
    if len(answer) > _MOST_ANSWER:
        answer = json.dumps({"error": "its content is larger than any tool writes"})
    sys.stdout.write(answer)
