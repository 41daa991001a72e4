"""Files that unmask keeps for its user, encrypted at rest when there is a passphrase.

A vault file begins with a header: magic, version, the cost of the key derivation, a salt, and a
sealed empty message that tells a wrong passphrase from damage. Keys come from scrypt (Percival and
Josefsson 2016, RFC 7914); messages are sealed with AES-256-GCM (NIST SP 800-38D) under random
96-bit nonces, with the header and the place of the message as associated data, so that nothing can
be altered or moved unseen. Without a passphrase the same functions read and write plain files.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Self

from unmask.errors import OutputError, StoreError

VARIABLE = "UNMASK_PASSPHRASE"
"""The environment variable that holds the passphrase."""
MAGIC = b"UNMASK\x00V"
_VERSION = 1
_LOG_COST, _BLOCK, _LANES = 17, 8, 1  # 128 MiB: the first choice of OWASP's cheat sheet of 2023
_MOST_LOG_COST, _MOST_BLOCK, _MOST_LANES = 20, 8, 4
_SALT, _NONCE, _TAG = 16, 12, 16
_FIXED = len(MAGIC) + 4 + _SALT
HEADER = _FIXED + _NONCE + _TAG
"""Bytes before the first message."""
OVERHEAD = _NONCE + _TAG
"""Bytes that sealing adds to a message."""
_LARGEST = (1 << 31) - 1
_WHOLE = b"whole file"


def passphrase() -> str | None:
    """The passphrase of this process, from the environment; None if there is none."""
    return os.environ.get(VARIABLE) or None


@dataclass(frozen=True)
class Lock:
    """A key and the header that it was made with."""

    header: bytes
    _key: bytes

    @classmethod
    def make(cls, words: str) -> Self:
        """A new lock for a passphrase, with a salt of its own."""
        fixed = MAGIC + bytes((_VERSION, _LOG_COST, _BLOCK, _LANES)) + os.urandom(_SALT)
        key = _derived(words, fixed)
        return cls(fixed + _sealed(key, b"", fixed), key)

    @classmethod
    def open(cls, header: bytes, words: str | None, name: str) -> Self:
        """The lock of an existing file. ``name`` is the file's, for messages.

        Raises StoreError when there is no passphrase, it is wrong, or the header is damaged.
        """
        fixed, check = header[:_FIXED], header[_FIXED:HEADER]
        if not header.startswith(MAGIC) or len(header) < HEADER:
            raise StoreError(f"{name} is cut off in its header. Restore it from a copy.")
        version, log_cost, block, lanes = fixed[len(MAGIC) : len(MAGIC) + 4]
        if version != _VERSION:
            raise StoreError(
                f"{name} has version {version} of the encrypted form; this unmask reads "
                f"{_VERSION}. Update unmask, or restore the file from a copy."
            )
        costly = log_cost > _MOST_LOG_COST or block > _MOST_BLOCK or lanes > _MOST_LANES
        if costly or not (log_cost and block and lanes):
            raise StoreError(f"{name} is damaged in its header. Restore it from a copy.")
        if not words:
            raise StoreError(f"{name} is encrypted. Set {VARIABLE} to its passphrase.")
        key = _derived(words, fixed)
        if _opened(key, check, fixed) is None:
            raise StoreError(
                f"The passphrase does not open {name}. Set {VARIABLE} to the one it was made with "
                "(if that is right, the file's header is damaged)."
            )
        return cls(header[:HEADER], key)

    def seal(self, data: bytes, place: bytes) -> bytes:
        """``data`` encrypted and bound to this file and to its ``place`` in it."""
        return _sealed(self._key, data, self.header + place)

    def unseal(self, data: bytes, place: bytes) -> bytes | None:
        """What was sealed; None when the bytes, the file or the place are not the same."""
        return _opened(self._key, data, self.header + place)


def locked(path: Path) -> bool:
    """True if a file is there and encrypted. Raises StoreError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except FileNotFoundError:
        return False
    except OSError as error:
        raise _unreadable(path, error) from error


def read(path: Path, words: str | None = None) -> bytes:
    """The content of a file, decrypted where it is encrypted.

    Raises StoreError when it is missing, altered or cut off, or encrypted and ``words`` is None or
    wrong.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise _unreadable(path, error) from error
    if not data.startswith(MAGIC):
        return data
    lock = Lock.open(data[:HEADER], words, path.name)
    content = lock.unseal(data[HEADER:], _WHOLE)
    if content is None:
        raise StoreError(f"{path.name} was altered or cut off. Restore it from a copy.")
    return content


def write(path: Path, data: bytes, words: str | None = None) -> None:
    """Write a file as a whole: encrypted under ``words``, or plain when that is None.

    The file is readable by its owner alone. A crash leaves the old file or the new one, never a
    part. Raises OutputError when it cannot be written, and StoreError when it would replace an
    encrypted file by a plain one.
    """
    if words is None:
        if locked(path):
            raise StoreError(
                f"{path.name} is encrypted and would become readable. Set {VARIABLE}, or delete it."
            )
        replace(path, (data,))
        return
    if len(data) > _LARGEST - OVERHEAD:
        raise OutputError(f"{path.name} would have over 2 GB, too much for one encrypted file.")
    lock = Lock.make(words)
    replace(path, (lock.header, lock.seal(data, _WHOLE)))


def replace(path: Path, parts: Iterable[bytes]) -> None:
    """Put bytes at a path in one step, for the owner's eyes only. Raises OutputError."""
    target = path.resolve()
    temporary = ""
    try:
        descriptor, temporary = tempfile.mkstemp(prefix=f".{target.name}.", dir=target.parent)
        with os.fdopen(descriptor, "wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
        temporary = ""
        _keep_name(target.parent)
    except OSError as error:
        raise OutputError(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if temporary:
            with contextlib.suppress(OSError):
                Path(temporary).unlink()


def _keep_name(folder: Path) -> None:
    """Bring the folder's entry to the disk, where the system can."""
    if os.name != "posix":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _unreadable(path: Path, error: OSError) -> StoreError:
    if isinstance(error, FileNotFoundError):
        return StoreError(f"{path} does not exist. Check the path.")
    return StoreError(f"{path} cannot be read: {error.strerror or error}. Check the path.")


@lru_cache(maxsize=8)
def _derived(words: str, fixed: bytes) -> bytes:
    """The key of a passphrase; kept, because one scan opens the same file many times."""
    _, log_cost, block, lanes = fixed[len(MAGIC) : len(MAGIC) + 4]
    salt = fixed[-_SALT:]
    cost = 1 << log_cost
    memory = 128 * block * (cost + lanes + 2)
    secret = words.encode("utf-8", "surrogateescape")
    return hashlib.scrypt(
        secret, salt=salt, n=cost, r=block, p=lanes, maxmem=memory + (1 << 20), dklen=32
    )


def _sealed(key: bytes, data: bytes, bound: bytes) -> bytes:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = os.urandom(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, data, bound)


def _opened(key: bytes, data: bytes, bound: bytes) -> bytes | None:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    if len(data) < OVERHEAD:
        return None
    try:
        return AESGCM(key).decrypt(data[:_NONCE], data[_NONCE:], bound)
    except InvalidTag:
        return None
