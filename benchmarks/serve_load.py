"""A service under load, beside ``unmask scan`` on the same files with as many processes.

    python benchmarks/serve_load.py --clients 64 --files 256 --workers 2 --upload 2 --many 5000 \\
        --out results/serve_load.json

Throughput of both and their ratio, the 99th percentile of status calls idle and under load, what
an upload of ``--upload`` GiB costs the server in memory, and the memory of the server and of its
workers while ``--many`` jobs (metadata only) go through. Everything stays on loopback.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import http.client
import json
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from serve_running import ENDED, Service, resident

_FIRST, _LATER, _MOST = 1.0, 1.5, 15.0
"""A client that waits asks again after a second, each time later by half, and every 15 at most."""


def pictures(folder: Path, count: int) -> list[Path]:
    folder.mkdir()
    made = []
    for number in range(count):
        noise = np.random.default_rng(number).normal(128, 40, (192, 256, 3))
        held = BytesIO()
        Image.fromarray(np.clip(noise, 0, 255).astype(np.uint8)).save(held, "JPEG")
        made.append(folder / f"{number}.jpg")
        made[-1].write_bytes(held.getvalue())
    return made


def p99(service: Service, ident: str, calls: int) -> float:
    """The 99th percentile of a status call, in milliseconds."""
    took = []
    for _ in range(calls):
        begun = time.perf_counter()
        service.ask("GET", f"/v1/jobs/{ident}")
        took.append(time.perf_counter() - begun)
    return 1000 * float(np.quantile(took, 0.99))


def judged(service: Service, path: Path, options: dict[str, Any] | None = None) -> float:
    """Have a file judged; when that ended, by the service's own clock."""
    ident = service.submit(path.name, path.read_bytes(), options or {})
    pause = _FIRST
    while (job := service.ask("GET", f"/v1/jobs/{ident}"))["state"] not in ENDED:
        time.sleep(pause)
        pause = min(_MOST, _LATER * pause)
    return datetime.datetime.fromisoformat(job["finished"]).timestamp()


def upload(service: Service, gib: float) -> tuple[float, int]:
    """How much the server's memory grows at most during a large upload, in MB; and the answer."""
    peak, done = [service.memory()], threading.Event()

    def watch() -> None:
        while not done.wait(0.05):
            peak.append(service.memory())

    watcher = threading.Thread(target=watch)
    watcher.start()
    head = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
    head += b"RIFF\xff\xff\xff\x7fWAVEfmt "
    tail, piece, count = b"\r\n--b--\r\n", bytes(1 << 20), int(gib * 1024)
    connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=600)
    connection.putrequest("POST", "/v1/jobs")
    connection.putheader("Content-Type", "multipart/form-data; boundary=b")
    connection.putheader("Content-Length", str(len(head) + count * len(piece) + len(tail)))
    connection.endheaders()
    connection.send(head)
    for _ in range(count):
        connection.send(piece)
    connection.send(tail)
    answer = connection.getresponse()
    done.set()
    watcher.join()
    ident = json.loads(answer.read())["id"]
    service.ask("POST", f"/v1/jobs/{ident}/cancel")  # only the upload is measured
    return max(peak) - peak[0], answer.status


def below(parent: int) -> list[int]:
    """The processes that a process began, and those that they began."""
    found = []
    for place in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if place.name.isdigit():
                fields = (place / "stat").read_text().rpartition(")")[2].split()
                if int(fields[1]) == parent:
                    found += [int(place.name), *below(int(place.name))]
    return found


def many(service: Service, files: list[Path], count: int, clients: int) -> list[dict[str, int]]:
    """Memory in MB at each tenth of ``count`` jobs: of the server, and of all its workers."""
    seen: list[dict[str, int]] = []

    def one(number: int) -> None:
        judged(service, files[number % len(files)], {"analyzers": ["metadata"]})

    with ThreadPoolExecutor(clients) as pool:
        for part in range(10):
            numbers = range(part * count // 10, (part + 1) * count // 10)
            list(pool.map(one, numbers))
            workers = sum(map(resident, below(service.process.pid)))
            seen.append(
                {
                    "jobs": numbers.stop,
                    "server": round(service.memory()),
                    "workers": round(workers),
                }
            )
            print(seen[-1], flush=True)
    return seen


def scan(folder: Path, workers: int, only: list[str]) -> float:
    """Files a second of ``unmask scan`` from its first record on, when its models are loaded."""
    out = folder / "out.jsonl"
    words = ["scan", str(folder / "files"), "--jobs", str(workers), "--jsonl", str(out)]
    words += [word for name in only for word in ("--only", name)]
    command = [sys.executable, "-m", "unmask", *words]
    begun, before = 0.0, 0
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
        while running.poll() is None:
            time.sleep(0.05)
            if not begun and out.exists() and (before := out.read_bytes().count(b"\n")):
                begun = time.perf_counter()
    return (out.read_bytes().count(b"\n") - before) / (time.perf_counter() - begun)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--files", type=int, default=256)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--upload", type=float, default=2)
    parser.add_argument("--only", nargs="*", default=[], help="analyzers; default: a scan's")
    parser.add_argument("--many", type=int, default=0)
    parser.add_argument("--out", type=Path)
    chosen = parser.parse_args()
    found: dict[str, object] = {
        "clients": chosen.clients,
        "files": chosen.files,
        "workers": chosen.workers,
        "only": chosen.only,
    }
    options = {"analyzers": chosen.only} if chosen.only else {}

    def keep(**more: object) -> None:
        found.update({name.replace("_", " "): value for name, value in more.items()})
        print(json.dumps(found), flush=True)
        if chosen.out:
            chosen.out.write_text(json.dumps(found, indent=1) + "\n")

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = pictures(folder / "files", chosen.files)
        service = Service(folder / "data", "--workers", str(chosen.workers))
        for path in files[: 2 * chosen.workers]:  # the models are loaded
            judged(service, path, options)
        first = service.ask("GET", "/v1/jobs?limit=1")["jobs"][0]["id"]
        keep(status_p99_idle_ms=round(p99(service, first, 300), 1))
        before, begun = service.memory(), time.time()
        with ThreadPoolExecutor(chosen.clients) as clients:
            work = [clients.submit(judged, service, path, options) for path in files]
            keep(status_p99_under_load_ms=round(p99(service, first, 300), 1))
            served = len(files) / (max(one.result() for one in work) - begun)
        keep(server_mb_before_and_after=[round(before), round(service.memory())])
        scanned = scan(folder, chosen.workers, chosen.only)
        keep(files_a_second_serve=round(served, 3), files_a_second_scan=round(scanned, 3))
        keep(ratio=round(served / scanned, 2))
        if chosen.upload:
            grown, status = upload(service, chosen.upload)
            keep(upload_gib=chosen.upload, server_mb_for_it=round(grown), its_answer=status)
        if chosen.many:
            keep(memory_mb_over_jobs=many(service, files, chosen.many, chosen.clients))
        service.stop()


if __name__ == "__main__":
    main()
