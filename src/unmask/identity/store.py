"""Where profiles lie: a folder of the user, one file a person, encrypted with a passphrase."""

from __future__ import annotations

import os
import re
from pathlib import Path

from platformdirs import user_data_path

from unmask import vault
from unmask.errors import OutputError, SettingError, UnknownName
from unmask.identity.profile import Profile, decode, encode

SUFFIX = ".profile"
_NAME = re.compile(r"[\w][\w .-]{0,79}")


def folder() -> Path:
    """The folder of profiles: ``UNMASK_PROFILES``, or the system's place for data."""
    chosen = os.environ.get("UNMASK_PROFILES")
    return Path(chosen) if chosen else user_data_path("unmask", appauthor=False) / "profiles"


def names() -> tuple[str, ...]:
    """Names of the stored profiles."""
    return tuple(sorted(path.stem for path in folder().glob(f"*{SUFFIX}")))


def path_of(name: str) -> Path:
    """The file of a stored profile. Raises UnknownName."""
    if name not in names():
        raise UnknownName("profile", name, names() or ("none yet",))
    return folder() / f"{name}{SUFFIX}"


def new_path(name: str) -> Path:
    """The file that a new profile gets. Raises SettingError for a name that cannot be a file's."""
    if not _NAME.fullmatch(name) or name.endswith((" ", ".")):
        raise SettingError(
            f"{name!r} cannot name a profile. Take letters, digits, spaces, dots, - and _ (up to "
            "80), and begin with a letter or digit."
        )
    return folder() / f"{name}{SUFFIX}"


def load(path: Path) -> Profile:
    """Read a profile, decrypted with the passphrase of the environment. Raises StoreError."""
    return decode(vault.read(path, vault.passphrase()), path.name)


def save(profile: Profile, path: Path) -> None:
    """Write a profile, encrypted when there is a passphrase. Raises OutputError, StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"{path.parent} cannot be made: {error.strerror}.") from error
    vault.write(path, encode(profile), vault.passphrase())


def delete(name: str) -> None:
    """Remove a stored profile. Raises UnknownName, OutputError."""
    path = path_of(name)
    try:
        path.unlink()
    except OSError as error:
        raise OutputError(f"{path} cannot be deleted: {error.strerror}.") from error
