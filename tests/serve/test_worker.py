"""Workers: one bad file costs nobody else anything."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import failing_work
import pytest
from serve_helpers import wish
from sqlalchemy import update

from unmask.serve import jobs
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files
from unmask.serve.jobs import Filter, Job
from unmask.serve.leases import ENDED
from unmask.serve.tables import jobs as table
from unmask.serve.worker import Worker


@pytest.fixture
def database(serving: Serving) -> Iterator[Database]:
    """SQLite alone: what differs between stores is tested in ``test_store`` and ``test_faults``."""
    made = Database(serving.url)
    made.migrate()
    yield made
    made.close()


@contextmanager
def working(serving: Serving, database: Database) -> Iterator[list[str]]:
    """A worker in a thread; what it said."""
    said: list[str] = []
    stop = threading.Event()
    one = Worker(serving, database, said.append, failing_work.quick)
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        yield said
    finally:
        stop.set()
        thread.join()


def enter(serving: Serving, database: Database, *names: str) -> list[str]:
    files = Files(serving.data)
    made = []
    for name in names:
        one = wish(name)
        path = files.new()
        path.write_bytes(b"x")
        files.keep(one.id, path, name)
        made.append(jobs.make(database, "o", [one])[0].id)
    return made


def settled(database: Database, idents: list[str], seconds: float = 120) -> list[Job]:
    """The jobs, once all have ended."""
    end = time.monotonic() + seconds
    while True:
        found = {job.id: job for job in jobs.page(database, "o", Filter(), 100)[0]}
        if all(found[ident].state in ENDED for ident in idents if ident in found):
            return [found[ident] for ident in idents if ident in found]
        assert time.monotonic() < end, [(job.name, job.state) for job in found.values()]
        time.sleep(0.05)


def test_what_goes_wrong_with_one_file_is_said_and_the_next_goes_on(
    serving: Serving, database: Database
) -> None:
    serving = replace(serving, tries=2, timeout=1.5, memory=2 << 30, slots=2)
    names = ("crash.jpg", "memory.jpg", "hang.jpg", "full.jpg", "index.jpg", "good.jpg")
    with working(serving, database) as said:
        idents = enter(serving, database, *names)
        ended = {job.name: job for job in settled(database, idents)}
    kinds = {name: job.error_kind for name, job in ended.items()}
    assert kinds == {
        "crash.jpg": "SetAside",
        "memory.jpg": "Fault",
        "hang.jpg": "TimeLimit",
        "full.jpg": "OutputError",
        "index.jpg": "StoreError",
        "good.jpg": "",
    }
    assert ended["crash.jpg"].attempts == 2
    assert "code 11" in ended["crash.jpg"].error
    assert "1.5 s" in ended["hang.jpg"].error
    assert "MemoryError" in ended["memory.jpg"].error
    assert "No space left" in ended["full.jpg"].error
    assert any("crash" not in line and "Set aside" in line for line in said)
    assert (Files(serving.data).results(ended["good.jpg"].id, 1) / "result.json").exists()


def test_cancelling_and_deleting_stop_what_is_under_way(
    serving: Serving, database: Database
) -> None:
    serving = replace(serving, slots=2, lease=2.0)
    with working(serving, database):
        cancelled, deleted = enter(serving, database, "hang 1.jpg", "hang 2.jpg")
        end = time.monotonic() + 120
        while {job.state for job in jobs.page(database, "o", Filter(), 9)[0]} != {"running"}:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert jobs.cancel(database, "o", cancelled)
        assert jobs.remove(database, "o", [deleted])
        (after,) = enter(serving, database, "good.jpg")
        assert settled(database, [after])[0].state == "done"
        folder = Files(serving.data).jobs / deleted
        while folder.exists():
            assert time.monotonic() < end
            time.sleep(0.05)
    job = jobs.get(database, "o", cancelled)
    assert job is not None
    assert job.state == "cancelled"


def test_a_worker_that_is_stopped_gives_its_jobs_back(serving: Serving, database: Database) -> None:
    with working(serving, database):
        (ident,) = enter(serving, database, "hang.jpg")
        while jobs.page(database, "o", Filter(), 1)[0][0].state != "running":
            time.sleep(0.05)
    job = jobs.get(database, "o", ident)
    assert job is not None
    assert (job.state, job.attempts) == ("queued", 0)


def test_old_jobs_and_lost_files_are_tidied(serving: Serving, database: Database) -> None:
    serving = replace(serving, retain_days=1)
    files = Files(serving.data)
    old, young = enter(serving, database, "old.jpg", "young.jpg")
    with database.writing() as connection:
        connection.execute(
            update(table).where(table.c.id == old).values(state="done", finished=9.0)
        )
    lost, upload = files.jobs / ("f" * 32), files.new()
    lost.mkdir()
    upload.write_bytes(b"x")
    for path in (lost, upload, files.jobs / young):
        os.utime(path, (1, 1))
    Worker(serving, database, print).tidy()
    assert [path.name for path in files.jobs.iterdir()] == [young]
    assert not list(files.incoming.iterdir())
    assert [job.id for job in jobs.page(database, "o", Filter(), 9)[0]] == [young]
