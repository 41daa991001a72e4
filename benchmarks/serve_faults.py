"""Jobs of a service amid faults: do all of them end, each once, as the client sees it?

``python benchmarks/serve_faults.py [--jobs 300] [--postgres /usr/lib/postgresql/15/bin]``

Two workers judge ``--jobs`` small pictures while one is killed and stays away, another takes its
place, the server is killed and begun again, and so is PostgreSQL. Then the store's writer is
killed ``--cuts`` times at random moments, and the store must open.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image
from serve_running import ENDED, Service, postgres, worker

OPTIONS = {"analyzers": ["metadata"]}


def picture(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (48, 64, 3), np.uint8)
    held = BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


def states(service: Service, ids: list[str]) -> dict[str, str]:
    found = {}
    for ident in ids:
        while ident not in found:
            try:
                found[ident] = service.ask("GET", f"/v1/jobs/{ident}")["state"]
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)
    return found


def amid_faults(folder: Path, count: int, programs: Path | None) -> dict[str, object]:
    with ExitStack() as stack:
        database, kill, start = "", None, None
        if programs:
            database, kill, start = stack.enter_context(postgres(programs))
        options = ("--workers", "0", "--database", database)
        service = Service(folder / "data", *options)
        own = ("--slots", "1", "--lease", "3", "--tries", "5")
        workers = [worker(service.data, database, *own) for _ in range(2)]
        ids: list[str] = []

        def submit() -> None:
            for number in range(count):
                key = f"n{number}"  # the same for a repeated request: one job
                ids.append(service.submit(f"{number}.png", picture(number), OPTIONS, key))

        client = threading.Thread(target=submit)
        begun = time.monotonic()
        client.start()
        faults: list[tuple[float, str, Callable[[], object]]] = [
            (0.2, "a worker is killed and stays away", workers[0].kill),
            (
                0.3,
                "another one begins",
                lambda: workers.append(worker(service.data, database, *own)),
            ),
            (
                0.4,
                "the server is killed and begun again",
                lambda: (service.kill(), service.start()),
            ),
        ]
        if kill and start:
            faults.append((0.6, "PostgreSQL is killed and begun again", lambda: (kill(), start())))
        for share, what, fault in faults:
            while len(ids) < share * count:
                time.sleep(0.1)
            print(f"{time.monotonic() - begun:6.1f} s  {what}", flush=True)
            fault()
        client.join()
        while True:
            found = states(service, ids)
            if all(state in ENDED for state in found.values()):
                break
            time.sleep(1)
        listed, cursor = [], ""
        while True:
            page = service.ask("GET", f"/v1/jobs?limit=200&cursor={cursor}")
            listed += [job["id"] for job in page["jobs"]]
            if not (cursor := page["cursor"]):
                break
        for one in workers:
            one.terminate()
        service.stop()
    once = len(set(ids)) == count and sorted(listed) == sorted(set(ids))
    seconds = round(time.monotonic() - begun, 1)
    return {"states": dict(Counter(found.values())), "each once": once, "seconds": seconds}


def power_cuts(folder: Path, cuts: int) -> dict[str, object]:
    moments, opened, kept = random.Random(1), 0, 0
    for cut in range(cuts):
        service = Service(folder, "--workers", "0")
        told: list[str] = []

        def submit(service: Service = service, told: list[str] = told, cut: int = cut) -> None:
            for number in range(10_000):
                body = json.dumps({"n": number}).encode()
                try:
                    told.append(service.submit(f"{cut}-{number}.png", picture(0) + body, OPTIONS))
                except (urllib.error.URLError, OSError):
                    return

        threading.Thread(target=submit, daemon=True).start()
        time.sleep(moments.random() * 2)
        service.kill()
        promised = list(told)
        with sqlite3.connect(folder / "unmask.sqlite") as store:
            opened += store.execute("PRAGMA integrity_check").fetchone() == ("ok",)
            there = {row[0] for row in store.execute("select id from job")}
        kept += set(promised) <= there and all(
            (folder / "jobs" / i / "input").is_dir() for i in there
        )
    return {"cuts": cuts, "store opened": opened, "all that was promised is there": kept}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=300)
    parser.add_argument("--cuts", type=int, default=50)
    parser.add_argument("--postgres", type=Path, help="folder of initdb; without it: SQLite")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        print(amid_faults(Path(name) / "faults", chosen.jobs, chosen.postgres))
        print(power_cuts(Path(name) / "cuts", chosen.cuts))


if __name__ == "__main__":
    main()
