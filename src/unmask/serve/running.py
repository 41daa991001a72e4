"""A service run: the server, a worker beside it that is begun again when it dies, webhooks."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import uvicorn

from unmask.errors import OutputError
from unmask.serve import keys
from unmask.serve.addresses import Outside
from unmask.serve.app import make_app
from unmask.serve.config import Serving
from unmask.serve.connections import Impatient
from unmask.serve.database import Database
from unmask.serve.webhooks import Webhooks
from unmask.signing import read_key

_AGAIN = 1.0
_MOST_CONNECTIONS = 1000
Say = Callable[[str], None]


def run(serving: Serving, say: Say) -> None:
    """Serve until interrupted. Raises StoreError, OutputError where it cannot begin."""
    if serving.sign:
        read_key(Path(serving.sign))
    database = Database(serving.url)
    database.migrate()
    app = make_app(serving, database)
    listening = _listen(serving)
    stop = threading.Event()
    hooks = Webhooks(
        database, Outside(serving.webhooks, serving.private_webhooks), serving.secret()
    )
    threads = [threading.Thread(target=hooks.run, args=(stop, say), daemon=True)]
    if serving.slots:
        threads.append(threading.Thread(target=keep_worker, args=(serving, stop, say)))
    config = uvicorn.Config(
        app,
        http=Impatient,
        ws="none",
        lifespan="on",
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=15,
        timeout_graceful_shutdown=5,
        limit_concurrency=_MOST_CONNECTIONS,
    )
    name, port = listening.getsockname()[:2]
    shown = f"[{name}]" if ":" in name else name
    say(f"unmask serves on http://{shown}:{port}/ (files in {serving.data})")
    if not serving.open_ and not keys.listed(database):
        say("There are no keys yet. Make one with: unmask serve add-key NAME")
    for thread in threads:
        thread.start()
    signal.signal(signal.SIGTERM, _interrupted)  # what uvicorn passes on when it has ended
    try:
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])
    finally:
        stop.set()
        for thread in threads:
            thread.join(timeout=15)
        database.close()


def _interrupted(*_: object) -> None:
    raise KeyboardInterrupt


def keep_worker(serving: Serving, stop: threading.Event, say: Say) -> None:
    """Keep a worker process until ``stop`` is set; one that died is followed by another."""
    while not stop.is_set():
        child = subprocess.Popen(worker_command(serving))
        while child.poll() is None and not stop.wait(0.2):
            pass
        if child.poll() is None:
            child.terminate()
            try:
                child.wait(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
        elif not stop.wait(_AGAIN):
            say(f"The worker ended (code {child.returncode}); another one begins.")


def worker_command(serving: Serving) -> list[str]:
    """The command of a worker beside this process."""
    gib = serving.memory / (1 << 30)
    words = ["worker", "--data", str(serving.data), "--database", serving.database]
    words += ["--slots", str(serving.slots), "--memory", f"{gib:g}", "--tries", str(serving.tries)]
    words += ["--lease", f"{serving.lease:g}", "--timeout", f"{serving.timeout:g}"]
    words += ["--retain-days", f"{serving.retain_days:g}", "--sign", serving.sign]
    return [sys.executable, "-m", "unmask", *words, "--parent", str(os.getpid())]


def _listen(serving: Serving) -> socket.socket:
    family = socket.AF_INET6 if ":" in serving.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((serving.host, serving.port))
    except OSError as error:
        raise OutputError(
            f"{serving.host}:{serving.port} cannot be listened on: {error.strerror}. "
            "Choose another --port."
        ) from error
    listening.listen(2048)
    return listening
