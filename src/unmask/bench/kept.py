"""Protocols of one's own, kept beside their outcomes so that every table can be made from there."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from unmask._toml import toml_text
from unmask.bench.protocol import Protocol, protocols, read_protocol

KEPT = "protocol.toml"
"""What a protocol of one's own is called beside its outcomes."""


def keep_protocol(protocol: Protocol, folder: Path) -> None:
    """Lay a protocol beside its outcomes, unless it is the one that comes with unmask."""
    path = folder / KEPT
    shipped = protocols().get(protocol.name)
    if shipped is not None and read_protocol(protocol.name) == protocol:
        path.unlink(missing_ok=True)
        return
    folder.mkdir(parents=True, exist_ok=True)
    values = protocol.model_dump(mode="json", exclude_defaults=True)
    path.write_text(toml_text(values), encoding="utf-8")


def kept_protocols(results: Path, given: Sequence[str] = ()) -> tuple[list[Protocol], list[str]]:
    """The protocols of the outcomes in a folder, and the names of those that nobody knows.

    A protocol is the one ``given`` (a name or a TOML file), the one that lies beside its outcomes,
    or the one that comes with unmask, in this order. Raises what ``read_protocol`` raises.
    """
    own = {protocol.name: protocol for protocol in map(read_protocol, given)}
    shipped = protocols()
    there = {path.parent.name for path in results.glob("*/*.parquet") if _of_protocol(path)}
    found, unknown = [], []
    for name in [*shipped, *sorted(there - set(shipped))]:
        if name not in there:
            continue
        beside = results / name / KEPT
        if name in own:
            found.append(own[name])
        elif beside.is_file():
            found.append(read_protocol(str(beside)))
        elif name in shipped:
            found.append(read_protocol(name))
        else:
            unknown.append(name)
    return found, unknown


def _of_protocol(path: Path) -> bool:
    """Whether a table holds the outcomes of a protocol, and no other predictions."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return b"unmask.about" in (pq.read_schema(path).metadata or {})
    except (pa.ArrowException, OSError):
        return False
