"""``unmask worker``: judge the jobs of a service."""

from __future__ import annotations

import os
import signal
import threading
from typing import Annotated

import typer

from unmask.cli.scan import device_option
from unmask.cli.serve import (
    Data,
    Days,
    LeaseSeconds,
    Memory,
    Sign,
    Slots,
    Timeout,
    Tries,
    Url,
    opened,
    say,
)
from unmask.serve.config import GIB


def worker(
    data: Data = None,
    database: Url = "",
    slots: Slots = 0,
    memory: Memory = 8,
    tries: Tries = 3,
    lease: LeaseSeconds = 30,
    timeout: Timeout = 3600,
    retain_days: Days = 0,
    sign: Sign = "",
    device: Annotated[str, device_option()] = "",
    parent: Annotated[
        int, typer.Option(hidden=True, help="End when this process is no longer the parent.")
    ] = 0,
) -> None:
    """Judge the jobs of a service until stopped; what is under way then goes to other workers.

    On another machine name the same --database (PostgreSQL) and the same, shared --data.
    """
    from dataclasses import replace

    from unmask.serve.worker import Worker

    serving, store = opened(data, database)
    serving = replace(
        serving,
        slots=slots or os.cpu_count() or 1,
        memory=int(memory * GIB),
        tries=tries,
        lease=lease,
        timeout=timeout,
        retain_days=retain_days,
        sign=sign,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if parent:
        threading.Thread(target=_watch, args=(parent, stop), daemon=True).start()
    one = Worker(serving, store, say)
    say(f"worker {one.name}: {serving.slots} at a time")
    one.run(stop)


def _watch(parent: int, stop: threading.Event) -> None:
    while os.getppid() == parent and not stop.wait(1.0):
        pass
    stop.set()
