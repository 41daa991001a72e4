"""Who may do what: keys, browsers, this machine, and nobody else."""

from __future__ import annotations

import hmac
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from serve_helpers import HERE, client, upload, with_key
from sqlalchemy import select, text, update

from make_media import image, photo
from unmask.errors import SettingError
from unmask.serve import audit, keys
from unmask.serve.access import Rates
from unmask.serve.app import make_app
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.tables import keys as table

PUBLIC = {"/healthz", "/readyz", "/login", "/static/{name}", "/v1/openapi.json"}
IDENT = "0" * 32


@pytest.fixture
def shut(serving: Serving) -> Serving:
    return replace(serving, open_=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 's.sqlite'}")
    made.migrate()
    yield made
    made.close()


def routes(serving: Serving, database: Database) -> list[tuple[str, str]]:
    """Every method and path that the service answers, from its own router."""
    found: list[tuple[str, str]] = []

    def walk(inner: Any, prefix: str) -> None:
        for route in inner:
            if hasattr(route, "original_router"):
                walk(route.original_router.routes, prefix)
            else:
                found.extend((method, prefix + route.path) for method in route.methods)

    walk(make_app(serving, database).routes, "")
    return found


def test_nothing_is_reached_without_a_key(shut: Serving, store: Database) -> None:
    one = client(shut, store, follow_redirects=False)
    reached = routes(shut, store)
    assert len({path for _, path in reached}) > 25
    guarded = 0
    for method, path in reached:
        address = path.replace("{ident}", IDENT).replace("{finding}", "0").replace("{number}", "0")
        for headers in ({}, {"Authorization": "Bearer unmask_x_y"}, {"Cookie": "unmask_session=x"}):
            answer = one.request(method, address.replace("{name}", "page.js"), headers=headers)
            if path in PUBLIC:
                assert answer.status_code != 401 or path == "/login"
            else:
                assert answer.status_code == 401, (method, path)
                guarded += 1
    assert guarded > 60


def test_every_scope_is_needed(shut: Serving, store: Database) -> None:
    reads = client(shut, store, headers=with_key(store, "read"))
    assert reads.get("/v1/jobs").status_code == 200
    assert reads.post("/v1/jobs", json={"path": "a"}).status_code == 403
    assert reads.delete(f"/v1/jobs/{IDENT}").status_code == 403
    for path in ("/metrics", "/v1/audit"):
        assert reads.get(path).status_code == 403
    admin = client(shut, store, headers=with_key(store, "admin"))
    assert admin.get("/metrics").status_code == 200
    assert admin.get("/v1/jobs").status_code == 403


def test_nobody_sees_a_file_that_is_not_theirs(
    shut: Serving, database: Database, tmp_path: Path
) -> None:
    mine = client(shut, database, headers=with_key(database))
    other = client(shut, database, headers=with_key(database, "submit", "read", "delete", "admin"))
    job = upload(mine, image(tmp_path / "private.jpg", photo()))["id"]
    for method, path in routes(shut, database):
        if "{ident}" in path:
            address = path.replace("{ident}", job).replace("{finding}", "0")
            answer = other.request(method, address.replace("{number}", "0"), follow_redirects=False)
            assert answer.status_code in (404, 303), (method, path)
            assert "private" not in answer.text
    assert other.get("/v1/jobs").json()["jobs"] == []
    assert "private" not in other.get("/history").text + other.get("/recent").text
    assert other.get("/side", params={"id": [job, job]}).status_code == 404
    assert mine.get(f"/v1/jobs/{job}").json()["state"] == "queued"


def test_keys_are_kept_as_hashes_and_end(store: Database, shut: Serving) -> None:
    key = keys.add(store, "n")
    ident, secret = key.split("_", 2)[1:]
    with store.reading() as connection:
        kept = str(connection.execute(select(table)).all())
    assert secret not in kept
    assert keys.known(store, key) is not None
    wrong = (key[:-1] + ("a" if key[-1] != "a" else "b"), f"other_{ident}_{secret}", "", "é" * 50)
    assert not any(keys.known(store, one) for one in wrong)
    with store.writing() as connection:
        connection.execute(update(table).values(expires=time.time() - 1))
    assert keys.known(store, key) is None
    with store.writing() as connection:
        connection.execute(update(table).values(expires=None))
    keys.revoke(store, ident)
    assert keys.known(store, key) is None
    with pytest.raises(SettingError, match="scope"):
        keys.add(store, "n", ["everything"])


