"""Scanning on Ray: actors of Ray Data on this machine, or on a cluster that there is.

An actor judges one file after the other in a process of its own, by the same function and with the
same limits as the process pool, so a file that crashes or hangs costs the same row here and there.
What is lost with an actor or its machine is judged again by another.
"""

from __future__ import annotations

import json
import logging
import multiprocessing
import os
import pickle
import tempfile
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from unmask import __version__
from unmask.batch import Record, Work, key_of, record_of, scan_record, threads_per_job
from unmask.engines.addresses import is_address, scan_address
from unmask.errors import EngineError, MediaError, MissingExtra, SettingError, UnmaskError
from unmask.report.json import dumps, error_dict
from unmask.settings import Settings
from unmask.vault import VARIABLE as PASSPHRASE

_RETRIES = 3
"""How often a file is tried again whose actor died, before it is set aside."""
_LARGEST_BLOCK = 16
_STARTS = 3
"""How often Ray is begun on this machine: it waits 30 seconds for its parts, whatever one sets,
which is too little for a busy machine."""
_PATIENCE = 120
"""Seconds that Ray's parts wait for each other."""
_OBJECT_STORE = 2**28
"""Bytes of shared memory on this machine: results pass through it, files do not."""


class Judge:
    """An actor: judges files by name, one at a time, in a process beside it."""

    def __init__(self, settings: Settings, work: Work, environment: Mapping[str, str]) -> None:
        from pebble import ProcessPool

        os.environ.update(environment)
        self._settings, self._work = settings, work
        self._pool = ProcessPool(1, context=multiprocessing.get_context("spawn"))

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """A row with ``name`` and ``page`` (bytes of paths) as its record in JSON.

        An error that is not the file's ends the run: it travels under ``fault``.
        """
        name, page = os.fsdecode(row["name"]), os.fsdecode(row["page"])
        try:
            record, fault = dumps(self._record(name, page)), b""
        except UnmaskError as error:
            record, fault = "", pickle.dumps(error)
        return {"name": row["name"], "record": record, "fault": fault}

    def _record(self, name: str, page: str) -> Record:
        wait = self._settings.timeout
        if not is_address(name):
            task = self._pool.schedule(self._work, (name, self._settings, page), timeout=wait)
            return record_of(task, name, self._settings)
        # The process deletes the folder; where it crashed, or was stopped, this actor does.
        with tempfile.TemporaryDirectory(prefix="unmask-", ignore_cleanup_errors=True) as folder:
            arguments = (name, self._settings, page, folder)
            task = self._pool.schedule(scan_address, arguments, timeout=wait)
            return record_of(task, name, self._settings)

    def close(self) -> None:
        """End the process beside it."""
        self._pool.stop()  # type: ignore[no-untyped-call]
        self._pool.join()


def judge_alone(
    row: dict[str, Any], settings: Settings, work: Work, environment: Mapping[str, str]
) -> dict[str, Any]:
    """A row as ``Judge`` makes it, by a process for it alone."""
    judge = Judge(settings, work, environment)
    try:
        return judge(row)
    finally:
        judge.close()


