"""The jobs of a service, as their owners see them: made, listed, cancelled, deleted."""

from __future__ import annotations

import base64
import binascii
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, and_, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError

from unmask.errors import SettingError, UnmaskError
from unmask.serve import audit
from unmask.serve.database import Database
from unmask.serve.leases import CANCELLED, ENDED, QUEUED, STATES, announce
from unmask.serve.tables import deliveries, jobs

Job = Any
"""A row of the table of jobs; versions of SQLAlchemy differ in how they type it."""


class Taken(UnmaskError):
    """An idempotency key was used before, for another request."""


class OverQuota(UnmaskError):
    """A key has stored as much as it may."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A job to be made. ``request``: a hash of all that was asked, for idempotency."""

    name: str
    bytes: int
    sha256: str
    options: Mapping[str, Any]
    request: str
    id: str = field(default_factory=lambda: uuid.uuid4().hex)
    kind: str = "scan"
    source: str = ""
    batch: str | None = None
    idempotency: str | None = None
    webhook: str = ""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which jobs to list. Empty values filter nothing; times are seconds since 1970."""

    state: str = ""
    label: str = ""
    media: str = ""
    batch: str = ""
    text: str = ""
    since: float | None = None
    until: float | None = None


def make(database: Database, owner: str, wishes: Sequence[Wish], storage: int = 0) -> list[Job]:
    """Enter jobs, all or none. ``storage``: bytes that the owner may keep (0: no limit).

    Raises OverQuota. Of one whose idempotency key is known, the job that was made with it comes
    back; Taken when that was another request.
    """
    try:
        with database.writing() as connection:
            known = [_known(connection, owner, wish) for wish in wishes]
            new = [wish for wish, job in zip(wishes, known, strict=True) if job is None]
            if storage and new:
                database.alone(connection)
                wanted = used(connection, owner) + sum(wish.bytes for wish in new)
                if wanted > storage:
                    raise OverQuota(
                        f"This key may keep {storage:,} bytes, and this would make {wanted:,}. "
                        "Delete jobs that are no longer needed."
                    )
            for wish in new:
                connection.execute(insert(jobs).values(_row(database, owner, wish)))
            if new:
                subject = new[0].batch or new[0].id
                audit.note(
                    database, connection, owner, f"{new[0].kind}.submit", subject, count=len(new)
                )
            ids = [job.id if job else wish.id for wish, job in zip(wishes, known, strict=True)]
            found = connection.execute(select(jobs).where(jobs.c.id.in_(ids))).all()
    except IntegrityError:  # the same idempotency key at the same moment
        return make(database, owner, wishes, storage)
    by_id = {job.id: job for job in found}
    return [by_id[ident] for ident in ids]


def known(database: Database, owner: str, wish: Wish) -> Job | None:
    """The job that was made before with this idempotency key. Raises Taken."""
    with database.reading() as connection:
        return _known(connection, owner, wish)


def _known(connection: Connection, owner: str, wish: Wish) -> Job | None:
    if not wish.idempotency:
        return None
    mine = and_(jobs.c.owner == owner, jobs.c.idempotency == wish.idempotency)
    job = connection.execute(select(jobs).where(mine)).first()
    if job is not None and job.request != wish.request:
        raise Taken(
            "This Idempotency-Key was used for another request. Choose a new one for each request."
        )
    return job


def used(connection: Connection, owner: str) -> int:
    """Bytes of uploads that are kept for an owner."""
    kept = and_(jobs.c.owner == owner, jobs.c.source == "")
    return int(connection.execute(select(func.sum(jobs.c.bytes)).where(kept)).scalar() or 0)


def get(database: Database, owner: str, ident: str) -> Job | None:
    """A job of this owner; None for one that there is not, or that is another's."""
    with database.reading() as connection:
        mine = and_(jobs.c.id == ident, jobs.c.owner == owner)
        return connection.execute(select(jobs).where(mine)).first()


def page(
    database: Database, owner: str, wanted: Filter, limit: int, cursor: str = ""
) -> tuple[list[Job], str]:
    """The newest jobs first, and the cursor of those that follow ("": none)."""
    chosen = select(jobs).where(jobs.c.owner == owner, *_conditions(wanted))
    if cursor:
        created, ident = _read_cursor(cursor)
        chosen = chosen.where(
            or_(jobs.c.created < created, and_(jobs.c.created == created, jobs.c.id < ident))
        )
    chosen = chosen.order_by(jobs.c.created.desc(), jobs.c.id.desc()).limit(limit + 1)
    with database.reading() as connection:
        found = list(connection.execute(chosen))
    more = len(found) > limit
    found = found[:limit]
    return found, _cursor(found[-1]) if more else ""


