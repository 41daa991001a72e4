"""What a command does on a cluster, for a process of its own to do."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest import mock

import ray_work

from unmask.batch import Record
from unmask.cli import main
from unmask.engines import ray as on_ray
from unmask.settings import Settings


def scan(names: list[Path], settings: Settings, address: str) -> list[Record]:
    """The records of a scan."""
    rows: list[Record] = []
    on_ray.run_on_ray(names, settings, 1, rows.append, address=address)
    return rows


def made_up(
    names: list[Path], address: str, actors: int = 1, retries: int = 3, version: str = ""
) -> list[Record]:
    """The records of a scan in which names say what happens to their files."""
    rows: list[Record] = []
    settings = Settings(timeout=60, threads=1)
    change = {"_RETRIES": retries} | ({"__version__": version} if version else {})
    with mock.patch.multiple(on_ray, **change):
        on_ray.run_on_ray(
            names, settings, actors, rows.append, address=address, work=ray_work.by_name
        )
    return rows


def command(*words: str) -> int:
    """The exit code of a command line."""
    sys.argv = list(words)
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0
