"""Jobs of a service amid faults: do all of them end, each once, as the client sees it?

    python benchmarks/serve_faults.py --out results/serve_faults.json
    python benchmarks/serve_faults.py --postgres /usr/lib/postgresql/15/bin --cuts 0 \\
        --out results/serve_faults.json

Two workers judge ``--jobs`` small pictures while one is killed and stays away, one is frozen in
the middle of a job and wakes when another has done it, the server is killed and begun again, and so
is PostgreSQL. Then the server of an SQLite store is killed ``--cuts`` times at random moments, and
the store must open. ``--out`` keeps what was found by store, beside what it holds of others.
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sqlite3
import subprocess
import tempfile
import threading
import time
import urllib.error
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from serve_running import ENDED, Service, postgres, worker


def picture(number: int) -> bytes:
    pixels = np.random.default_rng(number).integers(0, 256, (96, 128, 3), np.uint8)
    held = BytesIO()
    Image.fromarray(pixels).save(held, "PNG")
    return held.getvalue()


def listed(service: Service) -> list[dict[str, Any]]:
    """All jobs, as soon as the service and its store answer."""
    while True:
        try:
            found, cursor = [], ""
            while True:
                page = service.ask("GET", f"/v1/jobs?limit=200&cursor={cursor}")
                found += page["jobs"]
                if not (cursor := page["cursor"]):
                    return found
        except (urllib.error.URLError, OSError):
            time.sleep(0.3)


def ended(service: Service) -> int:
    return sum(job["state"] in ENDED for job in listed(service))


def amid_faults(
    folder: Path, count: int, programs: Path | None, options: dict[str, Any]
) -> dict[str, object]:
    with ExitStack() as stack:
        database, kill, start = "", None, None
        if programs:
            database, kill, start = stack.enter_context(postgres(programs))
        service = Service(folder / "data", "--workers", "0", "--database", database)
        workers: list[subprocess.Popen[bytes]] = []

        def join() -> None:
            own = ("--slots", "1", "--lease", "3", "--tries", "5")
            workers.append(worker(service.data, database, *own))

        def restart() -> None:
            service.kill()
            service.start()

        def freeze() -> None:
            workers[1].send_signal(signal.SIGSTOP)

        join(), join()
        faults: list[tuple[float, str, Callable[[], object]]] = [
            (0.2, "a worker is killed and stays away", workers[0].kill),
            (0.3, "another one begins", join),
            (0.4, "the server is killed and begun again", restart),
            (0.5, "a worker is frozen", freeze),
            (0.6, "another one begins", join),
        ]
        if kill and start:
            faults.append((0.7, "PostgreSQL is killed and begun again", lambda: (kill(), start())))
        ids: list[str] = []

        def submit() -> None:
            for number in range(count):
                key = f"n{number}"  # the same for a repeated request: one job
                ids.append(service.submit(f"{number}.png", picture(number), options, key))

        client = threading.Thread(target=submit)
        begun = time.monotonic()
        client.start()
        met = []
        for share, what, fault in faults:
            while len(ids) < share * count or ended(service) < share * count:
                time.sleep(0.1)
            met.append(f"{what} with {ended(service)} of {count} done")
            print(f"{time.monotonic() - begun:6.1f} s  {met[-1]}", flush=True)
            fault()
        client.join()
        while ended(service) < count:
            time.sleep(1)
        seconds = time.monotonic() - begun
        before = listed(service)
        workers[1].send_signal(signal.SIGCONT)  # it still holds a result of a job that is another's
        time.sleep(8)
        after = listed(service)
        reports = sum(service.ask("GET", f"/v1/jobs/{i}/result")["path"] != "" for i in set(ids))
        for one in workers:
            one.terminate()
        service.stop()
    return {
        "jobs": count,
        "options": options,
        "faults": met,
        "states": dict(Counter(job["state"] for job in after)),
        "begun more than once": sum(job["attempts"] > 1 for job in after),
        "each once": len(set(ids)) == count and sorted(j["id"] for j in after) == sorted(set(ids)),
        "results read": reports,
        "nothing changed when the frozen worker woke": before == after,
        "seconds": round(seconds, 1),
    }


def power_cuts(folder: Path, cuts: int) -> dict[str, object]:
    moments, opened, kept = random.Random(1), 0, 0
    for cut in range(cuts):
        service = Service(folder, "--workers", "0")
        told: list[str] = []

        def submit(service: Service = service, told: list[str] = told, cut: int = cut) -> None:
            for number in range(10_000):
                body = json.dumps({"n": number}).encode()
                try:
                    told.append(service.submit(f"{cut}-{number}.png", picture(0) + body, {}))
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
    parser.add_argument("--only", nargs="*", help="analyzers; default: those of a scan")
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    found: dict[str, object] = {}
    with tempfile.TemporaryDirectory() as name:
        found["jobs amid faults"] = amid_faults(
            Path(name) / "faults",
            chosen.jobs,
            chosen.postgres,
            {"analyzers": chosen.only} if chosen.only else {},
        )
        if chosen.cuts:
            found["kills at random moments"] = power_cuts(Path(name) / "cuts", chosen.cuts)
    print(json.dumps(found, indent=1))
    if chosen.out:
        kept = json.loads(chosen.out.read_text()) if chosen.out.exists() else {}
        kept["PostgreSQL" if chosen.postgres else "SQLite"] = found
        chosen.out.write_text(json.dumps(kept, indent=1) + "\n")


if __name__ == "__main__":
    main()