def test_a_key_is_compared_in_constant_time(
    store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keys.add(store, "n")
    compared = []

    def watched(a: str, b: str) -> bool:
        compared.append((len(a), len(b)))
        return hmac.compare_digest(a, b)

    watching = type("Watching", (), {"compare_digest": staticmethod(watched)})
    monkeypatch.setattr("unmask.serve.keys.hmac", watching)
    for given in (key, key[:-3] + "abc", "unmask_" + IDENT + "_x", "nonsense"):
        keys.known(store, given)
    assert compared == [(64, 64)] * 4  # also where there is no such key


def test_a_browser_signs_in_and_out(shut: Serving, store: Database) -> None:
    key = keys.add(store, "n")
    one = client(shut, store, follow_redirects=False)
    page = {"accept": "text/html"}
    assert one.get("/", headers=page).headers["location"] == "/login"
    assert one.post("/login", content="key=wrong").status_code == 401
    answer = one.post("/login", content=f"key={key}")
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert one.get("/", headers=page).status_code == 200
    assert one.post("/logout", headers={"Origin": HERE}).status_code == 303
    one.cookies.clear()
    one.cookies.set("unmask_session", answer.headers["set-cookie"].split("=")[1].split(";")[0])
    assert one.get("/history").status_code == 401


@pytest.mark.parametrize(
    ("headers", "allowed"),
    [
        ({"Origin": HERE}, True),
        ({"Origin": "http://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": HERE, "Sec-Fetch-Site": "same-origin"}, True),
    ],
)
@pytest.mark.parametrize("way", ["loopback", "cookie"])
def test_a_page_of_another_site_changes_nothing(
    shut: Serving, store: Database, way: str, headers: dict[str, str], allowed: bool
) -> None:
    one = client(shut if way == "cookie" else replace(shut, open_=True), store)
    if way == "cookie":
        caller = keys.known(store, keys.add(store, "n"))
        assert caller is not None
        one.cookies.set("unmask_session", keys.begin_session(store, caller))
    answer = one.post(f"/v1/jobs/{IDENT}/cancel", headers=headers)
    assert answer.status_code == (404 if allowed else 403)
    if way == "cookie":  # a browser always says where a request comes from
        assert one.post(f"/v1/jobs/{IDENT}/cancel").status_code == 403


def test_without_keys_only_this_machine_is_answered(serving: Serving, store: Database) -> None:
    one = client(serving, store)
    assert one.get("/v1/jobs").status_code == 200
    for host in ("evil.example", "127.0.0.1.evil.example", "", "127.0.0.1@evil.example"):
        assert one.get("/v1/jobs", headers={"Host": host}).status_code == 421
    assert one.get("/v1/jobs", headers={"X-Forwarded-For": "1.2.3.4"}).status_code == 403
    app = make_app(serving, store)
    far = TestClient(app, base_url=HERE, client=("192.0.2.7", 5))
    assert far.get("/v1/jobs").status_code == 421
    for host in ("0.0.0.0", "192.0.2.1", "::"):
        with pytest.raises(SettingError, match="needs keys"):
            replace(serving, host=host)


def test_requests_are_counted_by_key() -> None:
    now = [0.0]
    rates = Rates(lambda: now[0])
    assert [rates.wait("a", 2) for _ in range(3)] == [0, 0, 30 + 1]
    assert rates.wait("b", 2) == 0
    now[0] = 31
    assert rates.wait("a", 2) == 0
    assert rates.wait("a", 0) == 0


def test_a_change_of_the_audit_log_shows(database: Database) -> None:
    for number in range(4):
        with database.writing() as connection:
            audit.note(database, connection, "o", "job.delete", str(number))
    count, last, fault = audit.check(database)
    assert (count, fault) == (4, "")
    with database.writing() as connection:
        connection.execute(text("update audit set subject = 'x' where seq = 2"))
    assert audit.check(database)[2] == "entry 2 was changed"
    with database.writing() as connection:
        connection.execute(text("update audit set subject = '1' where seq = 2"))
        connection.execute(text("delete from audit where seq = 3"))
    assert audit.check(database)[2] == "entry 3 is missing"
    with database.writing() as connection:
        connection.execute(text("delete from audit where seq = 4"))
    assert audit.check(database)[:2] != (4, last)  # a cut-off end shows beside the last hash
