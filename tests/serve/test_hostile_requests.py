"""What hostile clients send: names, bodies, types, ranges, and patience put to the test."""

from __future__ import annotations

import gzip
import io
import json
import os
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import uvicorn
from fastapi.testclient import TestClient
from serve_helpers import client, upload, work_off

from make_media import huge_bmp, image, photo
from unmask.errors import UnsupportedMedia
from unmask.serve.app import make_app
from unmask.serve.config import Serving
from unmask.serve.connections import Impatient
from unmask.serve.database import Database
from unmask.serve.files import Files, allowed, safe_name

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
FORM, PART = "multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data"
HTML = b"<html><script>alert(1)</script></html>"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 's.sqlite'}")
    made.migrate()
    yield made
    made.close()


@pytest.fixture
def one(serving: Serving, store: Database) -> TestClient:
    return client(replace(serving, most_bytes=200_000), store)


def sent(one: TestClient, data: bytes, name: str = "a.jpg", kind: str = "image/jpeg") -> int:
    return one.post("/v1/jobs", files={"file": (name, data, kind)}).status_code


def left(serving: Serving) -> list[Path]:
    files = Files(serving.data)
    return [*files.incoming.iterdir(), *files.jobs.iterdir()]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("..\\..\\boot.ini", "boot.ini"),
        ("/etc/shadow", "shadow"),
        ("..", "file"),
        ("", "file"),
        ("C:\\x\\..", "file"),
        ("a\0b.jpg", "a\\u0000b.jpg".replace("\\", "_")),
        ("a\nb.jpg", "a_u000ab.jpg"),
        ("cod\u202egpj.exe", "cod_u202egpj.exe"),
        ("...hidden", "hidden"),
    ],
)
def test_a_name_leads_nowhere(given: str, kept: str) -> None:
    assert safe_name(given) == kept


@pytest.mark.parametrize("name", ["ä" * 500 + ".jpg", "." * 500, "x" * 500, "a." + "b" * 500])
def test_a_long_name_fits(name: str) -> None:
    assert 0 < len(safe_name(name).encode()) <= 150


def test_uploads_lie_in_their_own_folder(one: TestClient, serving: Serving, tmp_path: Path) -> None:
    job = upload(one, image(tmp_path / "a.jpg", photo()), name="../../../../evil.jpg")
    kept = [path for path in serving.data.rglob("*") if path.is_file()]
    assert [path.parent.name for path in kept] == ["input"]
    assert job["name"] == kept[0].name == "evil.jpg"


@pytest.mark.parametrize(
    "path", ["../secret.jpg", "/etc/passwd", "link.jpg", "sub/../../secret.jpg", "\x00", "~",
             "folder/secret.jpg", "a" * 5000, "none.jpg", "file:///etc/passwd", "http://127.0.0.1/"]
)  # fmt: skip
def test_a_path_stays_under_the_allowed_folder(
    one: TestClient, serving: Serving, tmp_path: Path, path: str
) -> None:
    root = serving.roots[0]
    image(tmp_path / "secret.jpg", photo())
    (root / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    (root / "folder").symlink_to(tmp_path)
    assert one.post("/v1/jobs", json={"path": path}).status_code in (415, 422)
    assert one.post("/v1/batches", json={"paths": [path]}).status_code in (415, 422)
    with pytest.raises(UnsupportedMedia):
        allowed(path, serving.roots)


def test_a_folder_with_a_link_out_of_it_is_refused_whole(
    one: TestClient, serving: Serving, tmp_path: Path
) -> None:
    image(tmp_path / "secret.jpg", photo())
    (serving.roots[0] / "link.jpg").symlink_to(tmp_path / "secret.jpg")
    assert one.post("/v1/batches", json={"paths": ["."]}).status_code == 415


def test_what_is_no_medium_is_not_kept_whatever_it_is_called(
    one: TestClient, serving: Serving
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("zeros", bytes(10_000_000))
    lies = (
        SVG,
        HTML,
        packed.getvalue(),
        gzip.compress(bytes(1_000_000)),
        b"",
        b"\x7fELF" + b"x" * 99,
    )
    for data in lies:
        assert sent(one, data) == 415
    assert left(serving) == []


def test_a_picture_that_announces_more_than_memory_holds(
    one: TestClient, serving: Serving, store: Database
) -> None:
    job = one.post("/v1/jobs", files={"file": ("bomb.bmp", huge_bmp(60_000, 60_000))}).json()
    work_off(serving, store)
    done = one.get(f"/v1/jobs/{job['id']}").json()
    assert done["state"] == "failed"
    assert done["error"]["kind"] in ("MediaTooLarge", "UnreadableMedia")


def test_an_upload_is_shown_as_what_it_is_and_runs_nothing(one: TestClient, tmp_path: Path) -> None:
    both = image(tmp_path / "a.gif", photo(), mode="P").read_bytes() + HTML
    job = one.post("/v1/jobs", files={"file": ("page.html", both, "text/html")}).json()
    answer = one.get(f"/v1/jobs/{job['id']}/file")
    assert answer.headers["content-type"] == "image/gif"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    "name", ["<script>alert(1)</script>.jpg", "{{7*7}}.jpg", "';drop table job--.jpg"]
)
def test_a_name_is_text_everywhere(one: TestClient, serving: Serving, store: Database,
                                   tmp_path: Path, name: str) -> None:  # fmt: skip
    job = upload(one, image(tmp_path / "a.jpg", photo()), name=name,
                 data={"options": json.dumps({"analyzers": ["metadata"]})})  # fmt: skip
    work_off(serving, store)
    for path in (f"/jobs/{job['id']}", "/history", "/recent", f"/v1/jobs/{job['id']}/report"):
        shown = one.get(path).text
        assert "<script>alert" not in shown
        assert "49.jpg" not in shown
    assert one.get("/v1/jobs", params={"q": job["name"][:9]}).json()["jobs"][0]["id"] == job["id"]


def test_metadata_is_text_everywhere(
    one: TestClient, serving: Serving, store: Database, tmp_path: Path
) -> None:
    path = image(tmp_path / "a.jpg", photo(), comment=b"<script>alert(1)</script>")
    job = upload(one, path, data={"options": json.dumps({"analyzers": ["metadata"]})})
    work_off(serving, store)
    assert "<script>alert" not in one.get(f"/jobs/{job['id']}").text


def test_a_body_is_cut_off_at_the_cap_however_it_comes(one: TestClient, serving: Serving) -> None:
    assert sent(one, bytes(300_000)) == 413
    taken = 0

    def chunks() -> Iterator[bytes]:
        nonlocal taken
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(1000):
            taken += 10_000
            yield bytes(10_000)

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    assert one.post("/v1/jobs", content=chunks(), headers=headers).status_code == 413
    assert one.post("/v1/jobs", content=b" " * 5_000_000,
                    headers={"Content-Type": "application/json"}).status_code == 413  # fmt: skip
    assert left(serving) == []


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b""),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data; name=file"),
        ("multipart/form-data; boundary=x", b"--y\r\n\r\n"),
        ("multipart/form-data; boundary=" + "x" * 5000, b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"A" * 20_000 + b": b\r\n\r\n"),
        (FORM, PART + b"\r\n\r\na\r\n--x--"),
        (FORM, PART + b'; name="f"\r\n\r\n' + b"a" * 70_000 + b"\r\n--x--"),
        ("text/plain", b"hello"),
        ("application/json", b"[1,2"),
        ("application/json", b"[" * 100_000),
        ("", b"x"),
    ],
)  # fmt: skip
def test_a_malformed_body_is_refused(
    one: TestClient, serving: Serving, kind: str, body: bytes
) -> None:
    answer = one.post("/v1/jobs", content=body, headers={"Content-Type": kind})
    assert answer.status_code in (400, 413, 415, 422)
    assert answer.json()["error"]["message"]
    assert left(serving) == []


