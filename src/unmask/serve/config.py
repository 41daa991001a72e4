"""What the operator of a service chooses."""

from __future__ import annotations

import contextlib
import importlib.util
import ipaddress
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from unmask.errors import MissingExtra, OutputError, SettingError

GIB = 1 << 30
_PACKAGES = ("alembic", "fastapi", "prometheus_client", "python_multipart", "sqlalchemy", "uvicorn")
_SECRET = "secret"


@dataclass(frozen=True, slots=True)
class Serving:
    """How a service runs. Sizes are in bytes, times in seconds.

    ``data``: uploads and results; machines that share jobs share it. ``database``: a URL, or ""
    for an SQLite file in ``data``. ``roots``: folders whose files may be named by path.
    ``open_``: nobody needs a key, for loopback alone. ``tries``: how often a file may kill the
    process that judges it. ``lease``: after how long without a sign of life a worker's jobs go to
    another one. ``memory``: address space of one judging process; 0: no limit.
    ``retain_days``: age at which a job is deleted with all that belongs to it; 0: never.
    ``webhooks``: hosts that results may be announced to; ``private_webhooks`` allows these hosts to
    lie in private networks. ``sign``: the key that results are signed with.
    ``patience``: how long a client may send nothing. ``https``: browsers reach it over TLS only.
    """

    data: Path
    database: str = ""
    host: str = "127.0.0.1"
    port: int = 8000
    open_: bool = True
    roots: tuple[Path, ...] = ()
    slots: int = 1
    tries: int = 3
    lease: float = 30.0
    timeout: float = 3600.0
    memory: int = 8 * GIB
    most_bytes: int = 4 * GIB
    most_files: int = 1000
    spare: int = GIB // 4
    retain_days: float = 0.0
    webhooks: tuple[str, ...] = ()
    private_webhooks: bool = False
    sign: str = ""
    patience: float = 30.0
    https: bool = False

    def __post_init__(self) -> None:
        if self.open_ and not loopback(self.host):
            raise SettingError(
                f"On {self.host} others can reach this service, so it needs keys. Make one with "
                "`unmask serve add-key NAME` and start with --keys, or bind to 127.0.0.1."
            )

    @property
    def url(self) -> str:
        """The URL of the database."""
        return self.database or f"sqlite:///{self.data / 'unmask.sqlite'}"

    def secret(self) -> bytes:
        """The secret of this service, made when first asked for; readable by its user alone.

        Raises OutputError when the folder cannot be written.
        """
        path = self.data / _SECRET
        fresh = self.data / f"{_SECRET}-{secrets.token_hex(8)}"
        try:
            if not path.exists():
                self.data.mkdir(parents=True, exist_ok=True)
                flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
                with os.fdopen(os.open(fresh, flags, 0o600), "wb") as file:
                    file.write(secrets.token_bytes(32))
                with contextlib.suppress(FileExistsError):  # another process was first
                    os.link(fresh, path)
                fresh.unlink()
            return path.read_bytes()
        except OSError as error:
            raise OutputError(
                f"{path} cannot be written: {error.strerror}. Name another folder with --data."
            ) from error


def default_data() -> Path:
    """Where a service keeps its data unless told otherwise."""
    return user_data_path("unmask", appauthor=False) / "serve"


def loopback(host: str) -> bool:
    """True if only this machine can reach a server that is bound to ``host``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def need_packages(database: str = "") -> None:
    """Raise MissingExtra, in one line, where the packages of a service are not installed."""
    if any(importlib.util.find_spec(name) is None for name in _PACKAGES):
        raise MissingExtra("unmask serve", "serve")
    if database.startswith("postgresql") and importlib.util.find_spec("psycopg") is None:
        raise MissingExtra("A PostgreSQL database", "postgres")
