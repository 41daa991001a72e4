"""The database of a service: SQLite in a file, or PostgreSQL by its URL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, func, inspect, literal_column
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.sql.elements import ColumnElement

from unmask.errors import StoreError

_READS = "unmask_reads"
_MIGRATIONS = Path(__file__).parent / "migrations"
_ADVISORY = 0x756E6D61


class Database:
    """Connections of one process. Transactions that write wait for each other, up to 30 s."""

    def __init__(self, url: str) -> None:
        self.engine = _open(url)
        self.sqlite = self.engine.dialect.name == "sqlite"

    @property
    def now(self) -> ColumnElement[float]:
        """The clock that all machines share, in seconds since 1970: that of the database."""
        if self.sqlite:
            return literal_column("((julianday('now') - 2440587.5) * 86400.0)")
        return literal_column("extract(epoch from clock_timestamp())::float8")

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads."""
        with _told(self.engine.url.render_as_string()), self.engine.connect() as connection:
            yield connection.execution_options(**{_READS: True})

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it, or nothing when it ends in an error."""
        with _told(self.engine.url.render_as_string()), self.engine.begin() as connection:
            yield connection

    def alone(self, connection: Connection) -> None:
        """Until this transaction ends, no other one is past this line."""
        if not self.sqlite:  # its writers are alone anyway
            connection.execute(func.pg_advisory_xact_lock(_ADVISORY).select())

    def migrate(self) -> None:
        """Bring the database to the newest form. Raises StoreError for a newer one than ours."""
        from alembic import command
        from alembic.util.exc import CommandError

        with self.writing() as connection:
            self.alone(connection)
            config = self._alembic(connection)
            try:
                command.upgrade(config, "head")
            except CommandError as error:
                raise StoreError(
                    f"The database was made by a newer unmask ({error}). Upgrade this one."
                ) from error

    def ready(self) -> bool:
        """True if the database answers and holds the tables."""
        try:
            with self.reading() as connection:
                return inspect(connection).has_table("job")
        except StoreError:
            return False

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @staticmethod
    def _alembic(connection: Connection) -> Any:
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
        config.attributes["connection"] = connection
        return config


def _open(url: str) -> Engine:
    try:
        made = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            f"{url!r} is no address of a database. Give sqlite:///FILE or postgresql://HOST/NAME."
        ) from error
    if made.get_backend_name() == "sqlite":
        return _sqlite(url)
    if made.get_backend_name() != "postgresql":
        raise StoreError(f"{made.get_backend_name()} is not supported: use SQLite or PostgreSQL.")
    made = made.set(drivername="postgresql+psycopg")
    return create_engine(made, pool_pre_ping=True, pool_size=10, max_overflow=30)


def _sqlite(url: str) -> Engine:
    file = make_url(url).database
    if not file or file == ":memory:":
        raise StoreError("A database in memory cannot be shared by processes. Name a file.")
    try:
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{Path(file).parent} cannot be made: {error.strerror}.") from error
    engine = create_engine(url, connect_args={"timeout": 30}, pool_size=10, max_overflow=30)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions are begun here, not by the driver
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begun(connection: Connection) -> None:
        reads = connection.get_execution_options().get(_READS)
        connection.exec_driver_sql("BEGIN" if reads else "BEGIN IMMEDIATE")

    return engine


@contextmanager
def _told(url: str) -> Iterator[None]:
    """Say in one line what a database that is away, full or read-only has to say."""
    try:
        yield
    except OperationalError as error:
        text = " ".join(str(error.orig).split())
        raise StoreError(f"The database {url} does not answer: {text}.") from error
    except DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise StoreError(f"The database {url} went away; try again.") from error