def test_too_many_parts_are_refused(serving: Serving, store: Database) -> None:
    few = client(replace(serving, most_files=3), store)
    files = [("file", (f"{n}.jpg", b"x")) for n in range(5)]
    assert few.post("/v1/batches", files=files).status_code == 413
    assert left(serving) == []


@pytest.mark.parametrize(
    "wanted",
    ["bytes=0-0," * 5000 + "0-0", "bytes=-", "bytes=9-1", "bytes=" + "9" * 5000 + "-", "lines=1-2",
     "bytes=0-9999999999999999999", "bytes=1-2-3", "bytes=-0"],
)  # fmt: skip
def test_a_hostile_range_costs_nothing(one: TestClient, tmp_path: Path, wanted: str) -> None:
    path = image(tmp_path / "a.jpg", photo())
    job = upload(one, path)
    begun = time.perf_counter()
    answer = one.get(f"/v1/jobs/{job['id']}/file", headers={"Range": wanted})
    assert answer.status_code in (200, 206, 400, 416)
    assert len(answer.content) < path.stat().st_size + 10_000
    assert time.perf_counter() - begun < 5


@contextmanager
def running(serving: Serving, store: Database) -> Iterator[int]:
    listening = socket.create_server(("127.0.0.1", 0))
    app = make_app(serving, store)
    server = uvicorn.Server(uvicorn.Config(app, http=Impatient, log_level="error"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.02)
    try:
        yield listening.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join()


def hung_up(line: socket.socket, seconds: float) -> bytes:
    """What came until the other side hung up, which it must within ``seconds``."""
    line.settimeout(seconds)
    said = b""
    while piece := line.recv(65536):
        said += piece
    return said


def test_slow_clients_are_let_go(
    serving: Serving, store: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("unmask.serve.connections.HEAD_SECONDS", 0.5)
    with running(replace(serving, patience=0.5), store) as port:
        slow = [socket.create_connection(("127.0.0.1", port)) for _ in range(30)]
        for line in slow[:20]:
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: ")
        head = (
            b"POST /v1/jobs HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"
            b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        body = socket.create_connection(("127.0.0.1", port))
        body.sendall(head)
        prompt = socket.create_connection(("127.0.0.1", port))
        ask = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        prompt.sendall(ask)
        assert b"200 OK" in hung_up(prompt, 20)
        for line in slow:
            assert b"200 OK" not in hung_up(line, 20)
        assert b"408" in hung_up(body, 20)
    assert left(serving) == []


def test_a_read_only_folder_is_said(serving: Serving, store: Database, tmp_path: Path) -> None:
    one = client(serving, store)
    path = image(tmp_path / "a.jpg", photo())
    incoming = Files(serving.data).incoming
    incoming.rmdir()
    incoming.write_text("in the way")  # also root cannot write below it
    with path.open("rb") as file:
        answer = one.post("/v1/jobs", files={"file": file})
    assert answer.status_code in (500, 507)
    assert "operator" in answer.json()["error"]["message"]
    assert one.get("/v1/jobs").json()["jobs"] == []
    assert os.path.exists(incoming)  # noqa: PTH110
