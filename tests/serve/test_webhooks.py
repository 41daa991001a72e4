"""Webhooks: signed, repeated until taken, and never to where the operator's network lies."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from serve_helpers import client, wish
from sqlalchemy import select, update

from unmask.errors import SettingError
from unmask.serve import jobs
from unmask.serve.addresses import Outside, public
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.leases import DONE, Leases
from unmask.serve.tables import deliveries
from unmask.serve.webhooks import HEADER, TRIES, Webhooks, secret_for, signature

SECRET = b"s" * 32
PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0",
    "100.64.0.1", "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1", "fe80::1%eth0",
]  # fmt: skip


class Taker(ThreadingHTTPServer):
    """Takes what is sent; answers with ``statuses`` in turn, then 200."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.statuses: list[int] = []

        class Handler(BaseHTTPRequestHandler):
            def do_POST(inner) -> None:  # noqa: N805
                body = inner.rfile.read(int(inner.headers["Content-Length"]))
                self.got.append((inner.path, dict(inner.headers), body))
                inner.send_response(self.statuses.pop(0) if self.statuses else 200)
                inner.send_header("Location", "http://127.0.0.1/elsewhere")
                inner.end_headers()

            def log_message(inner, *_: Any) -> None:  # noqa: N805
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?a=b"


@pytest.fixture
def taker() -> Iterator[Taker]:
    with Taker() as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield server
        server.shutdown()


def ended(database: Database, url: str) -> str:
    """A job that has ended and has a webhook."""
    job = jobs.make(database, "o", [wish(webhook=url)])[0]
    one = Leases(database, "w", 30, 3)
    lease = one.take()
    assert lease is not None
    assert one.finish(lease, {"state": DONE, "label": "manipulated", "error_kind": "", "error": ""})
    return str(job.id)


def hooks(database: Database, private: bool = True) -> Webhooks:
    return Webhooks(database, Outside(["127.0.0.1", "localhost"], private), SECRET)


def stored(database: Database) -> Any:
    with database.reading() as connection:
        return connection.execute(select(deliveries)).one()


def due(database: Database) -> None:
    with database.writing() as connection:
        connection.execute(update(deliveries).values(next_at=0.0))


def test_the_end_of_a_job_is_told_once_and_signed(database: Database, taker: Taker) -> None:
    job = ended(database, taker.url)
    one = hooks(database)
    assert one.deliver_one()
    assert not one.deliver_one()
    ((path, headers, body),) = taker.got
    assert path == "/hook?a=b"
    assert json.loads(body)["job"]["id"] == job
    assert json.loads(body)["job"]["label"] == "manipulated"
    at = int(headers[HEADER].partition(",")[0].removeprefix("t="))
    assert headers[HEADER] == signature(secret_for(SECRET, "o"), at, body)
    assert headers[HEADER] != signature(secret_for(SECRET, "other"), at, body)
    assert stored(database).state == "delivered"


def test_it_is_repeated_until_taken_and_no_redirect_is_followed(
    database: Database, taker: Taker
) -> None:
    ended(database, taker.url)
    taker.statuses = [500, 302]
    one = hooks(database)
    for tried in (1, 2):
        assert one.deliver_one()
        assert not one.deliver_one()  # it waits
        assert (stored(database).state, stored(database).attempts) == ("waiting", tried)
        due(database)
    assert one.deliver_one()
    assert stored(database).state == "delivered"
    assert [path for path, _, _ in taker.got] == ["/hook?a=b"] * 3


def test_it_is_given_up_at_last(database: Database, taker: Taker) -> None:
    ended(database, taker.url)
    taker.statuses = [503] * 20
    one = hooks(database)
    for _ in range(TRIES):
        due(database)
        assert one.deliver_one()
    due(database)
    assert not one.deliver_one()
    assert stored(database).state == "given-up"
    assert "503" in stored(database).error


def test_nobody_there(database: Database) -> None:
    ended(database, "http://127.0.0.1:1/")
    assert hooks(database).deliver_one()
    assert "Refused" in stored(database).error


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_never_opened(address: str) -> None:
    assert not public(address)
    outside = Outside(["hook.example"], resolve=lambda *_: ["93.184.216.34", address])
    with pytest.raises(SettingError, match="private network"):
        outside.post("http://hook.example/", b"", {})


def test_public_addresses_are() -> None:
    assert all(map(public, ("93.184.216.34", "2606:2800:220:1::1", "::ffff:8.8.8.8")))


def test_a_name_is_looked_up_once(taker: Taker) -> None:
    """A name that points elsewhere the second time (rebinding) gains nothing."""
    asked = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["192.0.2.1"]

    outside = Outside(["hook.example"], private=True, resolve=resolve)
    assert outside.post(f"http://hook.example:{taker.server_port}/x", b"{}", {}) == 200
    assert asked == ["hook.example"]
    assert taker.got[0][1]["Host"] == f"hook.example:{taker.server_port}"


@pytest.mark.parametrize(
    "url",
    ["ftp://hook.example/", "file:///etc/passwd", "http://other.example/", "http://u:p@hook.example/",
     "http://hook.example@evil.example/", "http://evil.example#hook.example", "http://hook.example:0/",
     "http://hook.example:99999/", "http://[::1", "//hook.example", "http://hook.example/\r\nX: y",
     "http://127.0.0.1/", "http://2130706433/", "http://hook.example.evil.example/", "http:///x"],
)  # fmt: skip
def test_what_is_not_on_the_list_is_refused_at_the_door(
    url: str, serving: Serving, tmp_path: Path
) -> None:
    with pytest.raises(SettingError):
        Outside(["hook.example"]).checked(url)


def test_submitting_with_a_webhook_that_is_not_allowed(
    serving: Serving, database: Database
) -> None:
    (serving.roots[0] / "a.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    asked = {"path": "a.jpg", "webhook": "http://169.254.169.254/"}
    answer = client(serving, database).post("/v1/jobs", json=asked)
    assert answer.status_code == 422
    assert "--webhook-host" in answer.json()["error"]["message"]


def test_an_allowed_host_in_a_private_network_is_given_up_at_once(database: Database) -> None:
    ended(database, "http://localhost:9/")
    assert hooks(database, private=False).deliver_one()
    assert stored(database).state == "given-up"
    assert "private network" in stored(database).error
