"""Jobs handed out to workers, each to one at a time, whatever dies.

A worker holds a job by a lease that it renews. When it stops to (a crash, a power cut, a machine
that never comes back), the lease runs out by the database's clock and the job goes to another
one. What a worker writes counts only while the lease is its own, so a job ends exactly once.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, and_, insert, or_, select, update

from unmask.serve.database import Database
from unmask.serve.tables import deliveries, jobs, workers

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
STATES = (QUEUED, RUNNING, DONE, FAILED, CANCELLED)
ENDED = (DONE, FAILED, CANCELLED)
SET_ASIDE = "SetAside"


@dataclass(frozen=True, slots=True)
class Lease:
    """A job in the hands of a worker. ``attempt`` counts from 1."""

    job: str
    attempt: int
    row: Mapping[str, Any]


class Leases:
    """The jobs that one worker takes, keeps and ends. ``seconds``: how long a lease lasts."""

    def __init__(self, database: Database, worker: str, seconds: float, tries: int) -> None:
        self._database, self._worker = database, worker
        self._seconds, self._tries = seconds, tries

    def take(self) -> Lease | None:
        """The next job: the oldest that waits or whose worker is gone; None when there is none."""
        now = self._database.now
        open_ = or_(jobs.c.state == QUEUED, and_(jobs.c.state == RUNNING, jobs.c.lease_until < now))
        with self._database.reading() as connection:  # an idle worker keeps nobody from writing
            if connection.execute(select(jobs.c.id).where(open_).limit(1)).first() is None:
                return None
        with self._database.writing() as connection:
            self._set_aside(connection)
            oldest = (
                select(jobs.c.id)
                .where(open_)
                .order_by(jobs.c.created, jobs.c.id)
                .limit(1)
                .with_for_update(skip_locked=True)
                .scalar_subquery()
            )
            taken = connection.execute(
                update(jobs)
                .where(jobs.c.id == oldest)
                .values(
                    state=RUNNING,
                    worker=self._worker,
                    lease_until=now + self._seconds,
                    attempts=jobs.c.attempts + 1,
                    started=now,
                    done=0.0,
                    total=None,
                )
                .returning(*jobs.c)
            ).first()
        return None if taken is None else Lease(taken.id, taken.attempts, taken._asdict())

    def _set_aside(self, connection: Connection) -> None:
        """Give up the jobs whose workers were gone each time that they were tried."""
        now = self._database.now
        lost = and_(
            jobs.c.state == RUNNING, jobs.c.lease_until < now, jobs.c.attempts >= self._tries
        )
        rows = connection.execute(select(jobs).where(lost).with_for_update(skip_locked=True)).all()
        for row in rows:
            why = f"Set aside: its worker was gone each of {row.attempts} times."
            values = {"state": FAILED, "error_kind": SET_ASIDE, "error": why}
            self._end(connection, Lease(row.id, row.attempts, row._asdict()), values, row.worker)

    def renew(self, lease: Lease, done: float, total: float | None) -> bool:
        """Keep a job and say how far it is; False when it is no longer ours (taken, cancelled)."""
        values = {"lease_until": self._database.now + self._seconds, "done": done, "total": total}
        with self._database.writing() as connection:
            change = update(jobs).where(self._ours(lease, self._worker)).values(values)
            return connection.execute(change).rowcount == 1

    def finish(self, lease: Lease, values: Mapping[str, Any]) -> bool:
        """End a job with its result and announce it; False, and nothing done, when not ours."""
        with self._database.writing() as connection:
            return self._end(connection, lease, values, self._worker)

    def release(self, lease: Lease, why: str, *, counts: bool = True) -> bool:
        """Put a job back for another try; ``counts``: this one was the file's own fault."""
        attempts = lease.attempt if counts else lease.attempt - 1
        values = {"state": QUEUED, "error": why, "attempts": attempts}
        with self._database.writing() as connection:
            change = update(jobs).where(self._ours(lease, self._worker)).values(values)
            return connection.execute(change).rowcount == 1

    def seen(self, slots: int) -> None:
        """Say that this worker lives."""
        mine = {"slots": slots, "seen": self._database.now}
        with self._database.writing() as connection:
            change = update(workers).where(workers.c.id == self._worker).values(mine)
            if connection.execute(change).rowcount == 0:
                connection.execute(insert(workers).values(id=self._worker, **mine))

    def _end(
        self, connection: Connection, lease: Lease, values: Mapping[str, Any], worker: str
    ) -> bool:
        now = self._database.now
        change = update(jobs).where(self._ours(lease, worker)).values(finished=now, **values)
        if connection.execute(change).rowcount == 0:
            return False
        announce(self._database, connection, lease.row)
        return True

    @staticmethod
    def _ours(lease: Lease, worker: str) -> Any:
        return and_(
            jobs.c.id == lease.job,
            jobs.c.state == RUNNING,
            jobs.c.worker == worker,
            jobs.c.attempts == lease.attempt,
        )


def announce(database: Database, connection: Connection, job: Mapping[str, Any]) -> None:
    """Have the end of a job told to its webhook, where it has one."""
    if job["webhook"]:
        row = {"id": uuid.uuid4().hex, "job": job["id"], "owner": job["owner"]}
        row |= {"url": job["webhook"], "state": "waiting", "attempts": 0, "error": ""}
        connection.execute(insert(deliveries).values(next_at=database.now, **row))