def run_on_ray(
    places: Iterable[str | Path],
    settings: Settings,
    jobs: int,
    on_record: Callable[[Record], None],
    page_of: Callable[[Path], Path | None] = lambda _: None,
    work: Work = scan_record,
    address: str = "",
) -> None:
    """Scan files and addresses of object stores on Ray; hand over each record as it is ready.

    ``jobs``: actors; 0: one a core. ``address``: of a cluster, "" for one on this machine that ends
    with the scan. Files of a cluster must lie under the same paths on all its machines. The rest
    is as in ``batch.run_batch``.
    Raises MissingExtra, SettingError where no cluster answers, EngineError where Ray does not
    start here or gives up.
    """
    left = {str(place): str(page_of(Path(place)) or "") for place in places}
    if not left:
        return
    with _cluster(address, jobs) as (data, actors):
        threads = settings.threads or (1 if address else threads_per_job(actors))
        arguments = (replace(settings, threads=threads), work, _environment())
        # A task that waits at an actor is lost with it, and spends its retries on what another
        # file did. So what is lost in the first round is judged once more by tasks of one file,
        # each with a worker to itself: one that kills its worker takes no other with it.
        for alone in (False, True):
            if not left:
                break
            rows = [{"name": os.fsencode(a), "page": os.fsencode(b)} for a, b in left.items()]
            size = 1 if alone else max(1, min(_LARGEST_BLOCK, len(rows) // (4 * actors)))
            blocks = -(-len(rows) // size)
            many = min(actors, blocks)
            source = data.from_items(rows, override_num_blocks=blocks)
            if alone:
                judged = source.map(
                    judge_alone,
                    fn_args=arguments,
                    compute=data.TaskPoolStrategy(size=many),
                    num_cpus=threads,
                    max_retries=_RETRIES,
                )
            else:
                judged = source.map(
                    Judge,
                    fn_constructor_args=arguments,
                    compute=data.ActorPoolStrategy(size=many),
                    num_cpus=threads,
                    max_restarts=-1,
                    max_task_retries=_RETRIES,
                )
            for row in judged.iter_rows():
                if row["fault"]:
                    raise pickle.loads(row["fault"])
                del left[os.fsdecode(row["name"])]
                on_record(json.loads(row["record"]))
    for name in left:
        why = (
            f"{key_of(name)}: each worker that judged it died, {_RETRIES + 1} in a row: killed, "
            "out of memory, or lost with its machine. Scan the file by itself."
        )
        on_record(error_dict(key_of(name), MediaError(why)))


def _environment() -> dict[str, str]:
    """What was chosen by variables, without the passphrase, which does not go over a network."""
    return {k: v for k, v in os.environ.items() if k.startswith("UNMASK_") and k != PASSPHRASE}


@contextmanager
def _cluster(address: str, jobs: int) -> Iterator[tuple[Any, int]]:
    """Ray Data while connected, and the number of actors."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"  # it reports to its maker otherwise
    os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")
    os.environ.setdefault("RAY_raylet_start_wait_time_s", str(_PATIENCE))
    if not address:  # it listens on all interfaces: only who has the token is let in
        os.environ.setdefault("RAY_AUTH_MODE", "token")
    try:
        import ray
        from ray import data
    except ImportError:
        raise MissingExtra("--engine ray", "ray") from None
    # Without retries that end, a file that kills its actor would keep a scan busy for ever. The
    # releases that the extra allows take them in this way, and warn that others will not.
    warnings.filterwarnings("ignore", message=".*ray_remote_args", category=DeprecationWarning)
    actors = jobs or os.cpu_count() or 1
    try:
        if address:
            _connect(ray, address)
        else:
            _begin(ray, actors)
        logging.getLogger("ray.data").setLevel(logging.CRITICAL)
        context = data.DataContext.get_current()
        context.enable_progress_bars = context.print_on_execution_start = False
        context.max_errored_blocks = -1  # what is lost is seen by its missing rows
        try:
            if address:
                _same_version(ray, address)
                actors = jobs or int(ray.cluster_resources().get("CPU", 1))
            yield data, actors
        except ray.exceptions.RayError as error:
            raise EngineError(
                f"Ray gave up: {_line(error)} Go on with --resume when the cluster is back."
            ) from None
    finally:
        ray.shutdown()


def _connect(ray: Any, address: str) -> None:
    try:
        ray.init(address=address, log_to_driver=False, logging_level=logging.CRITICAL)
    except Exception as error:  # of many kinds, by what failed
        raise SettingError(
            f"No Ray cluster takes us at {address!r}: {_line(error)} "
            "Where it asks for a token, put that into RAY_AUTH_TOKEN."
        ) from None


def _begin(ray: Any, actors: int) -> None:
    """Start Ray here, more than once where its parts do not meet in the time that it gives."""
    for left in reversed(range(_STARTS)):
        try:
            ray.init(
                address="local",
                log_to_driver=False,
                logging_level=logging.CRITICAL,
                num_cpus=actors * threads_per_job(actors) + 1,
                include_dashboard=False,
                object_store_memory=_OBJECT_STORE,
            )
            return
        except Exception as error:  # Ray has no kind of its own for it
            if not left or "timed out during startup" not in str(error):
                raise EngineError(f"Ray does not start on this machine: {_line(error)}") from None
            ray.shutdown()


def _same_version(ray: Any, address: str) -> None:
    try:
        there = ray.get(ray.remote(num_cpus=0)(_version).remote())
    except ray.exceptions.RayTaskError as error:
        raise SettingError(
            f"The cluster at {address!r} cannot run unmask: {_line(error)} Install it there."
        ) from None
    if there != __version__:
        raise SettingError(
            f"The cluster at {address!r} has unmask {there}, and this is {__version__}. "
            "Install the same version."
        )


def _version() -> str:
    return __version__


def _line(error: Exception) -> str:
    """The last line of an error, which says what happened; ends in a full stop."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[-1] if lines else type(error).__name__).rstrip(".") + "."
