"""What the tests of the service share: a PostgreSQL server, clients, keys, jobs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from fastapi.testclient import TestClient

from unmask.serve import keys
from unmask.serve.app import make_app
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files
from unmask.serve.jobs import Wish
from unmask.serve.judging import judge
from unmask.serve.leases import Leases
from unmask.serve.worker import task_of

HERE = "http://127.0.0.1:8000"


class Postgres:
    """A server that listens on a socket in its own folder, and on no network."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._user = "postgres" if os.getuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        if self._user:
            shutil.chown(self.folder, self._user)
        self._call("initdb", "-A", "trust", "-U", "postgres", "--no-sync", "-E", "UTF8")
        self.start()

    @property
    def url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses= -c fsync=off -c max_connections=200"
        words = ("-w", "-l", str(self.folder / "log"), "-o", options, "start")
        end = time.monotonic() + 30
        while not self._call("pg_ctl", *words, check=time.monotonic() > end):
            time.sleep(0.3)  # the children of a killed server have not all ended

    def kill(self) -> None:
        """kill -9 of the server; its children end by themselves."""
        os.kill(int((self.folder / "data" / "postmaster.pid").read_text().split()[0]), 9)

    def stop(self) -> None:
        self._call("pg_ctl", "-m", "immediate", "-w", "stop", check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _call(self, name: str, *words: str, check: bool = True) -> bool:
        command = [str(self._programs / name), "-D", str(self.folder / "data"), *words]
        done = subprocess.run(
            command, user=self._user, check=check, stdout=subprocess.DEVNULL, cwd=self.folder
        )
        return done.returncode == 0


def programs() -> Path | None:
    """Where the programs of a PostgreSQL server lie."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    on_path = shutil.which("initdb")
    return found[-1].parent if found else Path(on_path).resolve().parent if on_path else None


def client(serving: Serving, database: Database, **more: Any) -> TestClient:
    """A client on this machine, without a key unless ``headers`` hold one."""
    app = make_app(serving, database)
    return TestClient(app, base_url=HERE, client=("127.0.0.1", 50_000), **more)


def with_key(database: Database, *scopes: str, **limits: Any) -> dict[str, str]:
    """The header of a new key."""
    made = keys.add(database, "somebody", scopes or ("submit", "read", "delete"), **limits)
    return {"Authorization": f"Bearer {made}"}


def wish(name: str = "a.jpg", **more: Any) -> Wish:
    """A job to be made, of a file that nobody reads."""
    values: dict[str, Any] = {"bytes": 10, "sha256": "0" * 64, "options": {}, "request": "r"}
    return Wish(name=name, **(values | more))


def upload(one: TestClient, path: Path, name: str = "", **more: Any) -> dict[str, Any]:
    """Submit a file; the job."""
    with path.open("rb") as file:
        answer = one.post("/v1/jobs", files={"file": (name or path.name, file)}, **more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def work_off(serving: Serving, database: Database, **more: Any) -> None:
    """Judge all that waits, in this process, with ``more`` options."""
    files = Files(serving.data)
    leases = Leases(database, "tests", 30, 3)
    while lease := leases.take():
        task = task_of(serving, files, lease)
        task = replace(task, options={**task.options, **more})
        assert leases.finish(lease, judge(task))
