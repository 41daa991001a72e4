"""One object store on loopback and one cluster of two cores for all tests of engines."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

BEGIN = """
import logging, sys, ray
ray.init(address="local", num_cpus=2, include_dashboard=False, log_to_driver=False,
         logging_level=logging.CRITICAL, object_store_memory=2**27)
print("ADDRESS", ray.get_runtime_context().gcs_address, flush=True)
sys.stdin.read()
"""
ACCESS = {
    "AWS_ACCESS_KEY_ID": "none",
    "AWS_SECRET_ACCESS_KEY": "none",
    "AWS_DEFAULT_REGION": "us-east-1",
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_raylet_start_wait_time_s": "120",
    "RAY_AUTH_MODE": "token",
    "RAY_AUTH_TOKEN": secrets.token_hex(32),
}


@pytest.fixture(scope="session")
def store() -> Iterator[Any]:
    """A client of a made S3; its address stands in the environment."""
    pytest.importorskip("s3fs", reason="needs: pip install 'unmask[ray]'")
    server = pytest.importorskip("moto.server", reason="needs: pip install 'moto[server]'")
    import boto3

    running = server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    running.start()
    host, port = running.get_host_and_port()
    patch = pytest.MonkeyPatch()
    for name, value in (*ACCESS.items(), ("AWS_ENDPOINT_URL", f"http://{host}:{port}")):
        patch.setenv(name, value)
    client = boto3.client("s3")
    client.create_bucket(Bucket="media")
    yield client
    running.stop()
    patch.undo()


@pytest.fixture(scope="session")
def scratch() -> Iterator[Path]:
    """Where the cluster's actors put what they bring. Its path is short, for Ray's sockets."""
    with tempfile.TemporaryDirectory(prefix="ray", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest, scratch: Path) -> Iterator[str]:
    """The address of a cluster; it knows the made S3 where its packages are there."""
    with contextlib.suppress(pytest.skip.Exception):
        request.getfixturevalue("store")
    paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
    patch = pytest.MonkeyPatch()
    for name, value in ACCESS.items():
        patch.setenv(name, value)
    # Ray reads its token when it is imported.
    pytest.importorskip("ray", reason="needs: pip install 'unmask[ray]'")
    told = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TMPDIR": str(scratch)}
    for _ in range(4):  # on a busy machine its parts may not meet within the time that Ray gives
        running = subprocess.Popen(
            [sys.executable, "-c", BEGIN],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=told,
        )  # fmt: skip
        assert running.stdout is not None
        words = running.stdout.readline().split()
        if words[:1] == ["ADDRESS"]:
            break
        running.communicate()
    else:
        pytest.skip("Ray does not start on this machine, tried four times")
    yield words[1]
    running.communicate()
    patch.undo()


@pytest.fixture(scope="session")
def driver(cluster: str) -> Iterator[Callable[..., Any]]:
    """Calls a function in a process beside this one, as a command is one beside the cluster.

    Ray's own code may abort the process that it is loaded in. That must not take the other tests
    with it, so what was aborted is asked once more.
    """
    spawn = multiprocessing.get_context("spawn")
    beside = [ProcessPoolExecutor(1, spawn)]

    def call(work: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        try:
            return beside[0].submit(work, *arguments, **named).result()
        except BrokenProcessPool:
            beside[0] = ProcessPoolExecutor(1, spawn)
            return beside[0].submit(work, *arguments, **named).result()

    yield call
    beside[0].shutdown()
