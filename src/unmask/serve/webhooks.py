"""Telling others that a job has ended: signed, repeated until taken, to allowed hosts only."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select, update

from unmask.errors import SettingError, StoreError
from unmask.serve.addresses import Outside
from unmask.serve.database import Database
from unmask.serve.tables import deliveries, jobs

TRIES = 8
_FIRST_WAIT = 5.0
_IDLE = 1.0
HEADER = "X-Unmask-Signature"


def secret_for(service: bytes, owner: str) -> str:
    """The secret by which an owner knows that a message is from this service."""
    return hmac.new(service, f"webhook:{owner}".encode(), hashlib.sha256).hexdigest()


def signature(secret: str, at: int, body: bytes) -> str:
    """The signature of a message: over its time and its bytes, so that it cannot be replayed."""
    made = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={made}"


class Webhooks:
    """Delivers what waits. A delivery in hand waits for its next try, should this process die."""

    def __init__(self, database: Database, outside: Outside, secret: bytes) -> None:
        self._database, self._outside, self._secret = database, outside, secret

    def run(self, stop: threading.Event, say: Callable[[str], None]) -> None:
        """Deliver until ``stop`` is set."""
        while not stop.is_set():
            try:
                idle = not self.deliver_one()
            except StoreError as error:
                say(str(error))
                idle = True
            if idle:
                stop.wait(_IDLE)

    def deliver_one(self) -> bool:
        """Try the delivery that is due longest; False when none is."""
        taken = self._take()
        if taken is None:
            return False
        body = json.dumps(self._message(taken)).encode()
        at = int(time.time())
        headers = {"Content-Type": "application/json", "User-Agent": "unmask"}
        headers[HEADER] = signature(secret_for(self._secret, taken["owner"]), at, body)
        final = False
        try:
            status = self._outside.post(taken["url"], body, headers)
            error = "" if 200 <= status < 300 else f"it answered {status}"
        except SettingError as refused:
            error, final = str(refused), True
        except (OSError, http.client.HTTPException) as failed:
            error = f"{type(failed).__name__}: {failed}"
        state = "delivered" if not error else "waiting"
        if error and (final or taken["attempts"] >= TRIES):
            state = "given-up"
        with self._database.writing() as connection:
            change = update(deliveries).where(deliveries.c.id == taken["id"])
            connection.execute(change.values(state=state, error=error[:500]))
        return True

    def _take(self) -> Mapping[str, Any] | None:
        now = self._database.now
        due = (deliveries.c.state == "waiting") & (deliveries.c.next_at <= now)
        with self._database.reading() as connection:
            if connection.execute(select(deliveries.c.id).where(due).limit(1)).first() is None:
                return None
        first = select(deliveries.c.id).where(due).order_by(deliveries.c.next_at).limit(1)
        chosen = first.with_for_update(skip_locked=True).scalar_subquery()
        with self._database.writing() as connection:
            row = connection.execute(
                update(deliveries)
                .where(deliveries.c.id == chosen)
                .values(
                    attempts=deliveries.c.attempts + 1,
                    next_at=now + _FIRST_WAIT * _power_of_two(deliveries.c.attempts),
                )
                .returning(*deliveries.c)
            ).first()
        return None if row is None else row._asdict()

    def _message(self, taken: Mapping[str, Any]) -> dict[str, Any]:
        with self._database.reading() as connection:
            job = connection.execute(select(jobs).where(jobs.c.id == taken["job"])).first()
        told = {"id": taken["job"], "state": job.state if job else "deleted"}
        if job:
            told |= {"label": job.label, "error": job.error, "batch": job.batch}
        return {"delivery": taken["id"], "attempt": taken["attempts"], "job": told}


def _power_of_two(column: Any) -> Any:
    """2 to a small whole number, in SQL of both databases."""
    from sqlalchemy import case

    return case(*((column == n, float(2**n)) for n in range(TRIES)), else_=float(2**TRIES))
