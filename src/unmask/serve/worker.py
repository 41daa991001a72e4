"""A worker: takes jobs by lease and judges each in a process with limits of time and memory."""

from __future__ import annotations

import contextlib
import math
import multiprocessing
import os
import secrets
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from pebble import ProcessExpired, ProcessPool

from unmask.batch import threads_per_job
from unmask.errors import StoreError, UnmaskError
from unmask.serve import jobs
from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.files import Files
from unmask.serve.judging import Task, begin, judge, progress
from unmask.serve.leases import FAILED, SET_ASIDE, Lease, Leases

_IDLE = 0.25
_TIDY_EVERY = 60.0
_AT_ONCE = 500
_OURS = ("pdf", "timeout")
"""Options of a job that are none of a scan."""
Say = Callable[[str], None]
Work = Callable[[Task], dict[str, Any]]


@dataclass(slots=True)
class _Running:
    lease: Lease
    place: Path
    renewed: float


class Worker:
    """Judges jobs until it is told to stop.

    ``say`` is told what an operator should know; ``work`` judges one file, and is imported by its
    name in the process that does.
    """

    def __init__(self, serving: Serving, database: Database, say: Say, work: Work = judge) -> None:
        self._serving, self._database, self._say = serving, database, say
        self._work = work
        self._files = Files(serving.data)
        self.name = f"{socket.gethostname()[:60]}-{os.getpid()}-{secrets.token_hex(4)}"
        self._leases = Leases(database, self.name, serving.lease, serving.tries)
        self._every = min(1.0, serving.lease / 5)
        self._running: dict[Future[Any], _Running] = {}
        self._tidied = self._seen = -_TIDY_EVERY

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set; then jobs that are under way go back to the others.

        A database that is away is waited for.
        """
        serving = self._serving
        with ProcessPool(
            serving.slots,
            context=multiprocessing.get_context("spawn"),
            initializer=begin,
            initargs=[os.getpid(), serving.memory],
        ) as pool:
            try:
                while not stop.is_set():
                    try:
                        self._turn(pool)
                    except StoreError as error:
                        self._say(f"{error} Waiting for it.")
                        stop.wait(2.0)
            finally:
                pool.stop()  # type: ignore[no-untyped-call]
                for one in self._running.values():
                    with contextlib.suppress(StoreError):
                        self._leases.release(one.lease, "", counts=False)

    def _turn(self, pool: ProcessPool) -> None:
        self._look_after()
        while len(self._running) < self._serving.slots and (lease := self._leases.take()):
            self._start(pool, lease)
        if not self._running:
            time.sleep(_IDLE)
            return
        ready, _ = wait(self._running, self._every, FIRST_COMPLETED)
        for future in ready:
            self._conclude(future, self._running[future].lease)
            del self._running[future]

    def _start(self, pool: ProcessPool, lease: Lease) -> None:
        place = self._files.results(lease.job, lease.attempt)
        shutil.rmtree(place, ignore_errors=True)
        limit = min(self._serving.timeout, lease.row["options"].get("timeout", math.inf))
        try:
            task = task_of(self._serving, self._files, lease)
        except UnmaskError as error:
            self._end(lease, _failed(type(error).__name__, str(error)))
            return
        future = pool.schedule(self._work, (task,), timeout=limit)
        self._running[future] = _Running(lease, place, time.monotonic())

    def _conclude(self, future: Future[Any], lease: Lease) -> None:
        """Write down how a try ended. Raises StoreError when the database is away; try again."""
        if future.cancelled():
            self._drop(lease)
            return
        values = self._outcome(future, lease)
        again = values["error_kind"] == SET_ASIDE and lease.attempt < self._serving.tries
        if again:
            self._leases.release(lease, f"{values['error']} It is tried again.")
            return
        if values["error_kind"] == SET_ASIDE:
            values["error"] = (
                f"Set aside after {lease.attempt} tries. {values['error']} The file is damaged or "
                "hostile: convert it with another program and scan the copy."
            )
            self._say(f"job {lease.job}: {values['error']}")
        self._end(lease, values)

    def _outcome(self, future: Future[Any], lease: Lease) -> dict[str, Any]:
        try:
            values: dict[str, Any] = future.result()
            return values
        except TimeoutError:
            limit = lease.row["options"].get("timeout", self._serving.timeout)
            why = f"It was not finished in {limit:g} s, the most that one file may take here."
            return _failed("TimeLimit", why)
        except ProcessExpired as error:
            return _failed(SET_ASIDE, f"The process that judged it died (code {error.exitcode}).")
        except UnmaskError as error:
            return _failed(type(error).__name__, str(error))
        except OSError as error:
            self._say(f"job {lease.job}: {error}")
            why = f"Its result could not be written: {error.strerror or error}. Tell the operator."
            return _failed("OutputError", why)
        except Exception as error:
            text = f"{type(error).__name__}: {' '.join(str(error).split())}"
            self._say(f"job {lease.job}: a fault in unmask: {text}")
            return _failed("Fault", f"A fault in unmask: {text}. Please report it.")

    def _end(self, lease: Lease, values: dict[str, Any]) -> None:
        if self._leases.finish(lease, values):
            self._files.forget_other_tries(lease.job, lease.attempt)
        else:
            self._drop(lease)

    def _drop(self, lease: Lease) -> None:
        """Take away what a try wrote for a job that is another's now, cancelled or deleted."""
        shutil.rmtree(self._files.results(lease.job, lease.attempt), ignore_errors=True)
        if not jobs.existing(self._database, [lease.job]):
            self._files.forget(lease.job)

    def _look_after(self) -> None:
        """Renew leases, stop what is no longer ours, say that we live, tidy up now and then."""
        now = time.monotonic()
        for future, one in self._running.items():
            if now - one.renewed >= self._every and not future.done():
                one.renewed = now
                if not self._leases.renew(one.lease, *progress(one.place)):
                    future.cancel()
        if now - self._seen >= self._serving.lease / 3:
            self._seen = now
            self._leases.seen(self._serving.slots)
        if now - self._tidied >= _TIDY_EVERY:
            self._tidied = now
            self.tidy()

    def tidy(self) -> None:
        """Delete jobs that are too old, and files that belong to none."""
        if days := self._serving.retain_days:
            for owner, ident in jobs.aged(self._database, days):
                jobs.remove(self._database, owner, [ident], "job.expire")
                self._files.forget(ident)
        for some in _some(self._files.old()):
            for ident in set(some) - jobs.existing(self._database, some):
                self._files.forget(ident)


def task_of(serving: Serving, files: Files, lease: Lease) -> Task:
    """What a process is told of a job. Raises OutputError when its upload is gone."""
    row = lease.row
    options = {name: value for name, value in row["options"].items() if name not in _OURS}
    references = ""
    if row["kind"] == "compare":  # the operator's material, or what was uploaded with the file
        references = options.pop("reference", "") or str(files.references(lease.job))
    return Task(
        path=row["source"] or str(files.input(lease.job)),
        name=row["name"],
        place=str(files.results(lease.job, lease.attempt)),
        options={"threads": threads_per_job(max(1, serving.slots)), **options},
        references=references,
        pdf=bool(row["options"].get("pdf")),
        sign=serving.sign,
        memory=serving.memory,
    )


def _failed(kind: str, why: str) -> dict[str, Any]:
    return {"state": FAILED, "error_kind": kind, "error": why}


def _some(names: Iterator[str]) -> Iterator[list[str]]:
    while found := list(islice(names, _AT_ONCE)):
        yield found
