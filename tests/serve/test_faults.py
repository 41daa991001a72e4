"""What dies takes nothing along: workers, the store's server, whoever writes."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from serve_helpers import Postgres, wish
from sqlalchemy import func, select, text

from make_media import image, photo
from unmask.errors import StoreError
from unmask.serve import audit, jobs
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files
from unmask.serve.jobs import Filter, Job
from unmask.serve.judging import RESULT
from unmask.serve.leases import ENDED
from unmask.serve.tables import deliveries

COUNT = 8


@contextmanager
def workers(serving: Serving, url: str, count: int = 2) -> Iterator[list[subprocess.Popen[bytes]]]:
    words = ["worker", "--data", str(serving.data), "--database", url, "--slots", "1"]
    command = [sys.executable, "-m", "unmask", *words, "--lease", "2", "--tries", "5"]
    started = [subprocess.Popen(command, stderr=subprocess.DEVNULL) for _ in range(count)]
    try:
        yield started
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait(60)


def enter(serving: Serving, database: Database, picture: Path) -> None:
    for number in range(COUNT):
        one = wish(f"{number}.png", options={"analyzers": ["metadata"]}, webhook="http://h/")
        files = Files(serving.data)
        path = files.new()
        path.write_bytes(picture.read_bytes())
        files.keep(one.id, path, one.name)
        jobs.make(database, "o", [one])


def seen(database: Database) -> list[Job]:
    """The jobs as soon as the store answers."""
    while True:
        try:
            return jobs.page(database, "o", Filter(), 100)[0]
        except StoreError:
            time.sleep(0.2)


def wait_for(database: Database, count: int) -> list[Job]:
    """The jobs once ``count`` have ended."""
    end = time.monotonic() + 240
    while True:
        found = seen(database)
        if sum(job.state in ENDED for job in found) >= count:
            return found
        assert time.monotonic() < end, [(job.state, job.attempts) for job in found]
        time.sleep(0.1)


def test_every_job_ends_once_whatever_dies(
    request: pytest.FixtureRequest, serving: Serving, database: Database, tmp_path: Path
) -> None:
    server: Postgres | None = None
    if not database.sqlite:
        server = request.getfixturevalue("postgres")
    url = server.url if server else f"sqlite:///{database.engine.url.database}"
    enter(serving, database, image(tmp_path / "a.png", photo()))
    with workers(serving, url) as running:
        wait_for(database, 1)
        running[0].kill()  # and it never comes back
        if server:
            server.kill()
            time.sleep(0.3)
            server.start()
        found = wait_for(database, COUNT)
    assert {job.state for job in found} == {"done"}
    with database.reading() as connection:
        told = connection.execute(select(deliveries.c.job, func.count()).group_by(deliveries.c.job))
        assert {job.id: 1 for job in found} == dict(told.tuples().all())
    for job in found:
        place = Files(serving.data).results(job.id, job.attempts)
        assert json.loads((place / RESULT).read_text())["path"] == job.name
    assert audit.check(database)[2] == ""


WRITING = """
import sys
sys.path[:0] = sys.argv[2:]
from serve_helpers import wish
from unmask.serve import jobs
from unmask.serve.database import Database
store = Database(sys.argv[1])
print("begun", flush=True)
while True:
    print(jobs.make(store, "o", [wish("n" * 400), wish("n" * 400)])[0].id, flush=True)
"""


def test_a_store_opens_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 's.sqlite'}"
    store = Database(url)
    store.migrate()
    here = [str(Path(__file__).parent), *filter(None, sys.path)]
    moments, told = random.Random(4), []
    for _ in range(3):
        command = [sys.executable, "-c", WRITING, url, *here]
        writer = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "begun\n"
        told.append(writer.stdout.readline().strip())
        time.sleep(moments.random() * 0.3)
        os.kill(writer.pid, signal.SIGKILL)
        told += [line for line in writer.stdout.read().splitlines() if len(line) == 32]
        writer.wait()
        with Database(url).reading() as connection:
            assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    assert jobs.existing(store, told) == set(told)  # what was promised is there
    with store.reading() as connection:
        count = connection.execute(text("select count(*) from job")).scalar()
    assert isinstance(count, int)
    assert count % 2 == 0  # both of a batch, or none
    assert audit.check(store)[2] == ""
