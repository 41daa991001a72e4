"""Stores of both kinds, and the settings of a service over them."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from serve_helpers import Postgres, programs
from sqlalchemy import text

from unmask.serve.config import Serving
from unmask.serve.database import Database
from unmask.serve.tables import metadata

sys.path.insert(0, str(Path(__file__).parents[1]))  # the makers of media


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    pytest.importorskip("psycopg", reason="psycopg is not installed (extra 'postgres')")
    place = programs()
    if place is None:
        pytest.skip("there is no PostgreSQL server here (Debian: postgresql)")
    server = Postgres(place)
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty store of each kind."""
    if request.param == "sqlite":
        store = Database(f"sqlite:///{tmp_path / 'store.sqlite'}")
        store.migrate()
    else:
        store = Database(request.getfixturevalue("postgres").url)
        store.migrate()
        names = ", ".join(metadata.tables)
        with store.writing() as connection:
            connection.execute(text(f"TRUNCATE {names}"))
    yield store
    store.close()


@pytest.fixture
def serving(tmp_path: Path) -> Serving:
    root = tmp_path / "root"
    root.mkdir()
    return Serving(data=tmp_path / "data", roots=(root,), spare=0, patience=1.0)
