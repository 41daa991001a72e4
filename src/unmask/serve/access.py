"""Who may ask what: keys, browsers, this machine; and how often."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from fastapi import Request
from starlette.exceptions import HTTPException

from unmask.serve import keys
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.keys import LOCAL_CALLER, Caller

COOKIE = "unmask_session"
_SAFE = ("GET", "HEAD", "OPTIONS")
_PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
_MOST_OWNERS = 10_000


class Access:
    """Finds out who asks and whether they may."""

    def __init__(self, serving: Serving, database: Database) -> None:
        self._open, self._database = serving.open_, database
        self._rates = Rates()

    def caller(self, request: Request) -> Caller:
        """Who asks. Raises HTTPException 401, 403, 421 or 429."""
        caller = self._found(request)
        if caller is None:
            raise HTTPException(401, "This needs a key: send 'Authorization: Bearer KEY'.")
        if caller.by_browser and request.method not in _SAFE and not same_origin(request):
            raise HTTPException(403, "This request comes from another site's page.")
        if wait := self._rates.wait(caller.owner, caller.per_minute):
            more = {"Retry-After": str(wait)}
            raise HTTPException(429, f"Too many requests. Ask again in {wait} s.", more)
        return caller

    def _found(self, request: Request) -> Caller | None:
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        if given:
            return keys.known(self._database, given.strip()) if scheme.lower() == "bearer" else None
        if token := request.cookies.get(COOKIE, ""):
            found = keys.session(self._database, token)
            if found is not None or not self._open:
                return found
        if not self._open:
            return None
        require_local(request)
        return LOCAL_CALLER


def needs(scope: str) -> Callable[[Request], Caller]:
    """A dependency: the caller, who must hold ``scope``."""

    def dependency(request: Request) -> Caller:
        access: Access = request.app.state.access
        caller = access.caller(request)
        if scope not in caller.scopes:
            raise HTTPException(403, f"This key lacks the scope {scope!r}.")
        return caller

    return dependency


def require_local(request: Request) -> None:
    """Refuse what only seems to come from this machine's user.

    A page of another site can have its name point to this machine (DNS rebinding), which shows in
    the host that is asked for; a proxy passes on the requests of others. Raises HTTPException.
    """
    peer = request.client.host if request.client else ""
    if not _is_loopback(peer) or not _is_loopback(_host(request.headers.get("host", ""))):
        raise HTTPException(421, "Without keys this service answers as 127.0.0.1 alone.")
    if any(name in request.headers for name in _PROXIED):
        raise HTTPException(403, "Behind a proxy this service needs keys: start it with --keys.")


def same_origin(request: Request) -> bool:
    """True if a request comes from our own page, or from no page at all."""
    site = request.headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = request.headers.get("origin")
    if origin is None:
        # Every browser says where a request comes from that changes something.
        return site is not None or COOKIE not in request.cookies
    return urlsplit(origin).netloc == request.headers.get("host", "")


def _host(given: str) -> str:
    try:
        return urlsplit(f"//{given}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


class Rates:
    """Buckets of requests, one an owner, filled evenly; of this process alone."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._lock = clock, threading.Lock()
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, owner: str, per_minute: int) -> int:
        """Take one request; 0, or after how many seconds there is one again."""
        if not per_minute:
            return 0
        now = self._clock()
        with self._lock:
            if len(self._left) > _MOST_OWNERS:
                self._left.clear()
            left, then = self._left.get(owner, (float(per_minute), now))
            left = min(per_minute, left + (now - then) * per_minute / 60)
            enough = left >= 1
            self._left[owner] = (left - 1 if enough else left, now)
        return 0 if enough else int((1 - left) * 60 / per_minute) + 1
