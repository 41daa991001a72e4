"""A service started for a measurement, with a few ways to use it; no measurement by itself."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ENDED = ("done", "failed", "cancelled")


class Service:
    """``unmask serve`` as a process of its own, on a port of its own."""

    def __init__(self, data: Path, *options: str) -> None:
        self.data, self._options = data, options
        self.port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, on the same port as before."""
        words = ["serve", "--data", str(self.data), "--port", str(self.port), *self._options]
        command = [sys.executable, "-m", "unmask", *words]
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        assert self.process.stderr is not None
        line = self.process.stderr.readline()
        found = re.search(r"127\.0\.0\.1:(\d+)", line)
        if found is None:
            raise SystemExit(f"The service did not start: {line}")
        self.port = int(found[1])
        threading.Thread(target=self._drain, args=(self.process.stderr,), daemon=True).start()

    def kill(self) -> None:
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """As an operator stops it."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait()

    def memory(self) -> float:
        """Resident memory of the server process, in MB."""
        return resident(self.process.pid)

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Any:
        """The JSON of an answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = urllib.request.Request(self.url + path, body, named, method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.loads(answer.read() or b"null")

    def submit(self, name: str, data: bytes, options: dict[str, Any], key: str = "") -> str:
        """Submit a file until the service takes it, as a client does; the number of its job."""
        key = key or uuid.uuid4().hex
        body = form(name, data, options)
        kind = {"Content_Type": "multipart/form-data; boundary=b", "Idempotency_Key": key}
        while True:
            try:
                return str(self.ask("POST", "/v1/jobs", body, **kind)["id"])
            except (urllib.error.URLError, OSError):
                time.sleep(0.3)

    def _drain(self, stream: Any) -> None:
        for _ in stream:
            pass


def resident(process: int) -> float:
    """Resident memory of a process, in MB."""
    found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{process}/status").read_text())
    return int(found[1]) / 1024 if found else float("nan")


def form(name: str, data: bytes, options: dict[str, Any]) -> bytes:
    """A multipart body with one file."""
    head = (
        f'--b\r\nContent-Disposition: form-data; name="options"\r\n\r\n{json.dumps(options)}\r\n'
        f'--b\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
    )
    return head.encode() + data + b"\r\n--b--\r\n"


def worker(data: Path, database: str, *options: str) -> subprocess.Popen[bytes]:
    """A worker as a process of its own."""
    words = ["worker", "--data", str(data), "--database", database, *options]
    command = [sys.executable, "-m", "unmask", *words]
    return subprocess.Popen(command, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def postgres(programs: Path) -> Iterator[Any]:
    """A PostgreSQL server in a folder of its own: its URL, and ways to kill and to start it."""
    user = "postgres" if os.getuid() == 0 else None
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if user:
        shutil.chown(folder, user)

    def call(name: str, *words: str) -> None:
        command = [str(programs / name), "-D", str(folder / "data"), *words]
        subprocess.run(command, user=user, check=True, stdout=subprocess.DEVNULL, cwd=folder)

    def start() -> None:
        options = f"-k {folder} -c listen_addresses="
        for left in range(30, -1, -1):  # the children of a killed server may not all have ended
            try:
                return call("pg_ctl", "-w", "-l", str(folder / "log"), "-o", options, "start")
            except subprocess.CalledProcessError:
                if not left:
                    raise
                time.sleep(1)
        return None

    def kill() -> None:
        os.kill(int((folder / "data" / "postmaster.pid").read_text().split()[0]), 9)

    call("initdb", "-A", "trust", "-U", "postgres")
    start()
    yield f"postgresql://postgres@/postgres?host={folder}", kill, start
    call("pg_ctl", "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)