def counts(database: Database, owner: str, batch: str) -> dict[str, int]:
    """How many jobs of a batch are in which state; empty when the owner has no such batch."""
    mine = and_(jobs.c.owner == owner, jobs.c.batch == batch)
    chosen = select(jobs.c.state, func.count()).where(mine).group_by(jobs.c.state)
    with database.reading() as connection:
        return {state: int(count) for state, count in connection.execute(chosen)}


def cancel(database: Database, owner: str, ident: str) -> bool:
    """Stop a job that has not ended; False when it has, or there is none."""
    with database.writing() as connection:
        live = and_(jobs.c.id == ident, jobs.c.owner == owner, jobs.c.state.not_in(ENDED))
        change = update(jobs).where(live).values(state=CANCELLED, finished=database.now)
        row = connection.execute(change.returning(*jobs.c)).first()
        if row is None:
            return False
        announce(database, connection, row._asdict())
        audit.note(database, connection, owner, "job.cancel", ident)
    return True


def remove(database: Database, owner: str, idents: Sequence[str], why: str = "job.delete") -> int:
    """Take jobs out of the store; how many there were. Their files are the caller's to delete."""
    with database.writing() as connection:
        mine = and_(jobs.c.id.in_(idents), jobs.c.owner == owner)
        gone = [row.id for row in connection.execute(delete(jobs).where(mine).returning(jobs.c.id))]
        connection.execute(delete(deliveries).where(deliveries.c.job.in_(gone)))
        for ident in gone:
            audit.note(database, connection, owner, why, ident)
    return len(gone)


def aged(database: Database, days: float, limit: int = 100) -> list[tuple[str, str]]:
    """Owner and number of jobs that ended longer ago than ``days``."""
    old = and_(jobs.c.state.in_(ENDED), jobs.c.finished < database.now - days * 86400)
    with database.reading() as connection:
        chosen = select(jobs.c.owner, jobs.c.id).where(old).limit(limit)
        return [(row.owner, row.id) for row in connection.execute(chosen)]


def existing(database: Database, idents: Sequence[str]) -> set[str]:
    """Those of these jobs that there are."""
    with database.reading() as connection:
        return set(connection.execute(select(jobs.c.id).where(jobs.c.id.in_(idents))).scalars())


def _row(database: Database, owner: str, wish: Wish) -> dict[str, Any]:
    given = ("id", "kind", "name", "source", "bytes", "sha256", "batch", "idempotency", "request")
    row = {name: getattr(wish, name) for name in (*given, "webhook")}
    empty = {"worker": "", "lease_until": 0.0, "attempts": 0, "done": 0.0, "media": "", "label": ""}
    state = {"state": QUEUED, "created": database.now, "error_kind": "", "error": ""}
    return {**row, **empty, **state, "owner": owner, "options": dict(wish.options)}


def _conditions(wanted: Filter) -> list[Any]:
    if wanted.state and wanted.state not in STATES:
        raise SettingError(f"No state is called {wanted.state!r}: {', '.join(STATES)}.")
    equal = [(jobs.c[n], getattr(wanted, n)) for n in ("state", "label", "media", "batch")]
    found: list[Any] = [column == value for column, value in equal if value]
    if wanted.text:
        found.append(jobs.c.name.icontains(wanted.text, autoescape=True))
    if wanted.since is not None:
        found.append(jobs.c.created >= wanted.since)
    if wanted.until is not None:
        found.append(jobs.c.created < wanted.until)
    return found


def _cursor(job: Job) -> str:
    text = json.dumps([job.created, job.id])
    return base64.urlsafe_b64encode(text.encode()).decode()


def _read_cursor(cursor: str) -> tuple[float, str]:
    try:
        created, ident = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        if not isinstance(created, float) or not isinstance(ident, str) or "\0" in ident:
            raise ValueError
    except (ValueError, TypeError, binascii.Error):
        raise SettingError(
            "This cursor is not one of ours. Take the one of the last page."
        ) from None
    return created, ident
