"""The audit log: who did what, in a chain in which a change shows.

Each entry holds the hash of the one before it, so that none can be changed, taken out or put in
without breaking all that follow. Whoever keeps the last hash elsewhere also sees a cut-off end.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from unmask.canonical_json import canonical
from unmask.serve.database import Database
from unmask.serve.tables import audit

FIRST = "0" * 64


def note(
    database: Database,
    connection: Connection,
    actor: str,
    action: str,
    subject: str,
    **detail: str | int | list[str],
) -> None:
    """Add an entry within a transaction that writes; it stands if and only if that one does."""
    database.alone(connection)
    last = connection.execute(
        select(audit.c.seq, audit.c.digest).order_by(audit.c.seq.desc()).limit(1)
    ).first()
    entry = {
        "seq": last.seq + 1 if last else 1,
        "at": datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds"),
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": detail,
        "previous": last.digest if last else FIRST,
    }
    connection.execute(insert(audit).values(**entry, digest=_digest(entry)))


def entries(database: Database, after: int = 0, limit: int = 500) -> list[dict[str, Any]]:
    """The entries after the one with number ``after``, oldest first."""
    with database.reading() as connection:
        chosen = select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(limit)
        return [row._asdict() for row in connection.execute(chosen)]


def check(database: Database) -> tuple[int, str, str]:
    """How many entries there are, the last hash, and where the chain breaks ("": nowhere)."""
    previous, count = FIRST, 0
    for entry in _all(database):
        count += 1
        digest = entry.pop("digest")
        if entry["seq"] != count:
            return count, previous, f"entry {count} is missing"
        if entry["previous"] != previous or _digest(entry) != digest:
            return count, previous, f"entry {count} was changed"
        previous = digest
    return count, previous, ""


def _all(database: Database) -> Iterator[dict[str, Any]]:
    after = 0
    while found := entries(database, after):
        yield from found
        after = found[-1]["seq"]


def _digest(entry: Mapping[str, Any]) -> str:
    return hashlib.sha256(canonical(entry)).hexdigest()
