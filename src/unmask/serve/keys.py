"""API keys: who may do what. Only a hash of each is kept, so a stolen database opens nothing."""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from unmask.errors import SettingError, StoreError
from unmask.serve import audit
from unmask.serve.database import Database
from unmask.serve.tables import keys, sessions

SCOPES = ("submit", "read", "delete", "admin")
"""What a key may allow. ``admin``: metrics, the audit log; never the files of others."""
LOCAL = "local"
_PREFIX = "unmask"
_SESSION_SECONDS = 12 * 3600.0
_NOBODY = "0" * 64


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks. ``owner``: whose jobs these are. ``per_minute``, ``storage``: 0 is no limit.

    ``by_browser``: known by a cookie or by being on this machine, which a page of somebody else
    could make use of; requests that change something then need to come from our own page.
    """

    owner: str
    name: str
    scopes: frozenset[str]
    per_minute: int = 0
    storage: int = 0
    by_browser: bool = False


LOCAL_CALLER = Caller(LOCAL, "this machine", frozenset(SCOPES), by_browser=True)


def add(
    database: Database,
    name: str,
    scopes: Sequence[str] = ("submit", "read", "delete"),
    *,
    days: float = 0,
    per_minute: int = 600,
    storage: int = 0,
) -> str:
    """Make a key and return it; it is shown this once. Raises SettingError for unknown scopes."""
    if unknown := [scope for scope in scopes if scope not in SCOPES]:
        raise SettingError(f"No scope is called {unknown[0]!r}. There are: {', '.join(SCOPES)}.")
    ident, secret = uuid.uuid4().hex, secrets.token_urlsafe(32)
    with database.writing() as connection:
        connection.execute(
            insert(keys).values(
                id=ident,
                name=name,
                digest=_hash(secret),
                scopes=list(scopes),
                created=database.now,
                expires=database.now + days * 86400 if days else None,
                per_minute=per_minute,
                storage=storage,
            )
        )
        audit.note(database, connection, LOCAL, "key.add", ident, scopes=list(scopes))
    return f"{_PREFIX}_{ident}_{secret}"


def revoke(database: Database, ident: str) -> None:
    """End a key and its sessions at once. Raises StoreError when there is no such key."""
    with database.writing() as connection:
        change = update(keys).where(keys.c.id == ident).values(revoked=database.now)
        if connection.execute(change).rowcount == 0:
            raise StoreError(f"There is no key {ident}. `unmask serve keys` lists them.")
        connection.execute(delete(sessions).where(sessions.c.key == ident))
        audit.note(database, connection, LOCAL, "key.revoke", ident)


def listed(database: Database) -> list[dict[str, Any]]:
    """All keys, without their hashes."""
    shown = [column for column in keys.c if column.name != "digest"]
    with database.reading() as connection:
        chosen = select(*shown).order_by(keys.c.created)
        return [row._asdict() for row in connection.execute(chosen)]


def known(database: Database, given: str) -> Caller | None:
    """Whose key this is; None for one that is wrong, revoked or too old."""
    prefix, _, rest = given.partition("_")
    ident, _, secret = rest.partition("_")
    with database.reading() as connection:
        row = connection.execute(
            select(keys).where(keys.c.id == ident[:32], _valid(database))
        ).first()
    # The same work for a key that there is and for one that there is not.
    right = hmac.compare_digest(_hash(secret), row.digest if row else _NOBODY)
    return _caller(row, browser=False) if right and row and prefix == _PREFIX else None


def begin_session(database: Database, caller: Caller) -> str:
    """A token for a browser's cookie; it holds for twelve hours."""
    token = secrets.token_urlsafe(32)
    with database.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.expires < database.now))
        until = database.now + _SESSION_SECONDS
        connection.execute(
            insert(sessions).values(digest=_hash(token), key=caller.owner, expires=until)
        )
    return token


def end_session(database: Database, token: str) -> None:
    """Forget the token of a browser."""
    with database.writing() as connection:
        connection.execute(delete(sessions).where(sessions.c.digest == _hash(token)))


def session(database: Database, token: str) -> Caller | None:
    """Whose browser this is; None for a token that is wrong or too old."""
    with database.reading() as connection:
        joined = keys.join(sessions, sessions.c.key == keys.c.id)
        live = and_(
            sessions.c.digest == _hash(token), sessions.c.expires > database.now, _valid(database)
        )
        row = connection.execute(select(keys).select_from(joined).where(live)).first()
    return _caller(row, browser=True) if row else None


def _valid(database: Database) -> ColumnElement[bool]:
    lasting = or_(keys.c.expires.is_(None), keys.c.expires > database.now)
    return and_(keys.c.revoked.is_(None), lasting)


def _caller(row: Any, *, browser: bool) -> Caller:
    found = row._mapping
    scopes = frozenset(found["scopes"])
    limits = (found["per_minute"], found["storage"])
    return Caller(found["id"], found["name"], scopes, *limits, by_browser=browser)


def _hash(secret: str) -> str:
    """A key is 256 random bits, so that a fast hash is as good as a slow one."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
